"""Processes that torch.distributed connects, on one machine or on several."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import torch
import torch.distributed as dist
from torch import Tensor

from ..errors import LostProcess
from .place import RESTARTS, Place
from .ranks import Ranks

BUCKET: Final = 1 << 25  # bytes of the tensors that are sent at once, about
HEAD: Final = 4096  # bytes that are sent at once of contents of unknown length
LENGTH: Final = struct.Struct("<Q")
MEETING: Final = timedelta(minutes=10)  # until all processes have started
PATIENCE: Final = timedelta(days=1)  # the others wait while the first evaluates and writes


@dataclass(frozen=True)
class Processes(Ranks):
    """One of several processes, all of whose methods wait for the others."""

    def add(self, tensors: Sequence[Tensor]) -> None:
        for some in buckets(tensors):
            flat = torch.cat([tensor.reshape(-1) for tensor in some])
            with self.contact():
                dist.all_reduce(flat)
            take_over(some, flat)

    def copy(self, tensors: Sequence[Tensor]) -> None:
        for some in buckets(tensors):
            flat = torch.cat([tensor.reshape(-1) for tensor in some])
            with self.contact():
                dist.broadcast(flat, 0)
            take_over(some, flat)

    def stack(self, tensor: Tensor) -> Tensor:
        own = tensor.contiguous()
        parts = [torch.empty_like(own) for _ in range(self.size)]
        with self.contact():
            dist.all_gather(parts, own)
        return torch.stack(parts)

    def gather_bytes(self, content: bytes) -> list[bytes]:
        head = torch.zeros(HEAD, dtype=torch.uint8)  # most contents fit in beside their length
        head[: LENGTH.size] = tensor_of(LENGTH.pack(len(content)))
        small = content[: HEAD - LENGTH.size]
        head[LENGTH.size : LENGTH.size + len(small)] = tensor_of(small)
        heads = [bytes_of(one) for one in self.stack(head)]
        lengths = [LENGTH.unpack_from(one)[0] for one in heads]
        if max(lengths) <= HEAD - LENGTH.size:
            return [one[LENGTH.size :][:length] for one, length in zip(heads, lengths, strict=True)]
        padded = torch.zeros(max(lengths), dtype=torch.uint8)
        padded[: len(content)] = tensor_of(content)
        parts = self.stack(padded)
        return [bytes_of(part[:length]) for part, length in zip(parts, lengths, strict=True)]

    def gather(self, value: Any) -> list[Any]:
        return [json.loads(part) for part in self.gather_bytes(json.dumps(value).encode())]

    def bytes_of_first(self, content: bytes) -> bytes:
        length = torch.tensor([len(content)])
        self.copy([length])
        held = tensor_of(content) if self.first else torch.empty(int(length), dtype=torch.uint8)
        self.copy([held])
        return bytes_of(held)

    def any(self, flag: bool) -> bool:
        number = torch.tensor([int(flag)])
        self.add([number])
        return bool(number)

    @contextmanager
    def contact(self) -> Iterator[None]:
        """Turn the error of a lost connection into one line."""
        try:
            yield
        except RuntimeError as error:
            reason = str(error).splitlines()[0]
            raise LostProcess(
                f"process {self.rank} of {self.size} lost another one: {reason}",
                hint="that one says why it ended; the same command goes on from the last state",
            ) from None


def buckets(tensors: Sequence[Tensor]) -> Iterator[list[Tensor]]:
    """Yield tensors in lists of one kind and place, of about `BUCKET` bytes."""
    kinds: dict[tuple[torch.dtype, torch.device], list[Tensor]] = {}
    for tensor in tensors:
        kinds.setdefault((tensor.dtype, tensor.device), []).append(tensor)
    for some in kinds.values():
        bucket: list[Tensor] = []
        for tensor in some:
            bucket.append(tensor)
            if sum(one.numel() * one.element_size() for one in bucket) >= BUCKET:
                yield bucket
                bucket = []
        if bucket:
            yield bucket


def take_over(tensors: Sequence[Tensor], flat: Tensor) -> None:
    """Copy the parts of a flat tensor to tensors."""
    with torch.no_grad():
        parts = flat.split([tensor.numel() for tensor in tensors])
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_(part.view(tensor.shape))


def tensor_of(content: bytes) -> Tensor:
    """Return bytes as a tensor, uint8 [n]."""
    return (
        torch.frombuffer(bytearray(content), dtype=torch.uint8)
        if content
        else torch.empty(0, dtype=torch.uint8)
    )


def bytes_of(tensor: Tensor) -> bytes:
    """Return the bytes of a tensor, uint8 [n]."""
    return bytes(tensor.numpy().tobytes())


@contextmanager
def join(place: Place, device: torch.device) -> Iterator[Ranks]:
    """Connect this process with the others of its run, for as long as the block lasts.

    Tensors on the CPU go by gloo, those on GPUs by NCCL. Raises LostProcess if they cannot meet.
    """
    backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
    if device.type == "cuda":
        torch.cuda.set_device(device)
    try:
        own = dist.rendezvous(place.method, place.rank, place.size, timeout=MEETING)
        store, rank, size = next(own)
        again = os.environ.get(RESTARTS, "0")  # torchrun's store has addresses of the dead
        store = dist.PrefixStore(f"pydarknet/{again}", store)
        options = {"store": store, "rank": rank, "world_size": size, "timeout": PATIENCE}
        dist.init_process_group(backend, **options)
    except (RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        where = f"{place.address}:{place.port}"
        raise LostProcess(
            f"process {place.rank} of {place.size} meets no other at {where}: {reason}"
        ) from None
    try:
        yield Processes(place.rank, place.size, place.near)
    finally:
        dist.destroy_process_group()
