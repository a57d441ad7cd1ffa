#!/usr/bin/env python3
"""Measure networks on this CPU beside whatever else runs them, in one run, by turns.

    benchmarks/benchmark.py [--cfg yolov3-tiny.cfg ...] [--threads 1 2] [--batch 1 8]
        [--darknet PROGRAM] [--opencv FOLDER] [--onnxruntime FOLDER] [--json FILE] [--plot FILE]

Peers are measured that are there: OpenCV 4 and onnxruntime (with onnx and onnxscript) where they
can be imported, else from the folders into which pip has put them (`pip install --no-deps --target
FOLDER opencv-python==4.14.0.94`), and `--darknet`, a C program; "-backend" is our network run by
onnxruntime. A time is of one forward pass: of the same random weights and image. Every program has
a process of its own, loads the network once, and is asked in turn; a ratio is of the times of one
round. On a GPU it is measure_gpu.py.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
PREDICTED = re.compile(r"Predicted in ([\d.]+) (milli-)?seconds")


# What is measured: a process each, which answers every line with the seconds of a forward pass


def serve(forward: Callable[[], object]) -> None:
    """Run once for every line that comes in, and print how long it took."""
    forward()
    print("ready", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        forward()
        print(time.perf_counter() - start, flush=True)


def ours(folder: Path, batch: int, threads: int) -> None:
    """Serve this package's network."""
    import torch

    import pydarknet

    torch.set_num_threads(threads)
    network = pydarknet.load_network(folder / "net.cfg", folder / "net.weights", device="cpu")
    images = torch.rand(batch, *network.input.tensor).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        serve(lambda: network.prepared(many=True)(images))


def backend(folder: Path, batch: int, threads: int) -> None:
    """Serve this package's network as onnxruntime runs it, heads and all."""
    import torch

    import pydarknet

    torch.set_num_threads(threads)
    network = pydarknet.load_network(
        folder / "net.cfg", folder / "net.weights", device="cpu", backend="onnxruntime"
    )
    images = torch.rand(batch, *network.input.tensor)
    with torch.inference_mode():
        network.prepared()(images)  # it takes over the second time
        serve(lambda: network.prepared()(images))


def opencv(folder: Path, batch: int, threads: int) -> None:
    """Serve OpenCV's importer of Darknet networks."""
    import cv2
    import numpy as np

    cv2.setNumThreads(threads)
    network = cv2.dnn.readNetFromDarknet(str(folder / "net.cfg"), str(folder / "net.weights"))
    width, height = json.loads((folder / "size.json").read_text())
    images = np.random.default_rng(1).random((batch, 3, height, width), np.float32)
    names = network.getUnconnectedOutLayersNames()

    def forward() -> None:
        network.setInput(images)
        network.forward(names)

    serve(forward)


def onnxruntime(folder: Path, batch: int, threads: int) -> None:
    """Serve onnxruntime, on the graph that torch exports of our network."""
    import onnxruntime
    import torch

    import pydarknet

    network = pydarknet.load_network(folder / "net.cfg", folder / "net.weights", device="cpu")
    images, path = torch.rand(batch, *network.input.tensor), str(folder / f"net{batch}.onnx")
    if not Path(path).exists():
        torch.onnx.export(raw(network), (images,), path, dynamo=True, verbose=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: images.numpy()}
    serve(lambda: session.run(None, feed))


