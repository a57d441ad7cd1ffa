"""A training of 60 iterations of a tiny detector on five images, one of which is none."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

LAST = 60
CFG = """[net]
batch=4
subdivisions={subdivisions}
width=32
height=32
channels=3
learning_rate=0.001
max_batches={last}
mosaic=1
[convolutional]
batch_normalize=1
filters=8
size=3
stride=2
pad=1
activation=leaky
[dropout]
probability=.2
[convolutional]
filters=14
size=1
activation=linear
[yolo]
mask=0,1
anchors=8,8,16,16
num=2
classes=2
"""
TRAIN = ["detector", "train", "run.data", "run.cfg", "-seed", "3", "-workers", "0", "-map"]


def write_run(folder: Path, subdivisions: int) -> None:
    """Write five images, one of which is none, and what a training of them needs."""
    draws = np.random.default_rng(5)
    for index in range(5):
        image = draws.integers(0, 255, (40, 48, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / f"{index}.png"), image)
        (folder / f"{index}.txt").write_text("0 .4 .4 .3 .3\n1 .6 .5 .2 .4\n")
    (folder / "4.png").write_bytes(b"no image")
    (folder / "train.txt").write_text("".join(f"{index}.png\n" for index in range(5)))
    (folder / "run.names").write_text("a\nb\n")
    (folder / "run.data").write_text(
        "classes=2\ntrain=train.txt\nvalid=train.txt\nnames=run.names\nbackup=.\n"
        "saveweights=1000\nsavelast=1\n"
    )
    (folder / "run.cfg").write_text(CFG.format(subdivisions=subdivisions, last=LAST))
