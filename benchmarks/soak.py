#!/usr/bin/env python3
"""Let a training, a long list or a demo run for long, and watch what its processes hold.

    benchmarks/soak.py train [--minutes 10]      # with -map, every hundred iterations
    benchmarks/soak.py list [--images 100000]    # of 96x64, by detector test
    benchmarks/soak.py demo [--frames 90000]     # with clients that stall and go away

Memory, threads and open files of the command and all that it started are sampled. Their medians in
the last quarter may hardly be above those of the first; 90 seconds before do not count. In a list,
and in a demo's JSON and film, as many come out as went in. Linux alone says so much of a process.
The command has one thread, so that it gets on where others have the other cores.

Of the demo's clients, one of each stream reads all, one asks and reads nothing, and others go away
in the middle of a picture, again and again.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, NamedTuple

import cv2
import numpy as np
from machine import headline, machine
from random_network import ROOT

RATE = 25
WARM = 90  # seconds that do not count
GROWTH = 1.03  # of memory
OPEN = 2  # files that are open at the moment, now and then
CFG = """[net]
batch=8
width=64
height=64
channels=3
learning_rate=0.001
burn_in=100
max_batches=10000000
mosaic=1
[convolutional]
batch_normalize=1
filters=8
size=3
stride=4
pad=1
activation=leaky
[convolutional]
batch_normalize=1
filters=16
size=3
stride=4
pad=1
activation=mish
[convolutional]
filters=14
activation=linear
[yolo]
mask=0,1
anchors=8,8,16,16
num=2
classes=2
"""


class Sample(NamedTuple):
    """What Linux says of processes: memory in MB, shared pages by their shares; and two counts."""

    memory: float
    threads: int
    files: int


def tree(process: int) -> list[int]:
    """Return a process and all that it started."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [process, *(one for child in children for one in tree(int(child)))]


def sample_one(process: int) -> Sample:
    """Return what a process holds now."""
    pages = Path(f"/proc/{process}/smaps_rollup").read_text()
    memory = next(line.split()[1] for line in pages.splitlines() if line.startswith("Pss:"))
    threads = len(os.listdir(f"/proc/{process}/task"))
    return Sample(int(memory) / 1024, threads, len(os.listdir(f"/proc/{process}/fd")))


def sample(process: int) -> Sample:
    """Return what a process and all that it started hold now."""
    found = [Sample(0, 0, 0)]
    for one in tree(process):
        try:
            found.append(sample_one(one))
        except (OSError, StopIteration):  # it ended meanwhile
            if one == process:
                raise
    return Sample(*map(sum, zip(*found, strict=True)))


def watch(
    words: Sequence[str],
    folder: Path,
    every: float,
    seconds: float = 0,
    stdin: IO[str] | None = None,
) -> tuple[list[Sample], int]:
    """Run a command in a folder, and return its samples and its status.

    After `seconds`, if any, it is ended by SIGINT.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "pydarknet", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        stdin=stdin or subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    start, samples = time.monotonic(), []
    while process.poll() is None:
        time.sleep(every)
        try:
            samples.append(sample(process.pid))
        except (OSError, StopIteration):  # it ended meanwhile
            break
        if len(samples) % 10 == 0:
            print(f"{time.monotonic() - start:6.0f} s: {samples[-1]}", flush=True)
        if seconds and time.monotonic() - start > seconds:
            process.send_signal(signal.SIGINT)
            break
    status = process.wait()
    print(f"{time.monotonic() - start:.0f} s, status {status}")
    return samples, status


def is_flat(samples: Sequence[Sample], every: float) -> bool:
    """Print the medians of the first and the last quarter; return whether nothing grew."""
    steady = samples[int(WARM / every) :] or samples
    quarter = max(len(steady) // 4, 1)
    first, last = (
        Sample(*(statistics.median(column) for column in zip(*some, strict=True)))
        for some in (steady[:quarter], steady[-quarter:])
    )
    enough = first.memory * GROWTH, first.threads, first.files + OPEN
    flat = all(after <= most for after, most in zip(last, enough, strict=True))
    for name, before, after in zip(Sample._fields, first, last, strict=True):
        print(f"{name}: {before:.0f} in the first quarter, {after:.0f} in the last")
    print(f"{len(steady)} samples: {'flat' if flat else 'IT GROWS'}")
    return flat


def scene(width: int, height: int) -> np.ndarray:
    """Return a picture of digits."""
    return cv2.resize(cv2.imread(str(ROOT / "data/digits.png")), (width, height))


def soak_train(folder: Path, options: argparse.Namespace) -> bool:
    """Train a small detector on random images, with -map, until it is interrupted."""
    draws = np.random.default_rng(5)
    for index in range(60):
        cv2.imwrite(
            str(folder / f"{index}.png"), draws.integers(0, 255, (60, 80, 3), dtype=np.uint8)
        )
        (folder / f"{index}.txt").write_text("0 .4 .4 .3 .3\n1 .6 .5 .2 .4\n")
    (folder / "run.list").write_text("".join(f"{index}.png\n" for index in range(60)))
    (folder / "run.names").write_text("a\nb\n")
    (folder / "run.data").write_text(
        "classes=2\ntrain=run.list\nvalid=run.list\nnames=run.names\nbackup=.\n"
    )
    (folder / "run.cfg").write_text(CFG)
    words = ["detector", "train", "run.data", "run.cfg", "-map", "-dont_show"]
    samples, status = watch(words, folder, options.every, seconds=60 * options.minutes)
    seen = np.fromfile(folder / "run_last.weights", "<u8", 1, offset=12)[0]
    print(f"{seen // 8} iterations")
    return is_flat(samples, options.every) and status == 128 + signal.SIGINT


def copy_digits(folder: Path) -> None:
    """Copy what the detector of digits needs into a folder."""
    for name in ("cfg/digits.cfg", "cfg/digits.data", "weights/digits.weights"):
        shutil.copy(ROOT / name, folder)


def soak_list(folder: Path, options: argparse.Namespace) -> bool:
    """Find boxes in a list of small images."""
    copy_digits(folder)
    text = (folder / "digits.cfg").read_text()
    small = text.replace("width=224", "width=96").replace("height=160", "height=64")
    (folder / "digits.cfg").write_text(small)
    picture = scene(400, 300)
    (folder / "images").mkdir()
    with open(folder / "list.txt", "w") as listed:
        for index in range(options.images):
            left, top = index % 304, index // 304 % 236
            path = f"images/{index}.jpg"
            cv2.imwrite(str(folder / path), picture[top : top + 64, left : left + 96])
            listed.write(f"{path}\n")
    words = ["detector", "test", "digits.data", "digits.cfg", "digits.weights", "-dont_show"]
    with open(folder / "list.txt") as paths:
        samples, status = watch([*words, "-out", "found.json"], folder, options.every, stdin=paths)
    told = len(json.loads((folder / "found.json").read_text()))
    print(f"{options.images} images in, {told} in JSON")
    return is_flat(samples, options.every) and told == options.images and status == 0


def write_film(path: Path, frames: int, size: tuple[int, int]) -> None:
    """Write a film in which digits move."""
    whole = scene(2 * size[0], 2 * size[1])
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), RATE, size)
    for index in range(frames):
        left, top = abs(index % 400 - 200) * size[0] // 200, abs(index % 260 - 130) * size[1] // 130
        video.write(whole[top : top + size[1], left : left + size[0]])
    video.release()


def free_port() -> int:
    """Return a port that nobody has."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def call(port: int) -> socket.socket:
    """Ask a port for its stream, as soon as it is there."""
    while True:
        try:
            client = socket.create_connection(("127.0.0.1", port), timeout=30)
        except OSError:
            time.sleep(0.05)
            continue
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        return client


