"""What measuring networks on this machine said before, kept on disk.

A network of a size is known by all its convolutions, in their order; a convolution by its geometry.
Both are known for a number of threads.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import torch

from ..graph.executor import Executor
from .choices import choices
from .packed_conv import PackedConv
from .ways import DIRECT, WAYS, Task

CONVOLUTION, NETWORK = "convolution", "network"  # kinds of choices
LONGEST = 1e6  # seconds: more of them were not measured
GAIN = 1.05  # times as fast a whole network must be for its ways to be used
DOUBTS = 3  # times that less than the convolutions promise is found before it is believed,
LATER = 3600.0  # and seconds between them: other programs may be slow for minutes
Times = dict[str, float]  # seconds by way
Tasks = list[tuple[int, PackedConv, Task]]  # with the layer's index


@dataclass(frozen=True)
class Verdict:
    """What measuring a network said: how much faster it is, whether that counts, what it took.

    Where other programs had the cores, the measurement says nothing and is not kept. `doubts` is
    how often it found less than the convolutions promise, without a break; `at` is the time of it,
    in seconds since 1970.
    """

    gain: float
    used: bool
    seconds: float
    disturbed: bool = False
    doubts: int = 0
    at: float = field(default_factory=lambda: time.time())

    @property
    def is_doubted(self) -> bool:
        """Whether it is time to measure again, because other programs may have been the reason."""
        recent = 0 <= time.time() - self.at < LATER
        return 0 < self.doubts < DOUBTS and not recent


def tasks_of(network: Executor, images: int) -> Iterator[tuple[int, PackedConv, Task]]:
    """Yield each packed convolution of a network, and what it computes for a batch of images."""
    for node, module in zip(network.nodes, network.stack, strict=True):
        if isinstance(module, PackedConv):
            yield node.index, module, module.task(torch.Size((images, *node.inputs[0].tensor)))


def known_ways(tasks: Tasks) -> tuple[Verdict, list[str]] | None:
    """Return the ways that were measured before, if all is known, valid and believed."""
    verdict = known_verdict(tasks)
    if verdict is None or verdict.is_doubted:
        return None
    if not verdict.used:
        return verdict, direct_of(tasks)
    ways = [known_way(task) for _, _, task in tasks]
    return None if None in ways else (verdict, [way for way in ways if way])


def known_verdict(tasks: Tasks) -> Verdict | None:
    """Return what was measured before for a network, if it is known and valid."""
    found = choices().get(NETWORK, network_key(tasks))
    try:
        gain, seconds, at = (float(found[name]) for name in ("gain", "seconds", "at"))
        return Verdict(gain, found["used"] is True, seconds, False, int(found["doubts"]), at)
    except (TypeError, KeyError, ValueError, OverflowError):
        return None


def doubts_before(tasks: Tasks) -> int:
    """Return how often less than the convolutions promise was found up to now."""
    verdict = known_verdict(tasks)
    return verdict.doubts if verdict else 0


def known_way(task: Task) -> str | None:
    """Return the fastest way of a convolution as measured before, if there is one that fits."""
    times = known_times(task)
    way = fastest(times) if times else None
    return way if way in WAYS and WAYS[way].fits(task) else None


def known_times(task: Task) -> Times:
    """Return the seconds of a convolution in its ways as measured before; empty if unknown."""
    times = choices().get(CONVOLUTION, task_key(task))
    if not isinstance(times, dict):
        return {}
    usable = all(isinstance(t, int | float) and 0 <= t < LONGEST for t in times.values())
    return times if usable else {}


def fastest(times: Times) -> str:
    """Return the way that takes the least time."""
    return min(times, key=times.__getitem__)


def direct_of(tasks: Tasks) -> list[str]:
    """Return the direct way for each convolution."""
    return [DIRECT] * len(tasks)


def verdict_told(verdict: Verdict | None) -> str:
    """Return what was measured as text."""
    if verdict is None:
        return "every convolution is direct, nothing was measured"
    if verdict.disturbed:
        return "every convolution is direct: other programs had the cores while it was measured"
    gain = f"{verdict.gain:.2f} times as fast as with direct convolutions"
    told = gain if verdict.used else f"every convolution is direct: others gain less than {GAIN}"
    return f"{told} (measured in {verdict.seconds:.1f} s)"


def task_key(task: Task) -> str:
    """Return what decides how long a convolution takes, the number of threads included."""
    return f"{torch.get_num_threads()} threads: {task.geometry}"


def network_key(tasks: Tasks) -> str:
    """Return a digest of all convolutions of a network, in their order."""
    told = "\n".join(f"{index} {task_key(task)}" for index, _, task in tasks)
    return hashlib.sha256(told.encode()).hexdigest()[:16]
