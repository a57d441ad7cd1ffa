"""A network recorded once per size of images, then replayed as a whole.

On a GPU by CUDA graphs: launching a hundred kernels takes the CPU longer than a small network takes
the GPU.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..graph.executor import Executor, Head
from ..system.console import note

Run = Callable[[Tensor], list[Head]]
Record = Callable[[Executor, Tensor], Run]  # records a network for images of this size
WARM_UPS = 3  # runs in which cuDNN finds its fastest algorithms before the recording


class Recorder:
    """Runs a network; from the second batch of a size on, by its recording.

    If `program` cannot record the network, that is reported once, and the network runs without.
    """

    def __init__(self, program: str, record: Record) -> None:
        self.program, self.record = program, record
        self.seen: Counter[torch.Size] = Counter()
        self.records: dict[torch.Size, Run] = {}
        self.works = True
        self.recording = threading.Lock()

    def __call__(self, network: Executor, images: Tensor) -> list[Head]:
        self.seen[images.shape] += 1
        if torch.is_grad_enabled() or self.seen[images.shape] == 1:
            return network.heads(images)
        run = self.records.get(images.shape) or self.new_record(network, images)
        return run(images)

    def new_record(self, network: Executor, images: Tensor) -> Run:
        """Return the recording for images of a size; one thread makes it, the others wait."""
        with self.recording:
            if images.shape not in self.records and self.works:
                self.make_record(network, images)
            return self.records.get(images.shape, network.heads)

    def make_record(self, network: Executor, images: Tensor) -> None:
        """Record the network for images of a size, or note that it is impossible."""
        try:
            self.records[images.shape] = self.record(network, images)
        except RuntimeError as error:
            self.works = False
            reason = next(iter(str(error).splitlines()), type(error).__name__)
            note(f"{self.program} cannot run this network; continuing without it: {reason}")


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
