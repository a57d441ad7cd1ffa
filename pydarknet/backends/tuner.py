"""The fastest way of each convolution on this machine, by measurement, kept on disk.

A network of a size is measured once a machine: each convolution in all its ways on the maps that it
gets, then the whole network beside the one whose convolutions are all direct.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict

import torch
from torch import Tensor

from ..graph.executor import Executor
from ..graph.head import Head
from ..system.alike import is_alike
from .choices import choices
from .graph_runner import FusedGraphs
from .measurement import Watch, are_near, way_times
from .packed_conv import as_maps, is_narrow
from .verdicts import (
    CONVOLUTION,
    GAIN,
    NETWORK,
    Tasks,
    Times,
    Verdict,
    direct_of,
    doubts_before,
    fastest,
    known_times,
    known_ways,
    network_key,
    task_key,
    tasks_of,
    verdict_told,
)
from .ways import DIRECT, Task

PAYS = 64  # images of a list that come before measuring: a shorter one takes less time than that
ENOUGH = 2  # images of a batch to measure: more of them would say the same, and take longer
AGAIN = 3  # times that a whole network is measured anew where its convolutions promise more
PART = 0.02  # of the seconds of all convolutions, below which other ways are not tried
PATIENCE = 0.2  # seconds after which a measurement that is disturbed ends
NEAR = 1e-3  # how far its heads may move, as a part of the largest value


class Tuner:
    """Runs a network of packed convolutions, and chooses their ways for each size of images.

    Ways that are known on this machine are used at once, if it `may_measure` at all. Others are
    measured at the second image of a size; if there are `many`, at the first of all; in batches of
    several, as lists come in, when they pay for it, or `at_once`. The first batch of another number
    of images, such as the last one of a list, takes the ways that were chosen for those before.
    Then the network may run as a fused graph.
    """

    def __init__(self, may_measure: bool, at_once: bool = False) -> None:
        self.may_measure, self.at_once = may_measure, at_once
        self.many, self.graphs = False, FusedGraphs(may_measure)
        self.seen: Counter[torch.Size] = Counter()
        self.settled: dict[torch.Size, Verdict | None] = {}
        self.lock = threading.Lock()

    def __call__(self, network: Executor, images: Tensor) -> list[Head]:
        if is_alike() or not len(images):
            return network.heads(images)
        if images.shape not in self.settled:
            with self.lock:
                self.settle(network, network.checked_images(images))
        settled, self.graphs.many = images.shape in self.settled, self.many
        return self.graphs(network, images) if settled else network.heads(images)

    def settle(self, network: Executor, images: Tensor) -> None:
        """Choose ways for images of a size, if they are known or shall be measured now."""
        size = images.shape
        self.seen[size] += 1
        if size in self.settled:  # by another thread
            return
        if not self.may_measure:
            self.settled[size] = None
            return
        if self.seen[size] == 1 and any(one[1:] == size[1:] for one in self.settled):
            return
        some = images[:ENOUGH]
        tasks = list(tasks_of(network, len(some)))
        known = known_ways(tasks)
        if known is not None:
            verdict, ways = known
            use(tasks, ways)
            self.settled[size] = verdict
        elif self.is_due(size):
            self.settled[size] = measure(network, some, tasks)

    def is_due(self, size: torch.Size) -> bool:
        """Return whether it is time to measure ways for batches of a size."""
        if size[0] > 1 and not self.at_once:
            return self.seen[size] * size[0] >= PAYS
        return self.seen[size] > 1 or (self.many and not self.settled)


def use(tasks: Tasks, ways: list[str]) -> None:
    """Let convolutions compute maps of their size in these ways from now on."""
    for (_, module, task), way in zip(tasks, ways, strict=True):
        module.choose(task.size, way)


def measure(network: Executor, images: Tensor, tasks: Tasks) -> Verdict:
    """Choose the ways of a network's convolutions by measurement, and keep them."""
    start, watch, all_direct = time.perf_counter(), Watch(torch.get_num_threads()), direct_of(tasks)
    times = measure_tasks(watch, tasks)
    ways = all_direct if watch.disturbed else [fastest(times[task_key(t)]) for _, _, t in tasks]
    direct = heads_in(network, images, tasks, all_direct)
    found = heads_in(network, images, tasks, ways)
    same = are_near(found, direct, NEAR, narrow=is_narrow(network))
    gain, doubted = 0.0, False
    if same:
        gain, doubted = gain_of(watch, network, images, tasks, ways, savings(times))
    used, taken = gain >= GAIN and not watch.disturbed, time.perf_counter() - start
    doubts = doubts_before(tasks) + 1 if doubted else 0
    gain, taken = round(gain, 3), round(taken, 3)
    verdict = Verdict(gain, used, taken, watch.disturbed, doubts)
    use(tasks, ways if verdict.used else all_direct)
    for _, module, _ in tasks:
        module.forget_made()
    finite = all(bool(values.isfinite().all()) for values in direct)  # of others nothing is told
    if finite and not watch.disturbed:
        choices().put(CONVOLUTION, times)
        choices().put(NETWORK, {network_key(tasks): asdict(verdict)})
    return verdict


