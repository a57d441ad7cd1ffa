#!/usr/bin/env python3
"""Train heads on the backbone of cfg/digits.cfg from several seeds, and compare their mAP@.5.

    benchmarks/compare_heads.py FOLDER digits=digits.data [bccd=bccd.data ...] [--heads anchor ...]
        [--seeds 3] [--iterations 400] [--batch 16] [--rate 0.002 yolox=0.01] [--size 160x112]
        [--minutes 6] [--set adam=1 ...]

anchor is cfg/digits.cfg with the anchors of the set; simota is the same with assign=simota; free
has one box a cell, its anchor the side of the cell, scale_x_y=3 and assign=simota; yolox has the
head [yolox] over both maps, decoupled, and coupled the same by one convolution for boxes and
classes; retina and ssd have theirs over both, with the anchors of the set, and a convolution for
boxes beside that for classes, which retina weighs more than the paper; centernet has one map, twice
as fine by a deconvolution, which costs what the coarse head does not. Each run is trained on
`train` and evaluated on `valid` of its .data file, by one thread; FOLDER keeps it and its JSON. A
run that is not done after so many minutes is stopped; the same command goes on with it, and passes
over those that are done. Then it prints the table: the mean of the seeds, its standard error, and
the gain over anchor, by seed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from compare_amp import MAP, command, shortened, with_option

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pydarknet.checks.adapt import DataSet, Input, adapt  # noqa: E402  # the copy beside it
from pydarknet.cli.commands.detector_calc_anchors import box_sizes  # noqa: E402
from pydarknet.dataset.files import DataFile, read_list  # noqa: E402

DIGITS = ROOT / "cfg" / "digits.cfg"
YOLO = re.compile(r"(?m)^\[yolo\]\n(?:[^\[\n].*\n)+")
# the last convolution of a map, the one that gives its boxes, and its head
TOWER = re.compile(
    r"(\[convolutional\]\nbatch_normalize=1\n(?:[^\[\n].*\n)+)\n"
    r"(?:#.*\n)?\[convolutional\]\nfilters=\d+\n(?:[^\[\n].*\n)+\n\[yolo\]\n(?:[^\[\n].*\n)+"
)
# What follows the convolution for classes: their predictor, and from the same stem the boxes'.
DECOUPLED = """
[convolutional]
filters={classes}
size=1
activation=linear
prior=.01

[route]
layers=-3

{tower}
[convolutional]
filters=4
size=1
activation=linear

[route]
layers=-2

[convolutional]
filters=1
size=1
activation=linear
prior=.01

[route]
layers=-3,-1,-6
"""

# In place of both heads: a map in steps of four pixels, its heat, its sides and offsets.
PEAKS = """
[deconvolutional]
batch_normalize=1
filters=24
size=4
stride=2
padding=1
activation=leaky

[convolutional]
filters={classes}
size=1
activation=linear
prior=.1

[route]
layers=-2

[convolutional]
filters=4
size=1
activation=linear

[route]
layers=-3,-1

[centernet]
classes={classes}
jitter=0.2
"""

RATE = 0.002
RATES = (f"{RATE}", "yolox=0.01", "coupled=0.01", "retina=0.02", "ssd=0.02", "centernet=0.01")
Row = dict[str, Any]


def anchored(text: str) -> str:
    """Return the cfg with Darknet's own rule."""
    return text


def simota(text: str) -> str:
    """Return the cfg with SimOTA in place of the anchors' rule."""
    return YOLO.sub(lambda one: f"{one[0]}assign=simota\n", text)


def free(text: str) -> str:
    """Return the cfg with one box a cell: its anchor is the side of the cell, 16 or 8 pixels."""
    heads = iter([1, 0])

    def without_anchors(one: re.Match[str]) -> str:
        head = one[0]
        for key, value in (("num", 2), ("mask", next(heads)), ("anchors", "8,8, 16,16")):
            head = with_option(head, key, str(value))
        return f"{head}scale_x_y=3\nassign=simota\n"

    classes = int(re.search(r"(?m)^classes=(\d+)", text)[1])
    text = text.replace(f"filters={3 * (classes + 5)}\n", f"filters={classes + 5}\n")
    return YOLO.sub(without_anchors, text)


def yolox(text: str) -> str:
    """Return the cfg with the head of YOLOX over both maps, in place of the two heads.

    It is decoupled, with one 3 x 3 convolution each for classes and for boxes.
    """
    classes = int(re.search(r"(?m)^classes=(\d+)", text)[1])
    text = TOWER.sub(
        lambda found: found[1] + DECOUPLED.format(tower=found[1], classes=classes), text
    )
    text = text.replace("layers=-4\n", "layers=7\n", 1)
    return f"{text}\n[yolox]\nlayers=-1,15\nclasses={classes}\njitter=0.2\nrandom=0\n"


