#!/usr/bin/env python3
"""Measure how long commands take to start, relative to `import torch` alone.

python benchmarks/measure_startup.py [rounds]
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
CASE = PROJECT / "tests" / "reference" / "infer_pj_yolov3_a"
BARE = "python -c 'import torch'"


def commands() -> dict[str, list[str]]:
    """Return the measured commands: the words after `python`, by name."""
    program = ["-m", "pydarknet"]
    net = [str(CASE / name) for name in ("net.data", "net.cfg", "net.weights")]
    tiny = str(PROJECT / "cfg" / "yolov3-tiny.cfg")
    test = [*program, "detector", "test", *net, str(CASE / "input.png"), "-dont_show"]
    return {
        BARE: ["-c", "import torch"],
        "python -c 'import torch, cv2, numpy'": ["-c", "import torch, cv2, numpy"],
        "python -c 'import pydarknet'": ["-c", "import pydarknet"],
        "pydarknet --help": [*program, "--help"],
        "pydarknet install-shim": [*program, "install-shim", "shim"],
        "pydarknet ops cfg/yolov3-tiny.cfg": [*program, "ops", tiny],
        "pydarknet detector test (a small network)": test,
    }


def seconds(words: list[str], folder: str) -> float:
    """Return the seconds of one run."""
    paths = [str(PROJECT), os.environ.get("PYTHONPATH", "")]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    environment["PYTHONPYCACHEPREFIX"] = str(Path(folder, "compiled"))  # as pip compiles
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, *words], cwd=folder, env=environment, capture_output=True, check=True
    )
    return time.perf_counter() - start


def main() -> None:
    """Print median and least time of each command, and their ratios to those of the first."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    named = commands()
    times: dict[str, list[float]] = {name: [] for name in named}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "net.names").write_text((CASE / "net.names").read_text())
        for turn in range(rounds + 2):
            for name, words in named.items():
                took = seconds(words, folder)
                if turn > 1:  # the first turns fill the caches
                    times[name].append(took)
    median, least = statistics.median(times[BARE]), min(times[BARE])
    print(f"{'':42} median  ratio   least  ratio")
    for name, several in times.items():
        m, s = statistics.median(several), min(several)
        print(f"{name:42} {m:5.2f} s  {m / median:5.2f} {s:5.2f} s  {s / least:5.2f}")


if __name__ == "__main__":
    main()
