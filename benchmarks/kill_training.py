"""Kill a short training at random times, resume it, and compare it with an uninterrupted one.

python benchmarks/kill_training.py [kills] [--head simota]
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

CFG = """[net]
batch=4
subdivisions=2
width=32
height=32
channels=3
learning_rate=0.001
max_batches={batches}
policy=constant
ema_alpha=0.9
[convolutional]
batch_normalize=1
filters=16
size=3
stride=2
pad=1
activation=leaky
[dropout]
probability=.2
{head}
random=1
"""
HEADS = {
    "yolo": """[convolutional]
filters=14
size=1
activation=linear
[yolo]
mask=0,1
anchors=8,8,16,16
num=2
classes=2""",
    "simota": """[convolutional]
filters=7
size=1
activation=linear
[yolo]
mask=0
anchors=4,4,8,8
num=2
classes=2
assign=simota
scale_x_y=3
[route]
layers=-3
[maxpool]
size=2
stride=2
[convolutional]
filters=7
size=1
activation=linear
[yolo]
mask=1
anchors=4,4,8,8
num=2
classes=2
assign=simota
scale_x_y=3""",
    "centernet": """[deconvolutional]
filters=6
size=2
stride=2
activation=linear
[centernet]
classes=2""",
    "retina": """[convolutional]
filters=12
size=1
activation=linear
[retina]
anchors=4,4, 8,8
classes=2""",
    "ssd": """[convolutional]
filters=14
size=1
activation=linear
[ssd]
anchors=4,4, 8,8
classes=2""",
    "yolox": """[convolutional]
filters=7
size=1
activation=linear
prior=.01
[maxpool]
size=2
stride=2
[yolox]
layers=-2,-1
classes=2
l1=1""",
}
COMMAND = [sys.executable, "-m", "pydarknet", "detector", "train", "run.data", "run.cfg"]
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": str(Path(__file__).parent.parent),
    "OMP_NUM_THREADS": "1",
}


def write_run(folder: Path, batches: int, head: str) -> None:
    """Write three images with labels, a cfg, and a .data file that saves after every iteration."""
    folder.mkdir()
    draws = np.random.default_rng(5)
    for index in range(3):
        cv2.imwrite(
            str(folder / f"{index}.png"), draws.integers(0, 255, (40, 48, 3), dtype=np.uint8)
        )
        (folder / f"{index}.txt").write_text("0 0.4 0.5 0.3 0.2\n1 0.7 0.3 0.2 0.4\n")
    (folder / "train.txt").write_text("0.png\n1.png\n2.png\n")
    (folder / "run.data").write_text("train=train.txt\nbackup=backup\nsavelast=1\n")
    (folder / "run.cfg").write_text(CFG.format(batches=batches, head=HEADS[head]))


def start_training(folder: Path) -> subprocess.Popen[bytes]:
    """Start or resume the training in a folder."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([*COMMAND, "-seed", "7"], cwd=folder, env=ENVIRONMENT, **quiet)


def final_weights(folder: Path) -> bytes:
    """Return the content of a folder's final weights file."""
    return (folder / "backup/run_final.weights").read_bytes()


def main() -> None:
    """Train once without and once with kills, and report whether the weights are equal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kills", type=int, nargs="?", default=20)
    parser.add_argument("--batches", type=int, default=400)
    parser.add_argument("--head", choices=HEADS, default="yolo")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as name:
        alone, killed = Path(name, "alone"), Path(name, "killed")
        for folder in (alone, killed):
            write_run(folder, options.batches, options.head)
        start = time.perf_counter()
        if start_training(alone).wait():
            sys.exit("the uninterrupted training failed")
        whole = time.perf_counter() - start
        for kill in range(options.kills):
            process = start_training(killed)
            time.sleep(3 + rng.random() * whole / options.kills)
            process.kill()
            print(f"kill {kill + 1} of {options.kills}, status {process.wait()}", flush=True)
        if start_training(killed).wait():
            sys.exit("the resumed training failed")
        same = final_weights(alone) == final_weights(killed)
        print(f"{options.kills} kills: final weights {'equal' if same else 'DIFFER'}")
        sys.exit(not same)


if __name__ == "__main__":
    main()
