"""Processes that are forked from one that has computed, as servers fork their workers."""

from __future__ import annotations

import os
from functools import cache

import torch


@cache
def use_one_thread_after_fork() -> None:
    """Let every process that is forked from this one compute with one thread.

    OpenMP's threads are not forked, and a child that waited for them would wait for ever. torch's
    own loaders do the same.
    """
    if hasattr(os, "register_at_fork"):  # not on Windows
        os.register_at_fork(after_in_child=lambda: torch.set_num_threads(1))
