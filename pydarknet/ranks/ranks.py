"""What a process knows of others that do the same work; one that is alone knows of none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor


@dataclass(frozen=True)
class Ranks:
    """A process that is alone: what all together know is what it knows itself.

    `rank` counts from 0, `size` is the number of processes, and `near` that of this machine's.
    All processes of a run call the same methods in the same order. Raises LostProcess if one of
    them is gone.
    """

    rank: int = 0
    size: int = 1
    near: int = 1

    @property
    def first(self) -> bool:
        """Whether this process is the one that prints and writes."""
        return self.rank == 0

    @property
    def alone(self) -> bool:
        """Whether there is no other process."""
        return self.size == 1

    def add(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor by the sum of those of all processes."""

    def copy(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor by that of the first process."""

    def stack(self, tensor: Tensor) -> Tensor:
        """Return the tensors of all processes, [size, ...]; they have the same shape."""
        return tensor[None]

    def gather_bytes(self, content: bytes) -> list[bytes]:
        """Return what each process has."""
        return [content]

    def gather(self, value: Any) -> list[Any]:
        """Return the JSON value of each process."""
        return [value]

    def bytes_of_first(self, content: bytes) -> bytes:
        """Return what the first process has."""
        return content

    def any(self, flag: bool) -> bool:
        """Return whether the flag of any process is set."""
        return flag


ALONE = Ranks()
