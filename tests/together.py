"""Threads in the place of processes that work together: what they tell each other is exchanged."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import torch
from torch import Tensor

from pydarknet.errors import LostProcess
from pydarknet.ranks.ranks import Ranks

Result = TypeVar("Result")
PATIENCE = 60  # seconds, after which a thread that waits alone fails


@dataclass
class Table:
    """The table on which all threads lay something, and then see what all have laid there."""

    size: int
    laid: dict[int, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.barrier = threading.Barrier(self.size, timeout=PATIENCE)

    def exchange(self, rank: int, value: Any) -> list[Any]:
        """Lay a value on the table, and return those of all threads, by rank.

        Raises LostProcess if one of them is gone.
        """
        self.laid[rank] = value
        try:
            self.barrier.wait()
        except threading.BrokenBarrierError:
            raise LostProcess(f"process {rank} of {self.size} lost another one") from None
        all_of_them = [self.laid[other] for other in range(self.size)]
        with suppress(threading.BrokenBarrierError):  # of one that has ended since
            self.barrier.wait()
        return all_of_them


@dataclass(frozen=True)
class ThreadRanks(Ranks):
    """One of several threads."""

    table: Table = field(default_factory=lambda: Table(1))

    def add(self, tensors: Sequence[Tensor]) -> None:
        own = [tensor.detach().clone() for tensor in tensors]
        theirs = self.table.exchange(self.rank, own)
        with torch.no_grad():
            for tensor, *parts in zip(tensors, *theirs, strict=True):
                tensor.copy_(sum(parts[1:], parts[0]))

    def copy(self, tensors: Sequence[Tensor]) -> None:
        own = [tensor.detach().clone() for tensor in tensors]
        with torch.no_grad():
            for tensor, first in zip(tensors, self.table.exchange(self.rank, own)[0], strict=True):
                tensor.copy_(first)

    def stack(self, tensor: Tensor) -> Tensor:
        return torch.stack(self.table.exchange(self.rank, tensor.detach().clone()))

    def gather_bytes(self, content: bytes) -> list[bytes]:
        return self.table.exchange(self.rank, content)

    def gather(self, value: Any) -> list[Any]:
        return list(map(json.loads, self.table.exchange(self.rank, json.dumps(value))))

    def bytes_of_first(self, content: bytes) -> bytes:
        return self.table.exchange(self.rank, content)[0]

    def any(self, flag: bool) -> bool:
        return any(self.table.exchange(self.rank, flag))


def together(size: int, work: Callable[[Ranks], Result]) -> list[Result]:
    """Let so many threads do some work, and return their results by rank."""
    table = Table(size)

    def one(rank: int) -> Result:
        try:
            return work(ThreadRanks(rank, size, size, table))
        except BaseException:
            table.barrier.abort()
            raise

    with ThreadPoolExecutor(size) as threads:
        futures = [threads.submit(one, rank) for rank in range(size)]
    errors = [error for future in futures if (error := future.exception())]
    for error in sorted(errors, key=lambda one: isinstance(one, LostProcess)):
        raise error
    return [future.result() for future in futures]
