"""The company in which a process trains: itself, or the others that torchrun started."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stderr, redirect_stdout

import torch

from ..errors import UsageError
from .place import Place
from .processes import join
from .ranks import ALONE, Ranks


@contextmanager
def company(place: Place | None, device: torch.device) -> Iterator[Ranks]:
    """Return the processes that work together in the block; all but the first print nothing.

    What is raised there goes on to whoever prints it. Raises LostProcess if they do not meet.
    """
    if place is None:
        yield ALONE
        return
    with join(place, device) as ranks, nullcontext() if ranks.first else silence():
        yield ranks


@contextmanager
def silence() -> Iterator[None]:
    """Let what the block prints go nowhere."""
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        yield


def device_of(place: Place | None) -> str | None:
    """Return the GPU of a process, one for each on a machine; None where there is no CUDA.

    Raises UsageError if there are fewer GPUs than processes.
    """
    if place is None or not torch.cuda.is_available():
        return None
    there = torch.cuda.device_count()
    if place.local >= there:
        raise UsageError(
            f"process {place.local} of this machine has no GPU: expected --nproc_per_node={there}"
            " at most, or -nogpu"
        )
    return f"cuda:{place.local}"