class Clients:
    """Clients of both ports: one that reads all, one that stalls, and one that goes away."""

    def __init__(self, ports: list[int]) -> None:
        self.ports = ports
        self.read = dict.fromkeys(ports, 0)
        self.gone = 0
        self.ended = threading.Event()
        self.stalled: list[socket.socket] = []
        for port in ports:
            for work in (self.read_all, self.go_away, self.stall):
                threading.Thread(target=work, args=(port,), daemon=True).start()

    def stall(self, port: int) -> None:
        """Ask, and read nothing."""
        self.stalled.append(call(port))

    def read_all(self, port: int) -> None:
        """Read a stream to its end."""
        with call(port) as client:
            while part := client.recv(1 << 16):
                self.read[port] += len(part)

    def go_away(self, port: int) -> None:
        """Take a few bytes and go, until the end."""
        while not self.ended.wait(0.2):
            try:
                with call(port) as client:
                    client.recv(700)
            except OSError:
                pass
            self.gone += 1


def soak_demo(folder: Path, options: argparse.Namespace) -> bool:
    """Run the demo through a film, with clients of both its ports."""
    copy_digits(folder)
    write_film(folder / "film.mp4", options.frames, (320, 240))
    ports = [free_port(), free_port()]
    words = ["detector", "demo", "digits.data", "digits.cfg", "digits.weights", "film.mp4"]
    flags = ["-dont_show", "-json_port", str(ports[0]), "-mjpeg_port", str(ports[1])]
    outputs = ["-json_file_output", "boxes.json", "-out_filename", "drawn.avi"]
    clients = Clients(ports)
    samples, status = watch([*words, *flags, *outputs], folder, options.every)
    clients.ended.set()
    told = len(json.loads((folder / "boxes.json").read_text()))
    drawn = int(cv2.VideoCapture(str(folder / "drawn.avi")).get(cv2.CAP_PROP_FRAME_COUNT))
    print(f"{options.frames} frames in, {told} in JSON, {drawn} in the film")
    print(f"clients: {clients.gone} went away, and read {list(clients.read.values())} bytes")
    return is_flat(samples, options.every) and told == drawn == options.frames and status == 0


def main() -> None:
    """Run what is asked for; exit with status 1 if anything grew or was lost."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=["train", "list", "demo"])
    parser.add_argument("--minutes", type=float, default=10, help="of the training")
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--frames", type=int, default=90_000)
    parser.add_argument("--every", type=float, default=5, help="seconds between two samples")
    options = parser.parse_args()
    print(headline(machine()), flush=True)
    soaks = {"train": soak_train, "list": soak_list, "demo": soak_demo}
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(0 if soaks[options.what](Path(folder), options) else 1)


if __name__ == "__main__":
    main()
