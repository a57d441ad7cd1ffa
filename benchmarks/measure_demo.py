#!/usr/bin/env python3
"""Measure `detector demo` on a film against a C program that was built with OpenCV, in one run.

    benchmarks/measure_demo.py path/to/darknet [--cfg yolov3-tiny.cfg] [--frames 600] [--threads 2]
        [--runs 3] [--film]

The film is made of the digits in data/digits.png, 768 x 576. A cfg has random weights; `digits.cfg`
is the built-in model, which finds boxes. With `--film` both write a film, too. What is compared is
`AVG_FPS:`, the mean of its windows of three seconds, as both print it.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
from machine import headline, machine, versions
from random_network import ROOT, write_network

SIZE = (768, 576)
RATE = 25
AVERAGE = re.compile(rb"AVG_FPS:(\d+\.\d)")


def write_film(path: Path, frames: int) -> None:
    """Write a film in which digits move."""
    scene = cv2.resize(cv2.imread(str(ROOT / "data/digits.png")), (2 * SIZE[0], 2 * SIZE[1]))
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), RATE, SIZE)
    for index in range(frames):
        place = abs(index % 512 - 256)
        left, top = 3 * place, 2 * place
        video.write(scene[top : top + SIZE[1], left : left + SIZE[0]])
    video.release()


def write_files(folder: Path, cfg: str, frames: int) -> None:
    """Write film, network and names into a folder."""
    write_film(folder / "film.avi", frames)
    (folder / "data").mkdir()
    if cfg == "digits.cfg":
        shutil.copy(ROOT / "cfg/digits.cfg", folder / "net.cfg")
        shutil.copy(ROOT / "weights/digits.weights", folder / "net.weights")
        names = ROOT / "data/digits.names"
    else:
        write_network(folder, ROOT / "cfg" / cfg)
        names = ROOT / "data/coco.names"
    classes = len(names.read_text().split("\n")) - 1
    (folder / "net.data").write_text(f"classes={classes}\nnames={names}\n")


def rate(program: list[str], folder: Path, threads: int, film: bool) -> float:
    """Return the mean of the averages that a demo of the film printed, each window once."""
    words = ["detector", "demo", "net.data", "net.cfg", "net.weights", "film.avi", "-dont_show"]
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": str(threads),
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "",
    }
    out = ["-out_filename", "out.avi"] if film else []
    done = subprocess.run(
        [*program, *words, *out], cwd=folder, env=environment, capture_output=True
    )
    told = [float(one) for one in AVERAGE.findall(done.stdout)]
    windows = [now for before, now in zip([0.0, *told], told, strict=False) if now != before]
    if not windows:
        sys.exit(f"{program[0]}: no window of three seconds: {done.stderr[-400:].decode()}")
    return statistics.mean(windows)


def main() -> None:
    """Run both by turns; print the rates of each round, and the median of their ratios."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("darknet", type=Path)
    parser.add_argument("--cfg", default="yolov3-tiny.cfg")
    parser.add_argument("--frames", type=int, default=600)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--film", action="store_true")
    options = parser.parse_args()
    print(headline(machine()))
    print(versions(("torch", "numpy", "opencv")))
    ours, theirs = [sys.executable, "-m", "pydarknet"], [str(options.darknet.resolve())]
    rounds: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as place:
        write_files(Path(place), options.cfg, options.frames)
        for _ in range(options.runs):
            pair = [rate(p, Path(place), options.threads, options.film) for p in (ours, theirs)]
            rounds.append((pair[0], pair[1]))
            print("pydarknet {:.1f}, darknet {:.1f} frames a second".format(*pair), flush=True)
    ratio = statistics.median(mine / other for mine, other in rounds)
    print(f"{options.cfg}: pydarknet is {ratio:.2f} times as fast")


if __name__ == "__main__":
    main()