def measure_tasks(watch: Watch, tasks: Tasks) -> dict[str, Times]:
    """Return the seconds of each way of each distinct convolution, by its key.

    Of those that take a small part of all seconds, only the direct one is timed. It ends where
    other programs have the cores.
    """
    distinct = {task_key(task): (module, task) for _, module, task in tasks}
    counts = Counter(task_key(task) for _, _, task in tasks)
    times: dict[str, Times] = {}
    for key, (module, task) in distinct.items():
        module.choose(task.size, DIRECT)
        x, direct = maps_of(task), module.convolution(task.size)
        direct(x)
        times[key] = {DIRECT: watch.seconds_of(lambda x=x, direct=direct: direct(x))}  # type: ignore[misc]
    least = PART * sum(counts[key] * one[DIRECT] for key, one in times.items())
    for key, (module, task) in distinct.items():
        if watch.disturbed and watch.wall > PATIENCE:
            break
        if counts[key] * times[key][DIRECT] >= least:
            times[key] = way_times(watch, task, maps_of(task), module.convolution(task.size))
    return times


def maps_of(task: Task) -> Tensor:
    """Return random maps for a convolution, with channels last."""
    return as_maps(torch.randn(task.size), task.dtype)


def heads_in(network: Executor, images: Tensor, tasks: Tasks, ways: list[str]) -> list[Tensor]:
    """Return what goes into each head of a network in these ways, and what comes out."""
    use(tasks, ways)
    heads = network.heads(images)
    return [values.clone() for head in heads for values in head.tensors]


def savings(times: dict[str, Times]) -> float:
    """Return the seconds that the fastest ways of all convolutions save, a distinct one once."""
    return sum(one[DIRECT] - min(one.values()) for one in times.values())


def gain_of(
    watch: Watch,
    network: Executor,
    images: Tensor,
    tasks: Tasks,
    ways: list[str],
    promised: float,
) -> tuple[float, bool]:
    """Return how many times as fast a network is in these ways as if all were direct.

    Where it gains too little, and its convolutions `promised` to save seconds enough, other
    programs on the machine may be the reason: it is measured again. Return whether that is so in
    the end, too.
    """
    direct = direct_of(tasks)
    if ways == direct:
        return 1.0, False

    def run(some: list[str]) -> None:
        use(tasks, some)
        network.heads(images)

    runs = {"direct": lambda: run(direct), "tuned": lambda: run(ways)}
    least = watch.best_times(runs, every=True)
    for _ in range(AGAIN):
        if not gains_less(least, promised):
            break
        more = watch.best_times(runs, every=True)
        least = {name: min(seconds, more[name]) for name, seconds in least.items()}
    return least["direct"] / least["tuned"], gains_less(least, promised)


def gains_less(least: Times, promised: float) -> bool:
    """Return whether a network gains too little, though its convolutions `promised` enough."""
    enough = least["direct"] >= GAIN * (least["direct"] - promised)
    return enough and least["direct"] < GAIN * least["tuned"]


def ways_told(network: Executor) -> Iterator[str]:
    """Yield a line for each size of images that a fast form has run, and for its convolutions."""
    if not isinstance(network.runner, Tuner):
        return
    for size, verdict in network.runner.settled.items():
        yield f"{'x'.join(map(str, size))}: {verdict_told(verdict)}"
        for index, module, task in tasks_of(network, min(size[0], ENOUGH)):
            times = known_times(task).items()
            told = (f"{way} {1000 * seconds:.3f} ms" for way, seconds in times)
            way = module.ways.get(task.size, DIRECT)
            yield f"{index:5} {way:14}  {task.geometry}  {', '.join(told)}"
