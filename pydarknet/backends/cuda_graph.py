"""A network's work recorded once for images of a size, and then done as one.

On a GPU by CUDA's graphs: starting a hundred kernels takes a processor longer than a small network
takes a GPU.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from ..graph.executor import Executor, Head
from ..system.console import note

Run = Callable[[Tensor], list[Head]]
Record = Callable[[Executor, Tensor], Run]  # of a network's work on images such as these
TRIES = 3  # that cuDNN gets to find its fastest ways before it is recorded


class Recorder:
    """Runs a network, from the second time on images of a size by its record.

    Where `who` records cannot do it, that is told once, and it goes on without.
    """

    def __init__(self, who: str, record: Record) -> None:
        self.who, self.record = who, record
        self.seen: Counter[torch.Size] = Counter()
        self.records: dict[torch.Size, Run] = {}
        self.works = True

    def __call__(self, network: Executor, images: Tensor) -> list[Head]:
        self.seen[images.shape] += 1
        if not self.works or torch.is_grad_enabled() or self.seen[images.shape] == 1:
            return network.heads(images)
        if images.shape not in self.records:
            try:
                self.records[images.shape] = self.record(network, images)
            except RuntimeError as error:
                self.works = False
                reason = next(iter(str(error).splitlines()), type(error).__name__)
                note(f"{self.who} cannot run this network, it goes on without: {reason}")
                return network.heads(images)
        return self.records[images.shape](images)


@dataclass(frozen=True, eq=False)
class Graph:
    """What a network does with the images that lie in one place, and where its heads then lie."""

    images: Tensor
    heads: list[Head]
    replay: Callable[[], None]

    def __call__(self, images: Tensor) -> list[Head]:
        """Return the heads for other images, copied from where the next replay will write."""
        self.images.copy_(images)
        self.replay()
        return [head.cloned() for head in self.heads]


def graph(network: Executor, images: Tensor) -> Run:
    """Record what a network does on a GPU with images of a size."""
    place, record = images.clone(), torch.cuda.CUDAGraph()
    with torch.cuda.device(images.device), fastest_ways():
        aside, stream = torch.cuda.Stream(), torch.cuda.current_stream()
        aside.wait_stream(stream)
        with torch.cuda.stream(aside):
            for _ in range(TRIES):
                network.heads(place)
        stream.wait_stream(aside)
        # other threads may copy images meanwhile: what they do is not recorded, and allowed
        with torch.cuda.graph(record, capture_error_mode="thread_local"):
            heads = network.heads(place)
    return Graph(place, heads, record.replay)


@contextmanager
def fastest_ways() -> Iterator[None]:
    """Let cuDNN try which of its ways is fastest, and use that."""
    cudnn = torch.backends.cudnn
    before, cudnn.benchmark = cudnn.benchmark, True
    try:
        yield
    finally:
        cudnn.benchmark = before
