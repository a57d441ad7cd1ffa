"""A block in which every image is computed alike."""

from __future__ import annotations

from contextvars import copy_context

from pydarknet.system.alike import compute_alike, is_alike


def test_a_block_computes_alike_if_it_shall():
    with compute_alike():
        assert is_alike()
        with compute_alike(False):
            assert not is_alike()
        assert copy_context().run(is_alike), "so threads that a block starts know it"

    assert not is_alike()
