"""Files of results: what was measured, on which machine, and with which versions.

A file holds the machine, the versions, and its cases: a network, how many images at once, by how
many threads. A case has the seconds of each program in each round, their medians in milliseconds,
and the ratios to ours: the median of the rounds, and the ends of its interval (bursts.ratio).
"""

from __future__ import annotations

import json
import os
import re
import statistics
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from bursts import ratio
from programs import OURS

FOLDER = Path(__file__).resolve().parent / "results"
PROTOCOL = "bursts"  # of the modules bursts and benchmark; a change of what they do needs another
Content = dict[str, Any]
Case = dict[str, Any]


def place_of(machine: Mapping[str, Any]) -> Path:
    """Return the file of a machine in the folder of results."""
    name = re.sub(r"\(R\)|\(TM\)|CPU|Processor|@.*?GHz", " ", machine["processor"])
    name = re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-")
    return FOLDER / f"{name}-{machine['cores']:g}-cores.json"


def difference(one: Content, other: Content, but: Collection[str] = ()) -> str:
    """Return the first thing in which two files differ, but for some versions; "" if in none."""
    for kind in ("machine", "versions"):
        mine, others = one[kind], other[kind]
        for name in dict.fromkeys([*mine, *others]):
            if name not in but and mine.get(name) != others.get(name):
                return f"{name} {told(mine.get(name))}, and it is {told(others.get(name))}"
    protocols = [content.get("protocol") for content in (one, other)]
    same = protocols[0] == protocols[1]
    return "" if same else f"protocol {protocols[0]}, and it is {protocols[1]}"


def told(value: object) -> str:
    """Return a value of a machine or a version as text."""
    return " ".join(value) if isinstance(value, list) else str(value)


def new(machine: Mapping[str, Any], versions: Mapping[str, str]) -> Content:
    """Return the content of a file in which nothing is measured yet."""
    day = time.strftime("%Y-%m-%d")
    head = {"measured": day, "protocol": PROTOCOL, "note": "", "loads": []}
    return {"machine": dict(machine), "versions": dict(versions), **head, "cases": []}


def open_results(path: Path, fresh: Content) -> Content:
    """Return the content of a file to go on with, or what is fresh if there is none.

    Exits where the file is of another machine or of other versions.
    """
    if not path.exists():
        return fresh
    kept: Content = json.loads(path.read_text())
    if differs := difference(kept, fresh):
        sys.exit(f"{path}: holds results of {differs} here: expected the same, or another file")
    return kept


def save(path: Path, content: Content) -> None:
    """Write a file, a line per case of which a round is kept, with medians and ratios."""
    measured = [case for case in content["cases"] if rounds(case)]
    for case in measured:
        case.update(summary(case["seconds"]))
    head = {name: value for name, value in content.items() if name != "cases"}
    lines = [f" {json.dumps(name)}: {json.dumps(value)}" for name, value in head.items()]
    cases = ",\n".join(f"  {json.dumps(case)}" for case in measured)
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".part")
    half.write_text("{\n" + ",\n".join([*lines, f' "cases": [\n{cases}\n ]']) + "\n}\n")
    os.replace(half, path)


def summary(seconds: Mapping[str, Sequence[float]]) -> Case:
    """Return the medians of programs in milliseconds, and their ratios to ours."""
    ms = {name: significant(1000 * statistics.median(taken)) for name, taken in seconds.items()}
    ratios = {
        name: [round(x, 3) for x in ratio(taken, seconds[OURS])]
        for name, taken in seconds.items()
        if name != OURS
    }
    return {"ms": ms, "ratios": ratios}


def significant(value: float) -> float:
    """Return a value to four digits."""
    return float(f"{value:.4g}")


def find_case(content: Content, network: str, batch: int, threads: int) -> Case:
    """Return a case, which is added if it is not there."""
    for case in content["cases"]:
        if key_of(case) == (network, batch, threads):
            return case
    key = {"network": network, "batch": batch, "threads": threads}
    content["cases"].append({**key, "seconds": {}, "missing": {}})
    return content["cases"][-1]


def key_of(case: Case) -> tuple[str, int, int]:
    """Return what tells a case from others: the network, how many images, how many threads."""
    return case["network"], case["batch"], case["threads"]


def rounds(case: Case) -> int:
    """Return how many rounds of a case are kept."""
    return min(map(len, case["seconds"].values()), default=0)