def coupled(text: str) -> str:
    """Return the cfg with the head of YOLOX over both maps, each by one convolution for all."""
    classes = int(re.search(r"(?m)^classes=(\d+)", text)[1])
    text = text.replace(f"filters={3 * (classes + 5)}\n", f"filters={classes + 5}\n")
    first, second = YOLO.findall(text)
    text = text.replace(first, "", 1).replace("layers=-4\n", "layers=-3\n", 1)
    head = f"[yolox]\nlayers=-1,9\nclasses={classes}\njitter=0.2\nrandom=0\n"
    return text.replace(second, head)


def retina(text: str) -> str:
    """Return the cfg with the head of RetinaNet over both maps, its classes weighted more.

    As the paper weighs them, boxes are learned long before classes: too long for a short training.
    """
    more = "focal_alpha=0.5\nfocal_gamma=1\ncls_normalizer=6\n"
    return with_apart(text, "retina", background=0, prior="prior=0.01\n", more=more)


def ssd(text: str) -> str:
    """Return the cfg with the head of SSD over both maps; the anchors are its default boxes."""
    return with_apart(text, "ssd", background=1)


def centernet(text: str) -> str:
    """Return the cfg with a head of peaks in steps of four pixels, in place of both heads.

    The layers of the coarse head are gone, and a deconvolution doubles the finer map.
    """
    classes = int(re.search(r"(?m)^classes=(\d+)", text)[1])
    before, net, *layers = re.split(r"(?m)^(?=\[)", text)
    kept = [before, net, *layers[:8], *layers[11:16]]  # the coarse head is 8-10, the finer 16-17
    body = "".join(kept).replace("layers=-4\n", "layers=-1\n", 1)
    return body + PEAKS.format(classes=classes)


def with_apart(text: str, section: str, background: int, prior: str = "", more: str = "") -> str:
    """Return the cfg with one head over both maps, each by a convolution of boxes and of classes.

    Both read the layer before the [yolo]'s convolution, as in the papers the end of their towers.
    """
    classes = int(re.search(r"(?m)^classes=(\d+)", text)[1])
    anchors = re.search(r"(?m)^anchors=.*\n", text)[0]
    of_yolo = f"[convolutional]\nfilters={3 * (classes + 5)}\nsize=1\nstride=1\nactivation=linear\n"
    assert text.count(of_yolo) == 2, "expected the two convolutions of cfg/digits.cfg"
    one = "[convolutional]\nfilters={}\nsize=1\nstride=1\nactivation=linear\n"
    both = (
        f"{one.format(3 * 4)}\n[route]\nlayers=-2\n\n"
        f"{one.format(3 * (classes + background))}{prior}\n[route]\nlayers=-3,-1\n"
    )
    first, second = YOLO.findall(text)
    text = text.replace(of_yolo, both).replace(first, "", 1).replace("layers=-4\n", "layers=7\n", 1)
    head = f"[{section}]\nlayers=-1,12\nclasses={classes}\n{anchors}jitter=0.2\n{more}"
    return text.replace(second, head)


HEADS = {
    "anchor": anchored,
    "simota": simota,
    "free": free,
    "yolox": yolox,
    "coupled": coupled,
    "retina": retina,
    "ssd": ssd,
    "centernet": centernet,
}


@dataclass(frozen=True)
class Run:
    """A head, trained on a set from a seed."""

    folder: Path
    name: str  # of the set
    data: Path
    head: str
    seed: int

    @property
    def home(self) -> Path:
        """The folder of its files."""
        return self.folder / f"{self.name}-{self.head}-{self.seed}"

    @property
    def json(self) -> Path:
        """What is known of it once it is done."""
        return self.home.with_suffix(".json")

    @property
    def files(self) -> list[str]:
        """Its .data file and its cfg."""
        return [str(self.home / "run.data"), str(self.home / "run.cfg")]

    def write_files(self, options: argparse.Namespace) -> None:
        """Write its .data file and its cfg, unless they are there."""
        if self.home.is_dir():
            return
        self.home.mkdir(parents=True)
        data = with_option(self.data.read_text(), "backup", str(self.home))
        (self.home / "run.data").write_text(data)
        rate = rate_of(self.head, options.rate)
        (self.home / "run.cfg").write_text(HEADS[self.head](cfg_for(self.data, options, rate)))

    def train(self, seconds: float) -> bool:
        """Train for so many seconds at most; return whether it is done."""
        words = ["detector", "train", *self.files, "-seed", str(self.seed), "-workers", "0"]
        with (self.home / "log.txt").open("a") as log:
            process = subprocess.Popen(
                command(words, "-nogpu", "-dont_show"), stdout=log, stderr=log, env=one_thread()
            )
            try:
                return process.wait(seconds) == 0
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGINT)  # on which it saves its weights and state
                process.wait()
                return False

    def precision(self) -> float | None:
        """Return the mean average precision at an IoU of .5, in 0..1."""
        words = ["detector", "map", *self.files, str(self.home / "run_final.weights")]
        done = subprocess.run(
            command(words, "-nogpu"), capture_output=True, text=True, env=one_thread()
        )
        found = MAP.search(done.stdout)
        return float(found[1]) if found else None


