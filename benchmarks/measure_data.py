#!/usr/bin/env python3
"""Measure how many training images per second one core prepares, compared with C programs.

    benchmarks/measure_data.py [--darknet PROGRAM] [--original PROGRAM] [--sizes 640x480 1920x1080]

First ours alone, as single calls in one process: decoding a JPEG, a sample of either dialect, and a
mosaic. Then whole trainings, bound to one core, of a network with almost no work, so that preparing
samples takes the time: AlexeyAB's program (`--darknet`) and ours in the fork's dialect, pjreddie's
(`--original`) and ours in the original's. The programs' own printed times are used.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from measure_training import LINES  # noqa: E402

import pydarknet  # noqa: E402  # the copy beside this script
from pydarknet.dataset.build import detector_samples  # noqa: E402
from pydarknet.dataset.sample import Request  # noqa: E402
from pydarknet.modules.transforms import load_image, pixels, resize  # noqa: E402
from pydarknet.system.malloc import keep_freed_memory  # noqa: E402

SIDE = 416
CFG = """[net]
batch={batch}
subdivisions=1
width={side}
height={side}
channels=3
max_batches={batches}
learning_rate=0
hue=.1
saturation=1.5
exposure=1.5
{more}
[convolutional]
size=1
stride=32
filters=255
activation=linear
[yolo]
mask=0,1,2
anchors=10,13, 16,30, 33,23
classes=80
num=3
jitter=.3
"""


def write_data(folder: Path, size: tuple[int, int], images: int) -> None:
    """Write JPEGs similar to photographs, with ten boxes each, and their list."""
    rng, names = np.random.default_rng(1), []
    for index in range(images):
        small = rng.integers(0, 255, (size[1] // 16, size[0] // 16, 3), dtype=np.uint8)
        smooth = cv2.resize(small, size, interpolation=cv2.INTER_CUBIC).astype(np.int16)
        noisy = smooth + rng.integers(-8, 9, smooth.shape, dtype=np.int16)
        cv2.imwrite(str(folder / f"{index}.jpg"), noisy.clip(0, 255).astype(np.uint8))
        boxes = rng.uniform([0.3, 0.3, 0.1, 0.1], [0.7, 0.7, 0.5, 0.5], (10, 4))
        rows = [f"{rng.integers(80)} {' '.join(f'{v:.4f}' for v in box)}\n" for box in boxes]
        (folder / f"{index}.txt").write_text("".join(rows))
        names.append(f"{folder}/{index}.jpg\n")
    (folder / "train.txt").write_text("".join(names))
    (folder / "run.data").write_text(f"classes=80\ntrain={folder}/train.txt\nbackup={folder}\n")


def write_cfg(folder: Path, batch: int, batches: int, more: str = "") -> Path:
    """Write the cfg of a network whose samples take longer than its computation."""
    text = CFG.format(batch=batch, batches=batches, side=SIDE, more=more)
    (folder / "run.cfg").write_text(text)
    return folder / "run.cfg"


# Ours alone


def rate(work: Callable[[int], object], seconds: float = 2.0) -> float:
    """Return how many calls of `work` per second run one after the other."""
    work(0)
    start, done = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        done += 1
        work(done)
    return done / (time.perf_counter() - start)


def rates(folder: Path) -> Iterator[tuple[str, float]]:
    """Yield name and calls per second of each part of the work, on one core."""
    paths = sorted(map(str, folder.glob("*.jpg")))
    image = load_image(paths[0])
    yield "decoding", rate(lambda i: load_image(paths[i % len(paths)]))
    yield "resizing for detection", rate(lambda i: resize(pixels(image), SIDE, SIDE))
    for name, dialect, more in (
        ("a sample, pjreddie", "pjreddie", ""),
        ("a sample, alexeyab", "alexeyab", ""),
        ("a mosaic, alexeyab", "alexeyab", "mosaic=1"),
    ):
        cfg = write_cfg(folder, 8, 1, more)
        network = pydarknet.load_network(cfg, dialect=dialect, device="meta")
        samples = detector_samples(network, paths)
        yield name, rate(lambda i, s=samples: s.sample(Request(1, i // 8, i % 8, (SIDE, SIDE))))


# Whole trainings


def images_per_second(command: list[str], folder: Path, batch: int, batches: int) -> float:
    """Train, and return the images per second without the first two batches."""
    env = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    times = [float(loaded or trained) for loaded, trained in LINES.findall(done.stdout)]
    if done.returncode or len(times) < 2 * batches:
        sys.exit(f"{command[0]} did not train: {done.stderr[-800:]}")
    return batch * (batches - 2) / sum(times[4 : 2 * batches])  # two times per batch


def compare(folder: Path, options: argparse.Namespace) -> None:
    """Print the rates of whole trainings, ours and a C program's in turn, and their ratio."""
    files = ["detector", "train", "run.data", "run.cfg"]
    for dialect, program in (("pjreddie", options.original), ("alexeyab", options.darknet)):
        if not program:
            continue
        theirs = [str(program.resolve())]
        write_cfg(folder, options.batch, options.batches)
        ours = [sys.executable, "-m", "pydarknet", *files, "-dialect", dialect, "-clear"]
        quiet = ["-dont_show"] if dialect == "alexeyab" else ["-clear"]
        pairs = [
            [
                images_per_second(command, folder, options.batch, options.batches)
                for command in (ours, [*theirs, *files, *quiet])
            ]
            for _ in range(options.rounds)
        ]
        mine, other = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratio = statistics.median(a / b for a, b in pairs)
        text = f"{mine:.0f} images/s, theirs {other:.0f}: {ratio:.2f} times as fast"
        print(f"  training, {dialect}: {text}", flush=True)


def main() -> None:
    """Measure on one core."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--darknet", type=Path, help="AlexeyAB's program")
    parser.add_argument("--original", type=Path, help="pjreddie's program")
    parser.add_argument("--sizes", nargs="+", default=["640x480", "1920x1080"])
    parser.add_argument("--images", type=int, default=32)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--batches", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    keep_freed_memory()  # as the workers that make samples do
    for size in options.sizes:
        width, height = map(int, size.split("x"))
        with tempfile.TemporaryDirectory() as place:
            write_data(Path(place), (width, height), options.images)
            print(f"JPEGs of {size}, one core", flush=True)
            for name, calls in rates(Path(place)):
                print(f"  {name}: {calls:.0f} per second", flush=True)
            compare(Path(place), options)


if __name__ == "__main__":
    main()
