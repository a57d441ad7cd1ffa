#!/usr/bin/env python3
"""Let `detector demo` run through an hour of film, with clients that behave badly, and watch it.

    benchmarks/soak_demo.py [--frames 90000] [--size 320x240] [--every 10]

One client of each stream reads all, one asks and reads nothing, and others go away in the middle of
a picture, again and again. Memory, threads and open files of the process are printed; none may grow
after the first minute. As many frames as went in come out: as JSON, and in the film that is
written. Linux alone says so much of a process.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple

import cv2
from machine import headline, machine
from random_network import ROOT

RATE = 25
GROWTH = 1.1  # of memory after the first samples


class Sample(NamedTuple):
    """What Linux says of a process: memory in MB, threads, open files."""

    memory: int
    threads: int
    files: int


def write_film(path: Path, frames: int, size: tuple[int, int]) -> None:
    """Write a film in which digits move."""
    scene = cv2.resize(cv2.imread(str(ROOT / "data/digits.png")), (2 * size[0], 2 * size[1]))
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), RATE, size)
    for index in range(frames):
        left, top = abs(index % 400 - 200) * size[0] // 200, abs(index % 260 - 130) * size[1] // 130
        video.write(scene[top : top + size[1], left : left + size[0]])
    video.release()


def sample(process: int) -> Sample:
    """Return what a process holds now."""
    status = dict(
        line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines()
    )
    memory = int(status["VmRSS"].split()[0]) // 1024
    return Sample(memory, int(status["Threads"]), len(os.listdir(f"/proc/{process}/fd")))


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
        self.stalled = [call(port) for port in ports]
        self.threads = [
            threading.Thread(target=work, args=(port,), daemon=True)
            for port in ports
            for work in (self.read_all, self.go_away)
        ]
        for thread in self.threads:
            thread.start()

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


def main() -> None:
    """Run the demo; print a line a sample, and a verdict."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--frames", type=int, default=90_000)
    parser.add_argument("--size", default="320x240")
    parser.add_argument("--every", type=float, default=10)
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    print(headline(machine()))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_film(folder / "film.mp4", options.frames, (width, height))
        for name in ("cfg/digits.cfg", "cfg/digits.data", "weights/digits.weights"):
            shutil.copy(ROOT / name, folder)
        sys.exit(watch(folder, options.frames, options.every))


def watch(folder: Path, frames: int, every: float) -> int:
    """Run the demo in a folder and watch it; return 1 if anything grows or is lost."""
    ports = [free_port(), free_port()]
    words = ["detector", "demo", "digits.data", "digits.cfg", "digits.weights", "film.mp4"]
    flags = ["-dont_show", "-json_port", str(ports[0]), "-mjpeg_port", str(ports[1])]
    outputs = ["-json_file_output", "boxes.json", "-out_filename", "drawn.avi"]
    start = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "pydarknet", *words, *flags, *outputs],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    clients = Clients(ports)
    samples: list[Sample] = []
    while process.poll() is None:
        time.sleep(every)
        try:
            samples.append(sample(process.pid))
        except (OSError, KeyError):  # it ended meanwhile
            break
        print(f"{time.monotonic() - start:6.0f} s: {samples[-1]}, {clients.gone} went", flush=True)
    clients.ended.set()
    status = process.wait()
    seconds = time.monotonic() - start
    told = len(json.loads((folder / "boxes.json").read_text()))
    video = cv2.VideoCapture(str(folder / "drawn.avi"))
    drawn = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
    print(f"{frames} frames in, {told} in JSON, {drawn} in the film, status {status}")
    print(f"{frames / seconds:.0f} frames a second; clients read {list(clients.read.values())}")
    steady = samples[max(2, int(60 / every)) :] or samples[-1:]
    flat = steady[-1].memory <= GROWTH * steady[0].memory and all(
        one.threads <= steady[0].threads + 4 and one.files <= steady[0].files + 8 for one in steady
    )
    print("flat" if flat else "IT GROWS")
    return 0 if flat and told == drawn == frames and status == 0 else 1


if __name__ == "__main__":
    main()
