"""The fastest of torch and the other programs for a network on this machine, by measurement.

A network, a size and a number of threads are measured once a machine, and kept with what else was
chosen by measurement (choices.py).
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import torch
from torch import Tensor

from ..graph.executor import Executor
from ..graph.head import Head
from ..system.alike import is_alike
from .choices import choices
from .measurement import are_near
from .network_key import network_key
from .programs import installed_programs
from .recorder import Run
from .tuner import NEAR, Tuner

KIND: Final = "backend"  # of choices
TORCH: Final = "torch"
GAIN: Final = 1.03  # times as fast as torch another program must be
ROUNDS, PAUSE, BURST = 3, 0.03, 0.1  # of a program's runs; seconds before each, and that it takes
SLOW = 1.5  # times the fastest first burst, from which a program is not timed again
LONGEST: Final = 2.0  # seconds of all bursts after which no round begins
MOST: Final = 8  # sizes of which the opened network is kept: those that came last


@dataclass(frozen=True)
class Chosen:
    """The program that was chosen, and the seconds that each takes which was timed."""

    program: str
    seconds: dict[str, float]

    def __str__(self) -> str:
        times = sorted(self.seconds.items(), key=lambda one: one[1])
        told = ", ".join(f"{name} {1000 * seconds:.2f} ms" for name, seconds in times)
        return f"backend {self.program}: {told}"

    @staticmethod
    def read(said: Any) -> Chosen | None:
        """Return what a file holds; None for what is no choice among what is installed."""
        with suppress(KeyError, TypeError, ValueError, OverflowError):
            times = {str(name): float(time) for name, time in dict(said["seconds"]).items()}
            if said["program"] in {TORCH, *installed_programs()} & times.keys():
                return Chosen(said["program"], times)
        return None


class Fastest:
    """Runs a network by torch, or for a size of images by another program that is faster.

    What is known on this machine is used from the second batch of a size on, or from the first if
    there are `many` images; then, too, it is measured where it is not known. With `-tune off` torch
    runs all.
    """

    def __init__(self, network: Executor, by_torch: Tuner) -> None:
        self.network, self.by_torch = network, by_torch
        self.seen: Counter[torch.Size] = Counter()
        self.runs: dict[torch.Size, Run] = {}
        self.chosen: dict[torch.Size, Chosen] = {}
        self.lock = threading.Lock()

    @property
    def many(self) -> bool:
        """Whether many images follow."""
        return self.by_torch.many

    @many.setter
    def many(self, many: bool) -> None:
        self.by_torch.many = many

    def __call__(self, network: Executor, images: Tensor) -> list[Head]:
        if torch.is_grad_enabled() or is_alike():
            return network.heads(images)
        run = self.runs.get(images.shape) or self.settle(network, network.checked_images(images))
        return run(images)

    def settle(self, network: Executor, images: Tensor) -> Run:
        """Return what runs images of a size; one thread settles that, the others wait."""
        size = images.shape

        def by_torch(images: Tensor) -> list[Head]:
            return self.by_torch(network, images)

        with self.lock:
            self.seen[size] += 1
            if size in self.runs:  # by another thread
                return self.runs[size]
            if not self.by_torch.may_measure:
                return by_torch
            if self.seen[size] == 1 and not (self.many and not self.runs):
                return by_torch
            run, self.chosen[size] = self.choose(by_torch, images)
            kept = list(self.runs.items())[-MOST + 1 :]
            self.runs = {**dict(kept), size: run}
            return run

    def choose(self, by_torch: Run, images: Tensor) -> tuple[Run, Chosen]:
        """Return what runs images of a size, as it is known or measured now."""
        key = key_of(self.network, images)
        known = Chosen.read(choices().get(KIND, key))
        runs = {TORCH: by_torch, **self.others(by_torch, images, known.program if known else None)}
        chosen = known or fastest(runs, images)
        if known is None:
            choices().put(KIND, {key: asdict(chosen)})
        return runs.get(chosen.program, by_torch), chosen

    def others(self, by_torch: Run, images: Tensor, only: str | None) -> dict[str, Run]:
        """Return the network opened in each of the other programs, or in `only` one.

        Those that cannot run it are left out, and those whose numbers for random images are not
        torch's but for the last digits.
        """
        noise = torch.rand(images.shape, generator=torch.Generator().manual_seed(1))
        expected = values_of(by_torch(noise))
        runs: dict[str, Run] = {}
        for name, program in installed_programs().items():
            if only in (None, name):
                with suppress(RuntimeError):
                    run = program.record(self.network, images)
                    if are_near(values_of(run(noise)), expected, NEAR):
                        runs[name] = run
        return runs


def choices_of(network: Executor) -> list[str]:
    """Return a line per size of images for which a fast form has chosen a program, with times."""
    runner = network.runner
    if not isinstance(runner, Fastest):
        return []
    return [
        f"{'x'.join(map(str, size))}: {chosen}" for size, chosen in sorted(runner.chosen.items())
    ]


def key_of(network: Executor, images: Tensor) -> str:
    """Return a digest of what decides besides the machine: structure, size, threads, versions."""
    packages = {name for program in installed_programs().values() for name in program.needed}
    versions = sorted((name, version_of(name)) for name in packages)
    return network_key(network, images, [versions])


def version_of(package: str) -> str:
    """Return the version of a package; empty if it does not say."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def fastest(runs: Mapping[str, Run], images: Tensor) -> Chosen:
    """Return the fastest of programs; torch, unless another is faster by more than chance."""
    seconds = burst_seconds(runs, images)
    best = min(seconds, key=seconds.__getitem__)
    chosen = best if seconds[TORCH] > GAIN * seconds[best] else TORCH
    return Chosen(chosen, {name: round(taken, 6) for name, taken in seconds.items()})


def values_of(heads: list[Head]) -> list[Tensor]:
    """Return copies of what goes into heads, and what comes out."""
    return [values.clone() for head in heads for values in head.tensors]


def burst_seconds(runs: Mapping[str, Run], images: Tensor) -> dict[str, float]:
    """Return the least seconds that each program takes for images, of several bursts.

    A burst begins when the threads of the program before have come to rest.
    """
    least: dict[str, float] = {}
    left, start = dict(runs), time.perf_counter()
    for number in range(ROUNDS):
        if number and time.perf_counter() - start > LONGEST:
            break
        for name, run in left.items():
            time.sleep(PAUSE)
            least[name] = min(least.get(name, float("inf")), burst(run, images))
        left = {name: run for name, run in left.items() if least[name] < SLOW * min(least.values())}
    return least


def burst(run: Run, images: Tensor) -> float:
    """Return the least seconds of a program's runs in a row, after one that is not timed."""
    run(images)
    least, end = float("inf"), time.perf_counter() + BURST
    while True:
        start = time.perf_counter()
        run(images)
        now = time.perf_counter()
        least = min(least, now - start)
        if now >= end:
            return least
