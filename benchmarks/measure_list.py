#!/usr/bin/env python3
"""Measure `detector test` on a list of images against a C program: whole commands with start-up.

    benchmarks/measure_list.py path/to/darknet [--images 200] [--threads 2] [--runs 3]

The network and the images are those of measure_map.py; the list comes from stdin.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure_map import command_line, environment, title, write_files


def seconds(program: list[str], folder: Path, threads: int) -> float:
    """Return the seconds of a command on the list, from start to exit."""
    words = ["detector", "test", "net.data", "net.cfg", "net.weights", "-dont_show"]
    start = time.perf_counter()
    with open(folder / "list.txt") as paths:
        done = subprocess.run(
            [*program, *words],
            stdin=paths,
            cwd=folder,
            env=environment(threads),
            capture_output=True,
        )
    took = time.perf_counter() - start
    count = done.stdout.count(b"Predicted in")
    if count != len((folder / "list.txt").read_text().split()):
        sys.exit(f"{program[0]}: {count} images detected: {done.stderr[-400:].decode()}")
    return took


def main() -> None:
    """Run both in turn; print the times of each round, and the median of their ratios."""
    options = command_line(__doc__, runs=3)
    print(title(options.threads))
    ours, theirs = [sys.executable, "-m", "pydarknet"], [str(options.darknet.resolve())]
    times: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as place:
        write_files(Path(place), options.images)
        for _ in range(options.runs):
            times.append(tuple(seconds(p, Path(place), options.threads) for p in (ours, theirs)))
            print("pydarknet {:.1f} s, darknet {:.1f} s".format(*times[-1]), flush=True)
    ratio = statistics.median(other / mine for mine, other in times)
    print(f"{options.images} images: pydarknet is {ratio:.2f} times as fast")


if __name__ == "__main__":
    main()
