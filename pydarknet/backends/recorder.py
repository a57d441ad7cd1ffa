"""A network recorded once per size of images, then run as a whole by what was recorded."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

import torch
from torch import Tensor

from ..graph.executor import Executor
from ..graph.head import Head
from ..system.console import note

MOST = 8  # recordings that are kept: of the sizes that came last
Run = Callable[[Tensor], list[Head]]
Record = Callable[[Executor, Tensor], Run]  # records a network for images of this size


class Recorder:
    """Runs a network; from the second batch of a size on, by its recording.

    Images of a size for which `record` raises RuntimeError run without. That is told by the text
    `problem`, in which {size} is theirs, and the reason: a text once.
    """

    def __init__(self, record: Record, problem: str) -> None:
        self.record, self.problem = record, problem
        self.seen: Counter[torch.Size] = Counter()
        self.records: dict[torch.Size, Run] = {}  # that of the latest use last
        self.refused: set[torch.Size] = set()
        self.told: set[str] = set()
        self.recording, self.choosing = threading.Lock(), threading.Lock()

    def __call__(self, network: Executor, images: Tensor) -> list[Head]:
        if torch.is_grad_enabled() or images.shape in self.refused:
            return network.heads(images)
        self.seen[images.shape] += 1
        if self.seen[images.shape] == 1:
            return network.heads(images)
        run = self.run_of(images.shape) or self.new_record(network, images)
        return run(images)

    def run_of(self, size: torch.Size) -> Run | None:
        """Return the recording for images of a size, if there is one."""
        with self.choosing:
            run = self.records.pop(size, None)
            if run is not None:
                self.records[size] = run
            return run

    def new_record(self, network: Executor, images: Tensor) -> Run:
        """Return the recording for images of a size; one thread makes it, the others wait."""
        with self.recording:
            run = self.run_of(images.shape)
            if run is None and images.shape not in self.refused:
                run = self.make_record(network, images)
            return run or network.heads

    def make_record(self, network: Executor, images: Tensor) -> Run | None:
        """Record the network for images of a size, or tell why that is impossible."""
        try:
            run = self.record(network, images)
        except RuntimeError as error:
            self.refused.add(images.shape)
            self.tell(images, next(iter(str(error).splitlines()), type(error).__name__))
            return None
        with self.choosing:
            self.records[images.shape] = run
            for size in list(self.records)[:-MOST]:
                del self.records[size]
        return run

    def tell(self, images: Tensor, reason: str) -> None:
        """Tell why images of a size run without a recording, unless that was told."""
        size = " x ".join(map(str, images.shape))
        text = f"{self.problem.format(size=size)}: {reason}"
        if text not in self.told:
            self.told.add(text)
            note(text)
