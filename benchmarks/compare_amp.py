#!/usr/bin/env python3
"""Train a detector with and without -amp bf16 on a CPU, and compare their mean average precision.

    benchmarks/compare_amp.py my.data my.cfg FOLDER [--seeds 3] [--iterations 300] [--minutes 10]
        [--classes 3 --anchors 12,12,...] [--set batch=8 width=160 ...]

Each seed trains twice from its first weights, on the same images: `-amp off` and `-amp bf16`. Then
both networks are evaluated on the images of `valid`, in float and by `-precision bf16`. FOLDER
keeps the trainings and a row for each in rows.json. The same command goes on where it was stopped,
by Ctrl-C or after so many minutes, and then prints the table of all rows. --iterations shortens the
schedule, --classes and --anchors make the cfg one for other data, --set changes options of [net].
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
WORDS = ("off", "bf16")
PRECISIONS = ("float", "bf16")
MAP = re.compile(r"\(mAP@0\.50\) = ([\d.]+)")
Row = dict[str, Any]


@dataclass(frozen=True)
class Training:
    """One training: its folder, and what it is called with."""

    folder: Path
    seed: int
    amp: str
    iterations: int

    @property
    def name(self) -> str:
        """What distinguishes it from others of the same data and cfg."""
        return f"{self.amp}-{self.seed}-{self.iterations}"

    @property
    def home(self) -> Path:
        """The folder of its own files."""
        return self.folder / self.name

    @property
    def files(self) -> list[str]:
        """Its .data file and its cfg."""
        return [str(self.home / "run.data"), str(self.home / "run.cfg")]

    def write_files(self, data: str, cfg: str) -> None:
        """Write its .data file, with a folder for weights, and its cfg, unless they are there."""
        if self.home.is_dir():
            return
        self.home.mkdir(parents=True)
        (self.home / "run.data").write_text(with_option(data, "backup", str(self.home)))
        (self.home / "run.cfg").write_text(cfg)

    def run(self, seconds: float) -> bool:
        """Train for so many seconds at most; return whether it is done."""
        if (self.home / "run_final.weights").is_file():
            return True
        words = ["detector", "train", *self.files, "-amp", self.amp, "-seed", str(self.seed)]
        words += ["-workers", "1"]
        with (self.home / "log.txt").open("a") as log:
            process = subprocess.Popen(command(words, "-nogpu"), stdout=log, stderr=log)
            try:
                status = process.wait(seconds)
            except (subprocess.TimeoutExpired, KeyboardInterrupt):
                process.send_signal(signal.SIGINT)  # on which it saves its weights and state
                process.wait()
                return False
        if status:
            sys.exit(f"the training failed: {self.home / 'log.txt'} says why")
        return True

    def precision(self, word: str) -> float:
        """Return the mean average precision in percent, computed in a precision."""
        words = ["detector", "map", *self.files, str(self.home / "run_final.weights")]
        done = subprocess.run(
            command(words, "-nogpu", "-precision", word), capture_output=True, text=True
        )
        found = MAP.search(done.stdout)
        if found is None:
            sys.exit(f"{self.home} cannot be evaluated: {done.stderr[-500:]}")
        return 100 * float(found[1])


def command(words: Sequence[str], *flags: str) -> list[str]:
    """Return the words that run a command of the copy of pydarknet beside this script."""
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from pydarknet.cli.main import entry"
    return [sys.executable, "-c", f"{code}; entry()", *words, *flags]


def with_option(text: str, key: str, value: str) -> str:
    """Return the text of a .data file or of [net] with an option that has this value."""
    changed, count = re.subn(rf"(?m)^{key}\s*=.*$", f"{key}={value}", text)
    return changed if count else f"{text.rstrip()}\n{key}={value}\n"


def shortened(cfg: str, iterations: int) -> str:
    """Return a cfg whose schedule is shrunk to so many iterations."""
    whole = int(re.search(r"(?m)^max_batches\s*=\s*(\d+)", cfg)[1])
    for key in ("max_batches", "burn_in", "steps"):
        found = re.search(rf"(?m)^{key}\s*=\s*([\d, ]+)$", cfg)
        if found:
            numbers = [max(int(one) * iterations // whole, 1) for one in found[1].split(",")]
            cfg = with_option(cfg, key, ",".join(map(str, numbers)))
    return cfg


def adapted(cfg: str, classes: int, anchors: str) -> str:
    """Return the cfg of a yolo detector for other data; filters before heads follow."""
    before = int(re.search(r"(?m)^classes\s*=\s*(\d+)", cfg)[1])
    heads = 3  # anchors of each
    cfg = cfg.replace(f"filters={heads * (before + 5)}\n", f"filters={heads * (classes + 5)}\n")
    return with_option(with_option(cfg, "classes", str(classes)), "anchors", anchors)


def rows_of(path: Path) -> dict[str, Row]:
    """Return the rows of a file by the names of their trainings."""
    return json.loads(path.read_text()) if path.is_file() else {}


def paired(rows: Mapping[str, Row], value: str, other: str) -> list[tuple[float, float]]:
    """Return what two kinds of results are for the same seed and schedule.

    A kind is `AMP PRECISION`, such as `off float`.
    """
    tables = []
    for kind in (value, other):
        amp, precision = kind.split()
        some = [row for row in rows.values() if row["amp"] == amp]
        tables.append({(row["seed"], row["iterations"]): row[precision] for row in some})
    both = sorted(tables[0].keys() & tables[1].keys())
    return [(tables[0][key], tables[1][key]) for key in both]


def line(rows: Mapping[str, Row], value: str, other: str) -> str:
    """Return the line that compares two kinds of results."""
    pairs = paired(rows, value, other)
    if not pairs:
        return f"{other} beside {value}: no pair yet"
    changes = [second - first for first, second in pairs]
    error = statistics.stdev(changes) / len(changes) ** 0.5 if len(changes) > 1 else float("nan")
    first, second = (statistics.mean(column) for column in zip(*pairs, strict=True))
    return (
        f"{other} beside {value}: mAP {second:.2f} and {first:.2f}, of {len(pairs)} trainings;"
        f" difference {statistics.mean(changes):+.2f}, standard error {error:.2f}"
    )


def report(rows: Mapping[str, Row]) -> str:
    """Return the table of all rows, and what they say together."""
    head = f"{'training':16} {'mAP float':>10} {'mAP bf16':>10} {'s':>7}"
    table = [
        f"{name:16} {row['float']:10.2f} {row['bf16']:10.2f} {row['seconds']:7.0f}"
        for name, row in sorted(rows.items())
    ]
    compared = [line(rows, "off float", "bf16 float"), line(rows, "off float", "off bf16")]
    return "\n".join([head, *table, *compared])


def train_all(trainings: Sequence[Training], texts: tuple[str, str], minutes: float) -> None:
    """Train and evaluate what has no row yet, until the time is over."""
    began = time.monotonic()
    for one in trainings:
        path = one.folder / "rows.json"
        rows = rows_of(path)
        left = minutes * 60 - (time.monotonic() - began)
        if one.name in rows or left <= 0:
            continue
        one.write_files(*texts)
        start, spent = time.monotonic(), one.home / "seconds.txt"
        done = one.run(left)
        total = time.monotonic() - start + (float(spent.read_text()) if spent.is_file() else 0)
        spent.write_text(str(total))
        if done:
            found = {word: one.precision(word) for word in PRECISIONS}
            row = {"seed": one.seed, "amp": one.amp, "iterations": one.iterations, **found}
            path.write_text(json.dumps({**rows, one.name: {**row, "seconds": total}}, indent=1))


def main() -> None:
    """Train what is left, and print what is known."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("cfg", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--iterations", type=int, default=300)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--classes", type=int)
    parser.add_argument("--anchors")
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE")
    options = parser.parse_args()
    cfg = options.cfg.read_text()
    if options.classes:
        cfg = adapted(cfg, options.classes, options.anchors)
    for option in options.set:
        cfg = with_option(cfg, *option.split("=", 1))
    texts = options.data.read_text(), shortened(cfg, options.iterations)
    trainings = [
        Training(options.folder, seed, word, options.iterations)
        for seed in range(1, options.seeds + 1)
        for word in WORDS
    ]
    train_all(trainings, texts, options.minutes)
    print(report(rows_of(options.folder / "rows.json")))


if __name__ == "__main__":
    main()
