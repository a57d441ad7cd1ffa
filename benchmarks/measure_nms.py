#!/usr/bin/env python3
"""Measure suppression on a GPU: the kernel beside torchvision's and beside the CPU.

    benchmarks/measure_nms.py [--classes 80] [--rounds 9] [--boxes 1000 10000 50000]

Every box has one class. The ways take turns, a round after the other; what is told is the median
of the rounds, and how many are left. "lines" is the kernel alone, on boxes sorted by class and
score before; "nms" is all of pydarknet's, from probabilities [boxes, classes] to probabilities.
torchvision gets corners, scores and classes, and rounds otherwise: it may leave some more or less.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pydarknet.boxes.box import cxcywh_to_xyxy  # the checkout that the script lies in
from pydarknet.boxes.detections import Detections
from pydarknet.boxes.kernels import nms_cuda
from pydarknet.boxes.nms import Lines, nms, queue_of, survivors

THRESHOLD = 0.45
Contest = dict[str, Callable[[], int]]  # name and what suppresses, and counts who is left


def made_up(boxes: int, classes: int) -> Detections:
    """Make boxes on the CPU: twenty around each object, all of its class."""
    generator = torch.Generator().manual_seed(boxes)
    objects, owner = max(boxes // 20, 1), torch.arange(boxes) // 20
    owner.clamp_(max=objects - 1)
    places = torch.rand(objects, 4, generator=generator) * torch.tensor([1.0, 1.0, 0.2, 0.2])
    places = places[owner] * (1 + 0.05 * torch.randn(boxes, 4, generator=generator))
    owned = torch.randint(classes, (objects,), generator=generator)[owner]
    scores = torch.rand(boxes, generator=generator) * 0.9 + 0.1
    probabilities = torch.zeros(boxes, classes)
    probabilities[torch.arange(boxes), owned] = scores
    return Detections(places, scores, probabilities)


def left(detections: Detections) -> int:
    """Count the classes that are left."""
    return int((detections.probabilities > 0).sum())


def left_of(lines: Lines) -> int:
    """Count who is left of lines."""
    [mask] = survivors([lines], THRESHOLD, None)
    return int(mask.sum())


def torchvisions(on_gpu: Detections) -> Contest:
    """Return torchvision's ways, none where it is not installed."""
    try:
        from torchvision.ops import batched_nms
        from torchvision.ops import nms as plain
    except ImportError:
        print("torchvision is not installed: it is left out", flush=True)
        return {}
    corners, scores, classes = cxcywh_to_xyxy(on_gpu.boxes), on_gpu.scores, on_gpu.classes
    return {
        "torchvision batched_nms": lambda: len(batched_nms(corners, scores, classes, THRESHOLD)),
        "torchvision nms, no classes": lambda: len(plain(corners, scores, THRESHOLD)),
    }


def contest(boxes: int, classes: int) -> Contest:
    """Return what is measured on so many boxes."""
    on_cpu = made_up(boxes, classes)
    on_gpu = on_cpu.to("cuda")
    one_line = replaced(on_gpu)
    lines, line = queue_of(on_gpu).lines, queue_of(one_line).lines
    return {
        "pydarknet lines": lambda: left_of(lines),
        "pydarknet nms": lambda: left(nms(on_gpu, THRESHOLD)),
        "pydarknet lines, no classes": lambda: left_of(line),
        **torchvisions(on_gpu),
        "pydarknet nms on the CPU": lambda: left(nms(on_cpu, THRESHOLD)),
    }


def replaced(detections: Detections) -> Detections:
    """Return the same boxes, all of one class."""
    return Detections(
        detections.boxes, detections.objectness, detections.probabilities.amax(1, keepdim=True)
    )


def seconds(suppress: Callable[[], int]) -> float:
    """Return how long it takes until the count is on the CPU."""
    torch.cuda.synchronize()
    start = time.perf_counter()
    suppress()
    return time.perf_counter() - start


def measure(boxes: int, classes: int, rounds: int) -> None:
    """Print a line a way: median, the fastest and slowest round, and how many are left."""
    ways = contest(boxes, classes)
    counts = {name: suppress() for name, suppress in ways.items()}  # and everything is warm
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, suppress in ways.items():
            took[name].append(seconds(suppress))
    for name, times in took.items():
        middle, low, high = (1e3 * f(times) for f in (statistics.median, min, max))
        shown = f"{middle:9.3f} ms ({low:.3f} to {high:.3f})"
        print(f"{boxes:6d} boxes, {classes} classes: {name:28s} {shown}, {counts[name]} left")


def main() -> None:
    """Measure on the first GPU; without one, or without the kernel, say so and exit with 1."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--boxes", type=int, nargs="+", default=[1_000, 10_000, 50_000])
    parser.add_argument("--classes", type=int, default=80)
    parser.add_argument("--rounds", type=int, default=9, help="at least 7")
    asked = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("there is no CUDA device: nothing is measured")
    if nms_cuda.launcher(torch.zeros(1, 4, device="cuda")) is None:
        sys.exit("the kernel cannot be had: nothing is measured")
    rounds = max(asked.rounds, 7)
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}, {rounds} rounds")
    for boxes in asked.boxes:
        measure(boxes, asked.classes, rounds)


if __name__ == "__main__":
    main()
