"""Trainings of a few iterations by all commands that train, and of the heads that boxes share."""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

NET = (
    "[net]\nwidth=16\nheight=16\nchannels=3\nbatch=8\nmax_batches=2\nlearning_rate=0.01\n"
    "subdivisions={parts}\n{options}"
    "[convolutional]\nbatch_normalize=1\nfilters=4\nsize=3\nstride=2\npad=1\nactivation=leaky\n"
)
CLASSIFIER = (
    "[dropout]\nprobability=.3\n[convolutional]\nfilters=3\nactivation=linear\n"
    "[avgpool]\n[softmax]\n"
)
YOLOV1 = (
    "[connected]\noutput={outputs}\nactivation=linear\n"
    "[detection]\nclasses={classes}\ncoords=4\nrescore=1\nside=2\nnum=1\nsqrt=1\njitter=.2\n"
)
LAYERS = {
    "classifier": CLASSIFIER,
    "yolo": YOLOV1.format(classes=20, outputs=4 * 25),
    "coco": YOLOV1.format(classes=80, outputs=4 * 85),
    "yolox": "[convolutional]\nfilters=7\n[yolox]\nclasses=2\nl1=1\n",
    "ssd": "[convolutional]\nfilters=14\n[ssd]\nanchors=4,4,8,8\nclasses=2\n",
    "centernet": "[convolutional]\nfilters=6\n[centernet]\nclasses=2\n",
    "retina": "[convolutional]\nfilters=12\n[retina]\nanchors=4,4,8,8\nclasses=2\n",
    "simota": "[convolutional]\nfilters=14\nactivation=linear\n"
    "[yolo]\nmask=0,1\nanchors=4,4,8,8\nnum=2\nclasses=2\nassign=simota\n",
    "sequences": "[conv_lstm]\nbatch_normalize=1\noutput=4\nsize=3\npad=1\n"
    "[convolutional]\nfilters=7\nactivation=linear\n"
    "[yolo]\nmask=0\nanchors=4,4\nnum=1\nclasses=2\n",
}
WORDS = {
    "classifier": ["classifier", "train", "run.data"],
    "yolo": ["yolo", "train"],
    "coco": ["coco", "train"],
}
OPTIONS = {"classifier": "min_crop=14\nmax_crop=20\nhue=.1\nangle=7\naspect=.75\n"}


def write_files(folder: Path) -> None:
    """Write five images of three labels, with two boxes, one and none, and the lists of them."""
    draws = np.random.default_rng(5)
    for name in ("data/voc", "images", "labels"):
        (folder / name).mkdir(parents=True)
    boxes = ("0 .4 .4 .3 .3\n1 .6 .7 .2 .4\n", "1 .5 .5 .4 .5\n", "")
    for index in range(5):
        name = f"{index}-{('ant', 'bee', 'fly')[index % 3]}"
        image = draws.integers(0, 255, (20, 24, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / f"images/{name}.png"), image)
        (folder / f"labels/{name}.txt").write_text(boxes[index % 3])
    listed = "".join(f"images/{path.name}\n" for path in sorted((folder / "images").iterdir()))
    for name in ("run.list", "data/voc/train.txt", "data/coco.trainval.txt"):
        (folder / name).write_text(listed)
    (folder / "run.names").write_text("ant\nbee\nfly\n")
    (folder / "run.data").write_text(
        "classes=2\ntrain=run.list\nlabels=run.names\nnames=run.names\nbackup=backup\n"
    )


def words_of(name: str, run: str) -> list[str]:
    """Return the words of a training: what is trained, and the name of its cfg."""
    flags = ["-seed", "3", "-workers", "0", "-dialect", "alexeyab"]
    return [*WORDS.get(name, ["detector", "train", "run.data"]), f"{run}.cfg", *flags]


def train_all(runs: Mapping[str, tuple[str, int, Iterable[str]]], ports: Sequence[str]) -> None:
    """Train in float64 in this folder: by the names of cfgs, what, in how many parts, flags more.

    Of several processes, each training has a port of its own.
    """
    from pydarknet.cli.main import main
    from pydarknet.training import chart

    chart.png_of = pickle.dumps  # to draw takes longer than to train
    torch.set_default_dtype(torch.float64)
    for place, (run, (name, parts, flags)) in enumerate(runs.items()):
        layers, options = LAYERS[name], OPTIONS.get(name, "")
        Path(f"{run}.cfg").write_text(NET.format(parts=parts, options=options) + layers)
        if ports:
            os.environ["MASTER_PORT"] = ports[place]
        if main([*words_of(name, run), *flags]):
            sys.exit(f"{run} failed")
