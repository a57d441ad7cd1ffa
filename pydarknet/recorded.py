"""A network's work on a GPU, recorded once for images of a size and then started as one.

Starting a hundred kernels takes a processor longer than a small network takes a GPU.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .console import note

if TYPE_CHECKING:
    from .network import Head

Run = Callable[[Tensor], "list[Head]"]
TRIES = 3  # that cuDNN gets to find its fastest ways before it is recorded


class Recorder:
    """Runs a network, from the second time on images of a size by its record.

    Where CUDA cannot record it, that is told once, and it goes on without.
    """

    def __init__(self) -> None:
        self.seen: Counter[torch.Size] = Counter()
        self.records: dict[torch.Size, Record] = {}
        self.works = True

    def __call__(self, run: Run, images: Tensor) -> list[Head]:
        self.seen[images.shape] += 1
        if not self.works or torch.is_grad_enabled() or self.seen[images.shape] == 1:
            return run(images)
        if images.shape not in self.records:
            try:
                self.records[images.shape] = recorded(run, images)
            except RuntimeError as error:
                self.works = False
                note(f"CUDA cannot record this network, it runs without: {first_line(error)}")
                return run(images)
        return self.records[images.shape].replayed(images)


@dataclass(frozen=True, eq=False)
class Record:
    """What a network does with the images that lie in one place, and where its heads then lie."""

    images: Tensor
    heads: list[Head]
    replay: Callable[[], None]

    def replayed(self, images: Tensor) -> list[Head]:
        """Return the heads for other images, copied from where the next replay will write."""
        self.images.copy_(images)
        self.replay()
        return [head.cloned() for head in self.heads]


def recorded(run: Run, images: Tensor) -> Record:
    """Record what a network does with images of a size."""
    place, aside = images.clone(), torch.cuda.Stream(images.device)
    aside.wait_stream(torch.cuda.current_stream(images.device))
    with torch.cuda.stream(aside), torch.backends.cudnn.flags(benchmark=True):
        for _ in range(TRIES):
            run(place)
    torch.cuda.current_stream(images.device).wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    # other threads may copy images meanwhile: what they do is not recorded, and allowed
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):
        heads = run(place)
    return Record(place, heads, graph.replay)


def first_line(error: Exception) -> str:
    """Return the first line of an error."""
    return next(iter(str(error).splitlines()), type(error).__name__)
