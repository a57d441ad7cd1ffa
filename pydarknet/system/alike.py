"""Whether every image is computed alike, whoever computes it and however many came before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

ALIKE: ContextVar[bool] = ContextVar("alike", default=False)


def is_alike() -> bool:
    """Return whether images are computed alike here: in no way that was chosen by measurement."""
    return ALIKE.get()


@contextmanager
def compute_alike(alike: bool = True) -> Iterator[None]:
    """Compute every image alike inside the block, if it shall be so.

    Otherwise a CPU takes what it measured to be fastest, and a fused graph after many batches,
    which differ in the last digits: so would several processes.
    """
    before = ALIKE.set(alike)
    try:
        yield
    finally:
        ALIKE.reset(before)
