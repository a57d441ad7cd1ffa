#!/usr/bin/env python3
"""Measure what clients of the streams cost a film: time a frame, memory, threads and handles.

    benchmarks/measure_streams.py [--frames 90000] [--size 320x240] [--rate 1500]

90000 frames are an hour at 25 a second; they are published as fast as `--rate` allows, without a
network. Meanwhile one client reads JSON, one reads pictures, one takes nothing, and one after the
other leaves in mid-frame. Memory, threads and handles are printed ten times: they stay.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
import threading
import time
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from pydarknet.serving.hub import Hub, Shown, serve_streams

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
REPORTS = 10


class Reader:
    """A client that counts what it reads: marks, which stand once in each frame."""

    def __init__(self, port: int, mark: bytes) -> None:
        self.mark, self.count, self.bytes = mark, 0, 0
        self.client = socket.create_connection(("127.0.0.1", port))
        self.client.sendall(GET)
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self) -> None:
        """Read to the end."""
        rest = b""
        with self.client:
            while part := self.client.recv(1 << 16):
                self.bytes += len(part)
                rest += part
                self.count += rest.count(self.mark)
                rest = rest[-len(self.mark) + 1 :]


def leave_in_mid_frame(port: int, ending: threading.Event) -> None:
    """Connect, read a little and leave, again and again."""
    while not ending.wait(0.05):
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(GET)
            client.recv(1000)


def text_of(number: int) -> str:
    """Return the JSON of a frame with three objects."""
    place = '{"center_x":0.5, "center_y":0.5, "width":0.1, "height":0.1}'
    one = f'{{"class_id":2, "name":"car", "relative_coordinates":{place}, "confidence":0.9}}'
    return f'{{\n "frame_id":{number}, \n "objects": [ \n{", ".join([one] * 3)}\n ] \n}}'


def state() -> str:
    """Return memory, threads and handles of this process."""
    status = Path("/proc/self/status").read_text()
    memory = int(status.split("VmRSS:")[1].split()[0]) // 1024
    handles = len(os.listdir("/proc/self/fd"))
    return f"{memory} MiB, {threading.active_count()} threads, {handles} handles"


def measure(frames: int, width: int, height: int, rate: float) -> None:
    """Publish frames to clients, and print what that costs."""
    few = np.random.default_rng(0).integers(0, 256, (height // 16, width // 8, 3), np.uint8)
    scene = cv2.resize(few, (2 * width, height), interpolation=cv2.INTER_CUBIC)
    hub, ending = Hub(), threading.Event()
    costs = np.zeros(frames)  # seconds
    with serve_streams(hub, json_port=0, mjpeg_port=0) as serving:
        assert serving.json_port
        assert serving.mjpeg_port
        json = Reader(serving.json_port, b'"frame_id"')
        mjpeg = Reader(serving.mjpeg_port, b"Content-Length")
        stalled = socket.create_connection(("127.0.0.1", serving.mjpeg_port))
        stalled.sendall(GET)
        leaver = threading.Thread(target=leave_in_mid_frame, args=(serving.mjpeg_port, ending))
        leaver.start()
        start = time.perf_counter()
        for number in range(1, frames + 1):
            left = number % width
            pixels = scene[:, left : left + width]
            shown = Shown(number, pixels, pixels, text_of(number), rate)
            before = time.perf_counter()
            hub.publish(shown)
            costs[number - 1] = time.perf_counter() - before
            time.sleep(max(0.0, start + number / rate - time.perf_counter()))
            if number % (frames // REPORTS) == 0:
                print(f"frame {number}: {state()}", flush=True)
        seconds = time.perf_counter() - start
        ending.set()
        leaver.join()
    for reader in (json, mjpeg):
        reader.thread.join()
    stalled.close()
    costs.sort()
    print(f"{frames} frames in {seconds:.1f} s; JSON {json.count}, pictures {mjpeg.count}")
    print(
        f"publishing one took {np.median(costs) * 1e6:.0f} us in the middle,"
        f" {costs[len(costs) * 999 // 1000] * 1e3:.2f} ms in the slowest thousandth,"
        f" {costs[-1] * 1e3:.1f} ms at most"
    )


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--frames", type=int, default=90000)
    parser.add_argument("--size", default="320x240")
    parser.add_argument("--rate", type=float, default=1500)
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    measure(options.frames, width, height, options.rate)


if __name__ == "__main__":
    main()
