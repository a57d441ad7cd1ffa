"""A forked process computes with one thread, since with more it would wait for ever."""

from __future__ import annotations

import os
import warnings

import pytest
import torch

from pydarknet.backends.forks import use_one_thread_after_fork


@pytest.fixture
def two_threads():
    """Let torch use two threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.usefixtures("two_threads")
def test_a_forked_process_uses_one_thread() -> None:
    use_one_thread_after_fork()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python 3.12 warns of a fork among threads
        child = os.fork()
    if not child:
        os._exit(torch.get_num_threads())

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    assert torch.get_num_threads() == 2
