#!/usr/bin/env python3
"""Measure what drawing the chart beside a training costs its iterations.

    benchmarks/measure_chart.py [cfg] [--iterations 120] [--threads 1]

A network trains on images of random numbers, three times: alone, while a thread of its process
draws a chart of 2048 points again and again, and while another process does, as `detector train`
has it drawn once a minute. It prints the times of the iterations in ms.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import cv2
import numpy as np
import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import pydarknet  # noqa: E402  # the copy beside this script
from pydarknet.charts.aside import Aside, png_of  # noqa: E402
from pydarknet.charts.training import Course  # noqa: E402

FIRST = 10  # iterations that are not counted
CFG = """[net]
batch=2
width=224
height=160
channels=3
learning_rate=0.0000001
max_batches=100000
[convolutional]
batch_normalize=1
filters=16
size=3
stride=2
pad=1
activation=leaky
{layers}[convolutional]
filters=18
size=1
activation=linear
[yolo]
mask=0,1,2
anchors=10,10, 20,20, 40,40
num=3
classes=1
"""
LAYER = "[convolutional]\nbatch_normalize=1\nfilters=16\nsize=3\npad=1\nactivation=leaky\n"


def course() -> Course:
    """Return a long training."""
    batches = np.arange(1, 2049) * 4.0
    losses = np.exp(-batches / 2000) * 100 * np.random.default_rng(0).lognormal(0, 0.2, 2048) + 1
    rows = np.stack([batches, losses, np.full(2048, 0.001), losses * 0.8, losses * 1.3], 1)
    return Course("chart", 10000, rows, np.stack([batches[99::200], np.linspace(0, 0.7, 10)], 1))


def write_data(folder: Path) -> None:
    """Write images of random numbers, labels, lists and a cfg into a folder."""
    generator, names = np.random.default_rng(0), []
    for number in range(16):
        path = folder / f"{number}.png"
        cv2.imwrite(str(path), generator.integers(0, 256, (160, 224, 3), np.uint8))
        path.with_suffix(".txt").write_text("0 0.5 0.5 0.3 0.3\n")
        names.append(f"{path}\n")
    (folder / "train.txt").write_text("".join(names))
    data = f"classes=1\ntrain={folder}/train.txt\nbackup={folder}/backup\n"
    (folder / "random.data").write_text(data)
    (folder / "random.cfg").write_text(CFG.format(layers=LAYER * 10))


def time_training(
    folder: Path, cfg: Path, count: int, draw: Callable[[], object] | None
) -> np.ndarray:
    """Return the seconds of the iterations of a training during which `draw` is called."""
    times: list[float] = []
    ended = threading.Event()

    def again() -> None:
        while draw and not ended.is_set():
            draw()

    drawing = threading.Thread(target=again)

    def note(report: pydarknet.IterationReport) -> bool:
        times.append(report.seconds + report.loading)
        if len(times) == FIRST:
            drawing.start()
        return len(times) < FIRST + count

    with open(os.devnull, "w") as null, redirect_stdout(null), redirect_stderr(null):
        options = {"workers": 0, "seed": 1, "chart": False, "clear": True, "device": "cpu"}
        pydarknet.train(folder / "random.data", cfg, callback=note, **options)
    ended.set()
    drawing.join()
    return np.array(times[FIRST:])


def draw_aside(drawing: Aside, shown: Course) -> None:
    """Let another process draw, and wait for it in this thread."""
    drawing.start(shown, lambda content: None)
    while drawing.is_busy:
        time.sleep(0.01)
    drawing.check()


def main() -> None:
    """Time the three trainings and print them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("cfg", type=Path, nargs="?")
    parser.add_argument("--iterations", type=int, default=120)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    shown, aside = course(), Aside()
    png_of(shown)  # so that matplotlib is imported
    ways = {
        "alone": None,
        "a thread draws": lambda: png_of(shown),
        "a process draws": lambda: draw_aside(aside, shown),
    }
    print(f"{'ms an iteration':<18}{'median':>8}{'mean':>8}{'largest':>9}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_data(folder)
        for way, draw in ways.items():
            cfg = options.cfg or folder / "random.cfg"
            times = time_training(folder, cfg, options.iterations, draw) * 1000
            print(f"{way:<18}{np.median(times):8.1f}{times.mean():8.1f}{times.max():9.1f}")


if __name__ == "__main__":
    main()