def raw(network: object) -> object:
    """Return the module that gives what goes into the heads."""
    import torch

    class Module(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
            return tuple(head.raw for head in self.network(images))

    return Module()


WORKERS = {
    "pydarknet": ours,
    "-backend": backend,
    "opencv": opencv,
    "onnxruntime": onnxruntime,
}


class Peer:
    """A process that is asked for one forward pass at a time."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        self.name = name
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **environment},
            text=True,
        )

    def ready(self) -> bool:
        """Wait until it has loaded the network; say whether it could."""
        return self.process.stdout.readline() == "ready\n"

    def seconds(self) -> float:
        """Run one forward pass."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def end(self) -> None:
        """Let it end."""
        self.process.stdin.close()
        self.process.wait()


class Darknet(Peer):
    """A C program that asks for paths of images."""

    def __init__(self, program: Path, folder: Path, threads: int) -> None:
        words = ["detector", "test", *(f"net.{kind}" for kind in ("data", "cfg", "weights"))]
        command = ["sh", "-c", 'cd "$0" && exec "$@"', str(folder), str(program.resolve()), *words]
        flags = ["-dont_show", "-thresh", "0.99"]
        super().__init__(program.name, [*command, *flags], {"OMP_NUM_THREADS": str(threads)})
        self.name = "darknet"

    def ready(self) -> bool:
        return self.process.poll() is None and self.seconds() > 0

    def seconds(self) -> float:
        self.process.stdin.write("image.png\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if said := PREDICTED.search(line):
                return float(said[1]) / (1000 if said[2] else 1)
        sys.exit("the C program ended")


def make(folder: Path, cfg: Path, side: int | None = None) -> None:
    """Write a network of random weights that finds nothing, for only the forward pass is timed.

    Batch norms keep its maps in bounds. Its input is square, of a `side` if that is said.
    """
    import cv2
    import numpy as np
    import torch

    import pydarknet

    network = pydarknet.load_network(cfg, device="cpu")
    if side:
        network.resize(side, side)
    arrays = network.state_dict()
    for name, values in arrays.items():
        if "rolling_variance" in name:
            values.fill_(1.0)
        if name.endswith(".biases") and name.replace("biases", "norm.scales") not in arrays:
            values.fill_(-20.0)
            arrays[name.replace("biases", "weights")].zero_()
    network.save_weights(folder / "net.weights")
    text = re.sub(r"(?m)^(batch|subdivisions)\s*=.*$", r"\1=1", cfg.read_text())
    size = network.input
    text = re.sub(r"(?m)^width\s*=.*$", f"width={size.w}", text, count=1)
    text = re.sub(r"(?m)^height\s*=.*$", f"height={size.h}", text, count=1)
    (folder / "net.cfg").write_text(text)
    (folder / "net.data").write_text(f"names={ROOT / 'data/coco.names'}\n")
    (folder / "size.json").write_text(json.dumps([size.w, size.h]))
    picture = np.random.default_rng(1).integers(0, 255, (size.h, size.w, 3), dtype=np.uint8)
    cv2.imwrite(str(folder / "image.png"), picture)
    torch.manual_seed(1)


def peers(folder: Path, batch: int, threads: int, asked: argparse.Namespace) -> list[Peer]:
    """Start every program that is there and can run the network."""
    homes = {
        "pydarknet": None,
        "-backend": asked.onnxruntime,
        "opencv": asked.opencv,
        "onnxruntime": asked.onnxruntime,
    }
    started: list[Peer] = []
    for name, home in homes.items():
        command = [
            sys.executable,
            __file__,
            "--worker",
            name,
            str(folder),
            str(batch),
            str(threads),
        ]
        path = os.pathsep.join(filter(None, [home, str(ROOT)]))
        started.append(Peer(name, command, {"OMP_NUM_THREADS": str(threads), "PYTHONPATH": path}))
    if asked.darknet and batch == 1:
        started.append(Darknet(asked.darknet, folder, threads))
    able = []
    for peer in started:
        if peer.ready():
            able.append(peer)
        else:
            print(f"  {peer.name} is not here, or cannot run this network")
    return able


def measure(running: list[Peer], rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each program in each round."""
    times: dict[str, list[float]] = {peer.name: [] for peer in running}
    for _ in range(rounds):
        for peer in running:
            times[peer.name].append(peer.seconds())
    return times


def lines(times: dict[str, list[float]], batch: int) -> list[str]:
    """Return a line a program: its median, and how many times as fast ours is, with quartiles."""
    told = []
    for name, seconds in times.items():
        ratios = [other / mine for other, mine in zip(seconds, times["pydarknet"], strict=True)]
        low, middle, high = statistics.quantiles(ratios, n=4)
        median = statistics.median(seconds) * 1000
        ratio = "" if name == "pydarknet" else f"{middle:6.2f} times ours ({low:.2f} to {high:.2f})"
        told.append(f"  {name:12} {median:8.1f} ms{f' a batch of {batch}' * (batch > 1)} {ratio}")
    return told


def plot(results: list[dict], path: Path) -> None:
    """Draw the ratios as bars, and a line at one."""
    import cv2
    import numpy as np

    bars = [
        (f"{one['cfg']} x{one['batch']} {one['threads']}t {name}", ratio)
        for one in results
        for name, ratio in one["ratios"].items()
    ]
    canvas = np.full((24 * len(bars) + 44, 900, 3), 255, np.uint8)
    most = max(ratio for _, ratio in bars)
    title = "how many times as fast pydarknet is: cfg, batch, threads, beside whom"
    cv2.putText(canvas, title, (8, 22), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 0, 1, cv2.LINE_AA)
    for row, (label, ratio) in enumerate(bars):
        y = 24 * row + 36
        cv2.rectangle(canvas, (400, y), (400 + int(420 * ratio / most), y + 16), (180, 119, 31), -1)
        cv2.line(canvas, (400 + int(420 / most), y - 3), (400 + int(420 / most), y + 19), 0, 1)
        for text, x in ((label, 8), (f"{ratio:.2f}", 410 + int(420 * max(ratio, 1) / most))):
            cv2.putText(
                canvas, text, (x, y + 13), cv2.FONT_HERSHEY_SIMPLEX, 0.42, 0, 1, cv2.LINE_AA
            )
    cv2.imwrite(str(path), canvas)


def benchmark(cfg: str, asked: argparse.Namespace) -> list[dict]:
    """Measure one network at every batch and number of threads, and print what came out."""
    found = Path(cfg) if Path(cfg).exists() else ROOT / "cfg" / cfg
    results = []
    with tempfile.TemporaryDirectory() as name:
        make(Path(name), found)
        for batch in asked.batch:
            for threads in asked.threads:
                print(f"{found.name}, batch {batch}, {threads} threads", flush=True)
                running = peers(Path(name), batch, threads, asked)
                times = measure(running, asked.rounds)
                for peer in running:
                    peer.end()
                print("\n".join(lines(times, batch)), flush=True)
                mine = times["pydarknet"]
                ratios = {
                    other: statistics.median(a / b for a, b in zip(seconds, mine, strict=True))
                    for other, seconds in times.items()
                    if other != "pydarknet"
                }
                one = {"cfg": found.name, "batch": batch, "threads": threads}
                results.append({**one, "ratios": ratios, "seconds": times})
    return results


def main() -> None:
    """Measure, print, and write what is asked for."""
    if sys.argv[1:2] == ["--worker"]:
        name, folder, batch, threads = sys.argv[2:]
        WORKERS[name](Path(folder), int(batch), int(threads))
        return
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cfg", nargs="+", default=["yolov3-tiny.cfg"])
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--batch", nargs="+", type=int, default=[1])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--darknet", type=Path)
    parser.add_argument("--opencv")
    parser.add_argument("--onnxruntime")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    asked = parser.parse_args()
    results = [one for cfg in asked.cfg for one in benchmark(cfg, asked)]
    if asked.json:
        asked.json.write_text(json.dumps(results, indent=1))
    if asked.plot and any(one["ratios"] for one in results):
        plot(results, asked.plot)


if __name__ == "__main__":
    main()