def one_thread() -> dict[str, str]:
    """Return the environment of a process that computes with one thread."""
    return {**os.environ, "OMP_NUM_THREADS": "1"}


def rate_of(head: str, words: list[str]) -> float:
    """Return the learning rate of a head, of words that are for one head or for all others."""
    rates = dict(word.rpartition("=")[::2] for word in words)
    return float(rates.get(head, rates.get("", RATE)))


def cfg_for(data: Path, options: argparse.Namespace, rate: float) -> str:
    """Return cfg/digits.cfg for a data set: its classes, its anchors, the size and the schedule."""
    known = DataFile.read(data)
    images = read_list(known.get_file("train", ""))
    sizes, _ = box_sizes(images, False)
    width, height = map(int, options.size.split("x"))
    text = DIGITS.read_text()
    whole = shortened(text, options.iterations)
    schedule = re.findall(r"(?m)^(max_batches|steps|scales)\s*=(.*)$", whole)
    given = DataSet(known.integer("classes", 1), len(images), sizes)
    text = adapt(DIGITS, text, given, Input(width, height), 1)
    own = {"batch": options.batch, "burn_in": options.iterations // 10}
    own["learning_rate"] = rate
    for key, value in [*schedule, *own.items()]:
        text = with_option(text, key, str(value))
    more = "".join(f"{one}\n" for one in options.set)
    return text.replace("[net]\n", f"[net]\n{more}", 1)


def do(run: Run, options: argparse.Namespace) -> None:
    """Do a run, or go on with it; write its JSON if it is done."""
    if run.json.exists():
        return
    start = time.monotonic()
    if not run.train(60 * options.minutes):
        print(f"{run.home.name}: not done, {run.home}/log.txt", flush=True)
        return
    row = {"set": run.name, "head": run.head, "seed": run.seed, "map": run.precision()}
    row |= {"iterations": options.iterations, "batch": options.batch, "size": options.size}
    row |= {"rate": rate_of(run.head, options.rate), "options": options.set}
    row["seconds"] = round(time.monotonic() - start, 1)
    run.json.write_text(json.dumps(row) + "\n")
    print(json.dumps(row), flush=True)


def error_of(numbers: list[float]) -> float:
    """Return the standard error of a mean; NaN of one number."""
    if len(numbers) < 2:
        return float("nan")
    return statistics.stdev(numbers) / len(numbers) ** 0.5


def table(rows: list[Row]) -> str:
    """Return a line for each set and head."""
    found = {(row["set"], row["head"], row["seed"]): row["map"] for row in rows}
    lines = ["| set | head | seeds | mAP@.5 | gain over anchor |", "|---|---|---|---|---|"]
    for name, head in dict.fromkeys((one, other) for one, other, _ in found):
        values = {seed: value for (a, b, seed), value in found.items() if (a, b) == (name, head)}
        mean = statistics.mean(values.values())
        text = f"{100 * mean:.1f} ± {100 * error_of([*values.values()]):.1f}"
        gains = [
            100 * (value - found[name, "anchor", seed])
            for seed, value in values.items()
            if (name, "anchor", seed) in found and head != "anchor"
        ]
        gain = f"{statistics.mean(gains):+.1f} ± {error_of(gains):.1f}" if gains else ""
        lines.append(f"| {name} | {head} | {len(values)} | {text} | {gain} |")
    return "\n".join(lines)


def main() -> None:
    """Do all runs that are not done, and print the table of those that are."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("folder", type=Path)
    add("data", nargs="+", metavar="NAME=FILE.data")
    add("--heads", nargs="+", choices=[*HEADS], default=[*HEADS])
    add("--seeds", type=int, default=3)
    add("--iterations", type=int, default=400)
    add("--batch", type=int, default=16)
    add("--rate", nargs="+", default=[*RATES], metavar="[HEAD=]RATE")
    add("--set", nargs="+", default=[], metavar="KEY=VALUE", help="more options of [net]")
    add("--size", default="160x112", help="WxH of the input, multiples of 16")
    add("--minutes", type=float, default=6)
    add("--at-once", type=int, default=2)
    options = parser.parse_args()
    folder = options.folder.resolve()
    sets = [one.split("=", 1) for one in options.data]
    runs = [
        Run(folder, name, Path(data), head, seed)
        for seed in range(options.seeds)
        for name, data in sets
        for head in options.heads
    ]
    with redirect_stdout(StringIO()):  # of every label that is read
        for run in runs:
            run.write_files(options)
    with ThreadPoolExecutor(options.at_once) as pool:
        list(pool.map(lambda one: do(one, options), runs))
    print(table([json.loads(one.json.read_text()) for one in runs if one.json.exists()]))


if __name__ == "__main__":
    main()
