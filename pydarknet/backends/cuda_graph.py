"""A network recorded as a CUDA graph, and replayed as a whole.

Launching a hundred kernels takes the CPU longer than a small network takes the GPU.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..graph.executor import Executor, Head
from .recorder import Run

WARM_UPS = 3  # runs in which cuDNN finds its fastest algorithms before the recording


@dataclass(frozen=True, eq=False)
class Graph:
    """A recorded network: where it reads images, and where its heads are after a replay."""

    images: Tensor
    heads: list[Head]
    replay: Callable[[], None]
    running: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, images: Tensor) -> list[Head]:
        """Return the heads for other images, copied before another thread's replay."""
        with self.running:
            self.images.copy_(images)
            self.replay()
            return [head.clone() for head in self.heads]


def cuda_graph(network: Executor, images: Tensor) -> Run:
    """Record a network on a GPU for images of a size."""
    place, record = images.clone(), torch.cuda.CUDAGraph()
    with torch.cuda.device(images.device), fastest_algorithms():
        aside, stream = torch.cuda.Stream(), torch.cuda.current_stream()
        aside.wait_stream(stream)
        with torch.cuda.stream(aside):
            for _ in range(WARM_UPS):
                network.heads(place)
        stream.wait_stream(aside)
        # other threads may copy images meanwhile: that is allowed and not recorded
        with torch.cuda.graph(record, capture_error_mode="thread_local"):
            heads = network.heads(place)
    return Graph(place, heads, record.replay)


@contextmanager
def fastest_algorithms() -> Iterator[None]:
    """Let cuDNN try its algorithms and use the fastest."""
    cudnn = torch.backends.cudnn
    before, cudnn.benchmark = cudnn.benchmark, True
    try:
        yield
    finally:
        cudnn.benchmark = before
