#!/usr/bin/env python3
"""Measure `detector test` on a list of images beside a C Darknet: whole commands, start-up and all.

    benchmarks/measure_list.py path/to/darknet [--pictures 200] [--threads 2] [--runs 3]

The network and the pictures are those of measure_map.py; the list comes in by stdin.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure_map import ROOT, arguments, make


def seconds(program: list[str], folder: Path, threads: int) -> float:
    """Return how long a command takes for the list, start and end included."""
    words = ["detector", "test", "net.data", "net.cfg", "net.weights", "-dont_show"]
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONPATH": str(ROOT)}
    start = time.perf_counter()
    with open(folder / "list.txt") as paths:
        done = subprocess.run(
            [*program, *words], stdin=paths, cwd=folder, env=environment, capture_output=True
        )
    took = time.perf_counter() - start
    told = done.stdout.count(b"Predicted in")
    if told != len((folder / "list.txt").read_text().split()):
        sys.exit(f"{program[0]}: {told} images answered: {done.stderr[-400:].decode()}")
    return took


def main() -> None:
    """Run both by turns, and print their medians and the ratio of each round."""
    asked = arguments(__doc__, runs=3)
    ours, theirs = [sys.executable, "-m", "pydarknet"], [str(asked.darknet.resolve())]
    times: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as place:
        make(Path(place), asked.pictures)
        for _ in range(asked.runs):
            times.append(tuple(seconds(p, Path(place), asked.threads) for p in (ours, theirs)))
            print("pydarknet {:.1f} s, darknet {:.1f} s".format(*times[-1]), flush=True)
    ratio = statistics.median(other / mine for mine, other in times)
    print(f"{asked.pictures} images: pydarknet is {ratio:.2f} times as fast")


if __name__ == "__main__":
    main()
