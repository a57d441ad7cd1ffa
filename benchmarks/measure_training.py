"""Measure time and memory of a training iteration, with data loading, against a C program.

python benchmarks/measure_training.py --darknet PATH [--cfg yolov3-tiny.cfg] [--threads 1 2]
    [--amp bf16]

Both train the same cfg on the same images, in turn. A time is that from the end of one iteration to
the end of the next, as the programs print it; the first iteration of a run does not count.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
from machine import headline, machine, versions

ROOT = Path(__file__).parent.parent
LINES = re.compile(r"Loaded: ([\d.]+) seconds|rate, ([\d.]+) seconds")


def write_data(folder: Path, images: int, batches: int, options: argparse.Namespace) -> None:
    """Write JPEGs with ten boxes each, their list, a .data file, and the cfg."""
    rng = np.random.default_rng(1)
    names = []
    for index in range(images):
        small = rng.integers(0, 255, (15, 20, 3), dtype=np.uint8)
        image = cv2.resize(small, (640, 480), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(folder / f"{index}.jpg"), image)
        boxes = rng.uniform([0.3, 0.3, 0.1, 0.1], [0.7, 0.7, 0.5, 0.5], (10, 4))
        rows = [f"{rng.integers(80)} {' '.join(f'{v:.4f}' for v in box)}\n" for box in boxes]
        (folder / f"{index}.txt").write_text("".join(rows))
        names.append(f"{folder}/{index}.jpg\n")
    (folder / "train.txt").write_text("".join(names))
    (folder / "run.data").write_text(
        f"classes=80\ntrain={folder}/train.txt\nbackup={folder}\nnames=data/coco.names\n"
    )
    text = (ROOT / "cfg" / options.cfg).read_text()
    for key, value in (("batch", options.batch), ("subdivisions", 1), ("max_batches", batches)):
        text = re.sub(rf"(?m)^{key}\s*=.*$", f"{key}={value}", text)
    (folder / "run.cfg").write_text(re.sub(r"(?m)^random\s*=.*$", "random=0", text))


def run(command: list[str], folder: Path, threads: int) -> tuple[list[float], float]:
    """Train; return the seconds of all iterations but the first, and the peak memory in MiB."""
    env = {**os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, __file__, "--child", *command],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
    )
    times: list[float] = []
    waited = 0.0
    for loaded, trained in LINES.findall(done.stdout):
        if loaded:
            waited = float(loaded)
        else:
            times.append(waited + float(trained))
    if len(times) < 2:
        sys.exit(f"{command[0]} did not train:\n{done.stdout[-500:]}\n{done.stderr[-1500:]}")
    peak = float(done.stderr.rsplit("peak ", 1)[1].split()[0])
    return times[1:], peak


def child(command: list[str]) -> None:
    """Run a command, and print the peak memory of it or one of its processes."""
    status = subprocess.run(command).returncode
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"\npeak {peak:.0f} MiB", file=sys.stderr)
    sys.exit(status)


def main() -> None:
    """Measure both programs in turn, and print the ratios."""
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2:])
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--darknet", required=True, help="the C program")
    parser.add_argument("--cfg", default="yolov3-tiny.cfg")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--batches", type=int, default=5, help="iterations per run")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--amp", default="off", help="in which ours trains: bf16 on some CPUs")
    options = parser.parse_args()
    print(f"{headline(machine())}\n{versions(('torch', 'numpy', 'opencv'))}", flush=True)
    files = ["detector", "train", "run.data", "run.cfg"]
    ours = [sys.executable, "-m", "pydarknet", *files, "-dialect", "alexeyab", "-clear"]
    ours += ["-amp", options.amp]
    theirs = [str(Path(options.darknet).resolve()), *files, "-dont_show"]
    with tempfile.TemporaryDirectory() as name:
        write_data(Path(name), 32, options.batches, options)
        for threads in options.threads:
            times: dict[str, list[float]] = {"ours": [], "theirs": []}
            peaks = dict.fromkeys(times, 0.0)
            for _ in range(options.rounds):
                for who, command in (("ours", ours), ("theirs", theirs)):
                    seconds, peak = run(command, Path(name), threads)
                    times[who] += seconds
                    peaks[who] = max(peaks[who], peak)
            mine, other = (statistics.median(times[who]) for who in ("ours", "theirs"))
            print(
                f"{options.cfg} batch {options.batch}, {threads} threads: {mine:.2f} s, theirs"
                f" {other:.2f} s: {other / mine:.2f} times as fast; peak {peaks['ours']:.0f} MiB,"
                f" theirs {peaks['theirs']:.0f} MiB",
                flush=True,
            )


if __name__ == "__main__":
    main()
