"""When a network runs as a fused graph: where enough images of a size come to pay for making it."""

from __future__ import annotations

import threading
from collections import Counter

import torch
from torch import Tensor

from ..graph.executor import Executor, Head
from .fused_graph import fused_graph
from .recorder import Run

SOON, LATER = 2, 32  # the batch of a size at which a graph is made: if many are expected, and else
MOST = 4  # graphs that are kept, each with a copy of the weights

Form = tuple[torch.Size, int]  # the size of a batch, and the number of threads that compute


class FusedGraphs:
    """Runs a network of packed convolutions, as a fused graph where that is faster."""

    def __init__(self) -> None:
        self.many = False  # whether many images are expected
        self.seen: Counter[Form] = Counter()
        self.graphs: dict[Form, Run | None] = {}  # None where there is none, or it is no faster
        self.lock = threading.Lock()

    def __call__(self, network: Executor, images: Tensor) -> list[Head]:
        form = images.shape, torch.get_num_threads()
        if torch.is_grad_enabled():
            return network.heads(images)
        if form not in self.graphs and self.is_due(form):
            with self.lock:
                self.make(network, images, form)
        run = self.graphs.get(form) or network.heads
        return run(images)

    def is_due(self, form: Form) -> bool:
        """Count a batch, and return whether it is time to make the graph."""
        self.seen[form] += 1
        return self.seen[form] >= (SOON if self.many else LATER)

    def make(self, network: Executor, images: Tensor, form: Form) -> None:
        """Make the graph for batches of a form, if it is faster, and forget the oldest."""
        if form in self.graphs:  # by another thread
            return
        try:
            run: Run | None = fused_graph(network, images)
        except RuntimeError:  # torch's layers go on, which compute the same
            run = None
        kept = list(self.graphs.items())[-MOST + 1 :]
        self.graphs = {**dict(kept), form: run}
