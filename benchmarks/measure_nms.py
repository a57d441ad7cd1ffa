#!/usr/bin/env python3
"""Measure suppression on a GPU: the kernel against torchvision and against the CPU.

    benchmarks/measure_nms.py [--classes 80] [--rounds 9] [--boxes 1000 10000 50000]

Every box has one class. The functions take turns, round by round, each in a burst of 0.3 seconds at
least; printed are the median of the rounds and the number of boxes left. "lines" is the kernel
alone, on boxes already sorted by class and score; "nms" is all of pydarknet's suppression, from
probabilities [boxes, classes] on the GPU to those on the CPU. torchvision gets corners, scores and
classes, and may leave a few boxes more or less, because it rounds differently.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from gpu_bursts import burn_in, times_in_burst, wall_seconds
from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pydarknet.boxes.detections import Detections  # the copy beside this script
from pydarknet.boxes.kernels import nms_cuda
from pydarknet.boxes.nms import nms
from pydarknet.boxes.suppression import queue_of_image

THRESHOLD = 0.45
BURST = 0.3  # seconds, at least
Functions = dict[str, Callable[[], int]]  # each suppresses, and returns the boxes left


def random_boxes(boxes: int, classes: int) -> Detections:
    """Return boxes on the CPU: twenty around each object, all of its class."""
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


def remaining(detections: Detections) -> int:
    """Return the number of probabilities that are not 0."""
    return int((detections.probabilities > 0).sum())


def remaining_of_lines(boxes: Tensor, sizes: list[int]) -> int:
    """Return the number of boxes that suppression leaves in lines of `sizes`, one after another."""
    launch = nms_cuda.launcher(boxes)
    assert launch is not None, "main looked for it"
    left = nms_cuda.survivors_by_kernel(boxes, sizes, THRESHOLD, None, launch)
    return int(left.sum())


def lines_of(on_gpu: Detections) -> tuple[Tensor, list[int]]:
    """Return boxes sorted by class and score on the GPU, and how many each class has."""
    queue = queue_of_image(on_gpu.numpy())
    return on_gpu.boxes[torch.from_numpy(queue.rows)], np.diff(queue.ends).tolist()


def torchvision_functions(on_gpu: Detections) -> Functions:
    """Return torchvision's functions, none if it is not installed."""
    try:
        from torchvision.ops import batched_nms
        from torchvision.ops import nms as plain
    except ImportError:
        print("torchvision is not installed: not measured", flush=True)
        return {}
    corners, scores, classes = on_gpu.xyxy(1, 1), on_gpu.scores, on_gpu.classes
    return {
        "torchvision batched_nms": lambda: len(batched_nms(corners, scores, classes, THRESHOLD)),
        "torchvision nms, no classes": lambda: len(plain(corners, scores, THRESHOLD)),
    }


def functions(boxes: int, classes: int) -> Functions:
    """Return the functions that are measured, on a number of boxes."""
    on_cpu = random_boxes(boxes, classes)
    on_gpu = on_cpu.to("cuda")
    lines, line = lines_of(on_gpu), lines_of(of_one_class(on_gpu))
    return {
        "pydarknet lines": lambda: remaining_of_lines(*lines),
        "pydarknet nms": lambda: remaining(nms(on_gpu, THRESHOLD)),
        "pydarknet lines, no classes": lambda: remaining_of_lines(*line),
        **torchvision_functions(on_gpu),
        "pydarknet nms on the CPU": lambda: remaining(nms(on_cpu, THRESHOLD)),
    }


def of_one_class(detections: Detections) -> Detections:
    """Return the same boxes, all of one class."""
    return Detections(
        detections.boxes, detections.objectness, detections.probabilities.amax(1, keepdim=True)
    )


def once(suppress: Callable[[], int]) -> Callable[[], int]:
    """Return a function that suppresses the boxes of one image, and returns the 1."""

    def work() -> int:
        suppress()
        return 1

    return work


def measure(boxes: int, classes: int, rounds: int) -> None:
    """Print a line per function: median, fastest and slowest round, and the boxes left."""
    contest, device = functions(boxes, classes), torch.device("cuda")
    counts = {name: suppress() for name, suppress in contest.items()}
    works = {name: once(suppress) for name, suppress in contest.items()}
    repeats = {}
    for name, work in works.items():
        burn_in(work, device, BURST)
        repeats[name] = times_in_burst(work, device, BURST)
    took: dict[str, list[float]] = {name: [] for name in contest}
    for _ in range(rounds):
        for name, work in works.items():
            took[name].append(wall_seconds(work, device, repeats[name]))
    for name, times in took.items():
        middle, low, high = (1e3 * f(times) for f in (statistics.median, min, max))
        shown = f"{middle:9.3f} ms ({low:.3f} to {high:.3f})"
        print(f"{boxes:6d} boxes, {classes} classes: {name:28s} {shown}, {counts[name]} left")


def main() -> None:
    """Measure on the first GPU; exit with 1 if there is none, or no kernel."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--boxes", type=int, nargs="+", default=[1_000, 10_000, 50_000])
    parser.add_argument("--classes", type=int, default=80)
    parser.add_argument("--rounds", type=int, default=9, help="at least 7")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("there is no CUDA device: expected one to measure")
    if nms_cuda.launcher(torch.zeros(1, 4, device="cuda")) is None:
        sys.exit("the kernel cannot be compiled: expected NVIDIA's run-time compiler")
    rounds = max(options.rounds, 7)
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}, {rounds} rounds")
    for boxes in options.boxes:
        measure(boxes, options.classes, rounds)


if __name__ == "__main__":
    main()
