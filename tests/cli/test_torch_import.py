"""The import of torch, where a command must have it."""

from __future__ import annotations

import gc
import os
import sys

import pytest

import pydarknet.load  # noqa: F401  # as the first of these commands did
from pydarknet.cli import torch_import
from pydarknet.cli.torch_import import import_networks, memory_for
from pydarknet.errors import OutOfMemory


def test_it_is_imported_once_and_the_collector_works_again(monkeypatch):
    before = gc.isenabled()

    import_networks()
    assert "pydarknet.load" in sys.modules
    assert gc.isenabled() == before

    monkeypatch.delitem(sys.modules, "torch")  # as if nothing had imported it
    monkeypatch.setattr(gc, "freeze", lambda: None)
    import_networks()
    assert gc.isenabled()


def test_where_torch_never_starts_that_is_said_before(monkeypatch):
    monkeypatch.delitem(sys.modules, "torch")
    monkeypatch.setattr(torch_import, "address_space", lambda: 600 << 20)  # as ulimit -v says

    with pytest.raises(OutOfMemory, match="out of memory: nothing more fits into") as caught:
        import_networks()

    assert "torch alone needs about a gigabyte" in str(caught.value)


def test_memory_is_taken_ahead_for_weights_and_their_images(tmp_path, monkeypatch):
    weights = tmp_path / "net.weights"
    weights.write_bytes(bytes(1 << 20))
    monkeypatch.setattr(torch_import, "usable_memory", lambda: 1 << 40)
    monkeypatch.setattr(torch_import, "free_memory", lambda: 1 << 40)
    monkeypatch.setattr(torch_import, "address_space", lambda: 1 << 40)

    assert memory_for(weights) == (1 << 26) + 12 * (1 << 20)
    assert memory_for(tmp_path / "none.weights") == 1 << 26
    os.truncate(weights, 1 << 30)
    assert memory_for(weights) == 1 << 29
    monkeypatch.setattr(torch_import, "usable_memory", lambda: 1 << 30)
    assert memory_for(weights) == 1 << 27
    monkeypatch.setattr(torch_import, "free_memory", lambda: 1 << 29)
    assert memory_for(weights) == 1 << 26
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")  # others share the machine
    assert memory_for(weights) == 0
    monkeypatch.delenv("LOCAL_WORLD_SIZE")
    monkeypatch.setattr(torch_import, "address_space", lambda: 1 << 30)  # as ulimit -v says
    assert memory_for(weights) == 0


@pytest.mark.parametrize(("gpu", "asked"), [(False, [1 << 26]), (True, [])])
def test_none_is_taken_where_a_gpu_may_compute(tmp_path, monkeypatch, gpu, asked):
    taken = []
    monkeypatch.delitem(sys.modules, "torch")
    monkeypatch.setattr(gc, "freeze", lambda: None)
    monkeypatch.setattr(torch_import, "gpu_may_be_there", lambda: gpu)
    monkeypatch.setattr(torch_import, "take_memory", taken.append)
    monkeypatch.setattr(torch_import, "memory_for", lambda weights: 1 << 26)

    import_networks()
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    import_networks(tmp_path / "none.weights")

    assert taken == asked
