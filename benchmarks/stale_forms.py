#!/usr/bin/env python3
"""Try to make a compiled network give the answer of other files, and count the wrong answers.

python benchmarks/stale_forms.py [--attempts 200] [--seed 1]

Each attempt writes a small network, lets it be compiled and used, and then changes what decides
the answer in one of the ways of `stale_kinds.py`, so that it is hard to see. After each change the
same command runs as it is and with -nocache: status, lines and boxes must be the same, but for
1e-4 in boxes and scores. The exit status is 1 if any answer is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shlex
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT), str(Path(__file__).parent)]

from stale_kinds import KINDS, Case  # noqa: E402

from pydarknet.cli import open_any  # noqa: E402  # the copy beside this script
from pydarknet.cli.main import main as pydarknet  # noqa: E402

SETTLE = 2.1  # seconds after which a disk's time of a change tells the next one apart
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
TIME = re.compile(r"(?<=Predicted in )[0-9.]+")
OURS = ("compiled in", "not compiled for")  # notes that only a call with a cache writes
FAR = 1e-4  # of a score or a box, or of its side where that is larger than the image


@dataclass(frozen=True)
class Answer:
    """What a command printed and wrote, and how it ended; `by_torch` says what ran the network."""

    status: int
    out: str
    err: list[str]
    boxes: np.ndarray  # [K, 6]: class, box, score
    by_torch: bool


@dataclass
class Tally:
    """How many answers were compared, how many a form gave, and which are wrong."""

    answers: Counter[str] = field(default_factory=Counter)
    by_form: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def answer(case: Case, *more: str) -> Answer:
    """Run a case's command in its folder and environment."""
    out, err, asked = StringIO(), StringIO(), []
    load = open_any.open_by_torch

    def by_torch(*given: Any, **how: Any) -> Any:
        asked.append(given)
        return load(*given, **how)

    found = Path("found.json")
    found.unlink(missing_ok=True)
    with (
        mock.patch.dict(os.environ, case.variables),
        mock.patch.object(open_any, "open_by_torch", by_torch),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        status = pydarknet([*shlex.split(case.words), "-out", "found.json", *more])
    lines, boxes = err.getvalue().splitlines(), boxes_in(found)
    return Answer(status, TIME.sub("T", out.getvalue()), lines, boxes, bool(asked))


def boxes_in(path: Path) -> np.ndarray:
    """Return the boxes of a JSON file; none if there is none."""
    found = json.loads(path.read_text())[0]["objects"] if path.exists() else []
    rows = [
        [one["class_id"], *one["relative_coordinates"].values(), one["confidence"]] for one in found
    ]
    return np.array(rows, float).reshape(-1, 6)


def difference(one: Answer, other: Answer) -> str:
    """Return what differs between two answers, but for what a cache tells; empty if nothing."""
    if one.status != other.status:
        return f"status {one.status}: expected {other.status}"
    err = [line for line in one.err if not line.startswith(OURS)]
    for mine, theirs in (one.out.splitlines(), other.out.splitlines()), (err, other.err):
        if [NUMBER.sub("0", line) for line in mine] != [NUMBER.sub("0", line) for line in theirs]:
            return f"lines {mine}: expected {theirs}"
    if one.boxes.shape != other.boxes.shape:
        return f"{len(one.boxes)} boxes: expected {len(other.boxes)}"
    apart = np.abs(one.boxes - other.boxes) / (1 + np.abs(other.boxes))
    far = float(apart.max(initial=0))
    return f"boxes differ by {far:g}: expected at most {FAR:g}" if far > FAR else ""


def attempt(
    name: str, case: Case, changes: Iterator[object], tally: Tally, *, again: bool = True
) -> None:
    """Compile a case, and compare its answers after each change; `again` once that is compiled."""
    next(changes)
    used = [answer(case, "-compile"), answer(case)]
    if used[1].by_torch:
        tally.wrong.append(f"{name}: {case.folder}: the first answer is not kept")
    if not len(used[0].boxes):
        tally.wrong.append(f"{name}: {case.folder}: it finds no boxes: nothing is shown")
    for step, _ in enumerate(changes):
        expected = answer(case, "-nocache")
        more = [["-compile"], []] if again else []
        for words in [[], *more]:
            mine = answer(case, *words)
            tally.answers[name] += 1
            tally.by_form[name] += not mine.by_torch
            if problem := difference(mine, expected):
                tally.wrong.append(f"{name}, change {step}: {case.folder}: {problem}")


def run_attempts(
    folder: Path, names: list[str], seeds: list[int], settle: float = SETTLE, *, again: bool = True
) -> Tally:
    """Make a case of each kind in a folder, let their files rest, and run them."""
    tally = Tally()
    cases = [
        (name, Case(folder / f"{number:03}-{name}", random.Random(seed)))
        for number, (name, seed) in enumerate(zip(names, seeds, strict=True))
    ]
    time.sleep(settle)
    variables = {
        "XDG_CACHE_HOME": str(folder / "cache"),
        "LOCALAPPDATA": str(folder / "cache"),
        "PYDARKNET_CACHE_SIZE": "2G",
    }
    before = Path.cwd()
    for name, case in cases:
        change: Callable[[Case], Iterator[object]] = KINDS[name]
        with ExitStack() as stack:
            stack.callback(os.chdir, before)
            stack.enter_context(mock.patch.dict(os.environ, variables))
            for variable in ("DISPLAY", "WAYLAND_DISPLAY", "PYDARKNET_DIALECT"):
                os.environ.pop(variable, None)
            os.chdir(case.folder)
            case.stack = stack
            attempt(name, case, change(case), tally, again=again)
    return tally


def main() -> int:
    """Run the attempts; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--attempts", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=KINDS, help="of this kind alone")
    given = parser.parse_args()
    kinds = [given.kind] if given.kind else list(KINDS)
    names = [kinds[number % len(kinds)] for number in range(given.attempts)]
    with tempfile.TemporaryDirectory() as folder:
        seeds = list(range(given.seed, given.seed + len(names)))
        tally = run_attempts(Path(folder), names, seeds)
    for name, count in Counter(names).items():
        print(
            f"{name:32} {count:3} attempts  {tally.answers[name]:4} answers,"
            f" {tally.by_form[name]:4} of them by a form"
        )
    print(*tally.wrong, sep="\n")
    print(f"{len(names)} attempts, {tally.answers.total()} answers, {len(tally.wrong)} wrong")
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
