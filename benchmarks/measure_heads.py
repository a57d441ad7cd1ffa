#!/usr/bin/env python3
"""Measure what the heads of compare_heads.py cost: a training iteration, and a picture.

    benchmarks/measure_heads.py FOLDER digits.data [--heads anchor ...] [--learn 400] [--rounds 15]

Each head is trained by itself on one batch of images, until it finds boxes in them; FOLDER keeps
its weights, and a run that was stopped goes on with the next head. Then the heads take turns: in
each round, each trains an iteration on that batch, and finds the boxes of its images one by one, by
`detect`: the network, its boxes above .25, their suppression. Processor time is divided by that of
`anchor` in the same round, and the median of the rounds counts. One thread; reading and
augmentation of images are the same for all, and are not counted. times.json has the medians, and
the table is printed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

import compare_heads as heads
import numpy as np
import torch
from machine import headline, machine
from torch import Tensor

import pydarknet
from pydarknet.cfg.lineage import FORK
from pydarknet.dataset.files import DataFile, read_list
from pydarknet.evaluate.ground_truth import ground_truth_of
from pydarknet.image.files import load_image
from pydarknet.image.fit import network_input
from pydarknet.training.learner import Learner

PEER = "anchor"  # whose times the others are divided by
PARTS = ("iteration", "picture")


@dataclass
class Contender:
    """A head on its network, and the seconds of each round."""

    name: str
    learner: Learner
    seconds: dict[str, list[float]] = field(default_factory=lambda: {part: [] for part in PARTS})
    boxes: float = 0.0  # found in a picture, on average

    def learn(self, images: Tensor, truth: Tensor) -> None:
        """Train one iteration."""
        self.learner.learn(images, truth)

    def find(self, pictures: Sequence[np.ndarray]) -> None:
        """Find the boxes of each picture."""
        found = [self.learner.network.detect(one, thresh=0.25) for one in pictures]
        self.boxes = sum(map(len, found)) / len(found)

    def time(self, part: str, work: Callable[[], None], count: int) -> None:
        """Do some work, and note the seconds of each of so many."""
        start = time.process_time()
        work()
        self.seconds[part].append((time.process_time() - start) / count)


def contender(name: str, options: argparse.Namespace) -> Contender:
    """Return a head of the compared size, with the values of its first seed."""
    path = options.folder / f"{name}.cfg"
    with redirect_stdout(StringIO()):  # of every label that is read
        rate = heads.rate_of(name, [*heads.RATES])
        path.write_text(heads.HEADS[name](heads.cfg_for(options.data, options, rate)))
    torch.manual_seed(0)
    weights = options.folder / f"{name}.weights"
    network = pydarknet.load_network(
        path, weights if weights.exists() else None, device="cpu", dialect=FORK
    )
    return Contender(name, Learner(network, seed=0))


def lesson(options: argparse.Namespace) -> tuple[list[np.ndarray], Tensor, Tensor]:
    """Return pictures, and the same as a network learns them: [B, 3, h, w], and their truth."""
    width, height = map(int, options.size.split("x"))
    paths = read_list(DataFile.read(options.data).get_file("train", ""))[: options.batch]
    pictures = [load_image(path, 3) for path in paths]
    inputs = [network_input(one, 3, width, height, letterboxed=False) for one in pictures]
    truth = torch.zeros(len(paths), 200, 6)
    for row, path in zip(truth, paths, strict=True):
        with redirect_stdout(StringIO()):
            true = ground_truth_of(path, FORK, False)
        row[: len(true.boxes), :4] = torch.from_numpy(true.boxes)
        row[: len(true.boxes), 4] = torch.from_numpy(true.classes)
    return pictures, torch.from_numpy(np.stack(inputs)), truth


def ratio(some: Sequence[float], peers: Sequence[float]) -> float:
    """Return the median of the ratios of the rounds."""
    return statistics.median(one / other for one, other in zip(some, peers, strict=True))


def rows_of(found: Sequence[Contender]) -> list[dict[str, object]]:
    """Return what is known of each head: medians in milliseconds, and ratios to the peer's."""
    peer = next(one for one in found if one.name == PEER)
    rows: list[dict[str, object]] = []
    for one in found:
        row: dict[str, object] = {"head": one.name, "boxes": round(one.boxes, 1)}
        for part in PARTS:
            row[f"{part}_ms"] = round(1000 * statistics.median(one.seconds[part]), 2)
            row[part] = round(ratio(one.seconds[part], peer.seconds[part]), 3)
        rows.append(row)
    return rows


def table(rows: Sequence[dict[str, object]]) -> str:
    """Return a line for each head."""
    lines = ["| head | iteration | picture | boxes |", "|---|---|---|---|"]
    for row in rows:
        cells = [f"{row[part]:.2f} ({row[f'{part}_ms']:.1f} ms)" for part in PARTS]
        lines.append(f"| {row['head']} | {' | '.join(cells)} | {row['boxes']} |")
    return "\n".join(lines)


def main() -> None:
    """Train the heads that have no weights yet, measure all by turns, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("folder", type=Path)
    add("data", type=Path)
    names = [name for name in heads.HEADS if name != "coupled"]
    add("--heads", nargs="+", choices=names, default=names)
    add("--learn", type=int, default=400, help="iterations before anything is measured")
    add("--rounds", type=int, default=15)
    add("--batch", type=int, default=16)
    add("--size", default="160x112", help="WxH of the input, multiples of 16")
    options = parser.parse_args()
    options.iterations, options.set = options.learn, []
    options.folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    pictures, images, truth = lesson(options)
    wanted = [PEER, *(name for name in options.heads if name != PEER)]
    found = [contender(name, options) for name in wanted]
    for one in found:
        weights = options.folder / f"{one.name}.weights"
        if not weights.exists():
            for _ in range(options.learn):
                one.learn(images, truth)
            one.learner.network.save_weights(weights)
            print(f"{one.name}: {weights}", flush=True)
        one.find(pictures)
    for _ in range(options.rounds):
        for one in found:
            one.time("iteration", lambda one=one: one.learn(images, truth), 1)
        for one in found:
            one.time("picture", lambda one=one: one.find(pictures), len(pictures))
    rows = rows_of(found)
    known = {"machine": machine(), "size": options.size, "batch": options.batch, "heads": rows}
    (options.folder / "times.json").write_text(json.dumps(known, indent=1) + "\n")
    print(headline(machine()))
    print(table(rows))


if __name__ == "__main__":
    main()
