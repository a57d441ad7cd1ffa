"""A network recorded once per size of images, then run as a whole by what was recorded."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

import torch
from torch import Tensor

from ..graph.executor import Executor, Head
from ..system.console import note

Run = Callable[[Tensor], list[Head]]
Record = Callable[[Executor, Tensor], Run]  # records a network for images of this size


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
