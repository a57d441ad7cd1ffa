"""When a network runs as a fused graph: where enough images of a size come to pay for making it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

import torch
from torch import Tensor

from ..graph.executor import Executor
from ..graph.head import Head
from .choices import choices
from .fused_graph import fused_graph
from .measurement import Watch
from .network_key import network_key
from .packed_conv import PackedConv, is_narrow
from .recorder import Run
from .ways import DIRECT

LATER = 32  # the batch of a size at which a graph is made,
LATEST = 64  # where many images are expected: lists of some hundred end sooner than it pays
MOST = 4  # graphs that are kept, each with a copy of the weights
KIND: Final = "form"  # of choices:
GRAPH: Final = "graph"  # with convolutions in the ways that were chosen,
DIRECT_GRAPH: Final = "direct graph"  # or all directly,
LAYERS: Final = "layers"  # or the layers one by one
GAIN: Final = 1.05  # times as fast as the first form another must be

Form = tuple[torch.Size, int]  # the size of a batch, and the number of threads that compute


class FusedGraphs:
    """Runs a network, as a fused graph where that is faster.

    That is measured once a machine on single images, if it `may_measure` at all; else, and for
    several at once of a network that was not measured, there is a graph.
    """

    def __init__(self, may_measure: bool = True) -> None:
        self.may_measure, self.many = may_measure, False  # whether many images are expected
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
        return self.seen[form] >= (LATEST if self.many else LATER)

    def make(self, network: Executor, images: Tensor, form: Form) -> None:
        """Make the graph for batches of a form, if it is faster, and forget the oldest."""
        if form in self.graphs:  # by another thread
            return
        run = self.best(network, images)
        kept = list(self.graphs.items())[-MOST + 1 :]
        self.graphs = {**dict(kept), form: run}

    def best(self, network: Executor, images: Tensor) -> Run | None:
        """Return the graph that is fastest on images of a size; None where the layers are."""
        narrow = ["bfloat16"] if is_narrow(network) else []
        key = network_key(network, images[:1], sorted(ways_of(network)) + narrow)
        known = choices().get(KIND, key) if self.may_measure else GRAPH
        if known is None and len(images) > 1:
            known = GRAPH  # to time it takes as long as it gains
        wanted = [known] if known in (GRAPH, DIRECT_GRAPH, LAYERS) else [GRAPH, DIRECT_GRAPH]
        graphs = self.graphs_of(network, images, wanted)
        if known in wanted or not graphs:
            return next(iter(graphs.values()), None)
        name = fastest({**graphs, LAYERS: network.heads}, images)
        if name is not None:
            choices().put(KIND, {key: name})
        return {**graphs, LAYERS: None}[name or next(iter(graphs))]

    def graphs_of(self, network: Executor, images: Tensor, wanted: list[str]) -> dict[str, Run]:
        """Return the graphs of these names that can be made, and differ."""
        made: dict[str, Run] = {}
        for name in wanted:
            direct = name == DIRECT_GRAPH
            if name == LAYERS or (direct and GRAPH in wanted and ways_of(network) <= {DIRECT}):
                continue
            with suppress(RuntimeError):  # torch's layers go on, which compute the same
                made[name] = fused_graph(network, images, direct=direct)
        return made


def ways_of(network: Executor) -> set[str]:
    """Return the ways that were chosen for convolutions of a network."""
    convolutions = (module for module in network.stack if isinstance(module, PackedConv))
    return {way for module in convolutions for way in module.ways.values()}


def fastest(runs: Mapping[str, Run], images: Tensor) -> str | None:
    """Return the first of several forms, unless another is faster by more than chance.

    None where other programs have the cores meanwhile.
    """
    watch, first = Watch(torch.get_num_threads()), next(iter(runs))
    least = watch.best_times({name: lambda run=run: run(images) for name, run in runs.items()})  # type: ignore[misc]
    best = min(least, key=least.__getitem__)
    if watch.disturbed:
        return None
    return best if least[first] > GAIN * least[best] else first
