#!/usr/bin/env python3
"""Measure a forward pass on the CPU against other programs that run the same network.

    benchmarks/benchmark.py [--cfg yolov3-tiny.cfg ...] [--threads 1 2] [--batch 1 8]
        [--darknet PROGRAM] [--opencv FOLDER] [--onnxruntime FOLDER] [--json FILE] [--plot FILE]

The other programs are OpenCV 4 and onnxruntime (with onnx and onnxscript), if they can be imported
or are named by the folder in which pip installed them (`pip install --no-deps --target FOLDER
opencv-python==4.14.0.94`), and the C program that `--darknet` names; "-backend" is our network run
by onnxruntime. All get the same random weights and image. Each is a process of its own, loads the
network once, and runs one forward pass per round, in turn; a ratio compares the times of a round.
For a GPU see measure_gpu.py.
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


# The workers: each is a process that answers every line with the seconds of a forward pass


def serve(forward: Callable[[], object]) -> None:
    """Run a forward pass for every line on stdin, and print its seconds."""
    forward()
    print("ready", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        forward()
        print(time.perf_counter() - start, flush=True)


def ours(folder: Path, batch: int, threads: int) -> None:
    """Serve our network."""
    import torch

    import pydarknet

    torch.set_num_threads(threads)
    network = pydarknet.load_network(folder / "net.cfg", folder / "net.weights", device="cpu")
    images = torch.rand(batch, *network.input.tensor).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        serve(lambda: network.prepared(many=True)(images))


def backend(folder: Path, batch: int, threads: int) -> None:
    """Serve our network run by onnxruntime, including the heads."""
    import torch

    import pydarknet

    torch.set_num_threads(threads)
    network = pydarknet.load_network(
        folder / "net.cfg", folder / "net.weights", device="cpu", backend="onnxruntime"
    )
    images = torch.rand(batch, *network.input.tensor)
    with torch.inference_mode():
        network.prepared()(images)  # onnxruntime takes over the second time
        serve(lambda: network.prepared()(images))


def opencv(folder: Path, batch: int, threads: int) -> None:
    """Serve the network that OpenCV imports."""
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
    """Serve onnxruntime on the graph that torch exports from our network."""
    import onnxruntime
    import torch

    import pydarknet

    network = pydarknet.load_network(folder / "net.cfg", folder / "net.weights", device="cpu")
    images, path = torch.rand(batch, *network.input.tensor), str(folder / f"net{batch}.onnx")
    if not Path(path).exists():
        torch.onnx.export(head_inputs(network), (images,), path, dynamo=True, verbose=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: images.numpy()}
    serve(lambda: session.run(None, feed))


def head_inputs(network: object) -> object:
    """Return a module that returns the inputs of the heads."""
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
    """A process that runs one forward pass at a time."""

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
        """Wait until the process has loaded the network; return whether it could."""
        return self.process.stdout.readline() == "ready\n"

    def seconds(self) -> float:
        """Run one forward pass, and return its seconds."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def end(self) -> None:
        """End the process."""
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
            if match := PREDICTED.search(line):
                return float(match[1]) / (1000 if match[2] else 1)
        sys.exit("the C program ended")


def write_network(folder: Path, cfg: Path, side: int | None = None) -> None:
    """Write a network of random weights that detects nothing, so that only the forward pass counts.

    Batch norms keep its maps in bounds. `side` is the side of its square input, if given.
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
    image = np.random.default_rng(1).integers(0, 255, (size.h, size.w, 3), dtype=np.uint8)
    cv2.imwrite(str(folder / "image.png"), image)
    torch.manual_seed(1)


def start_peers(folder: Path, batch: int, threads: int, options: argparse.Namespace) -> list[Peer]:
    """Start every program, and return those that can run the network."""
    homes = {
        "pydarknet": None,
        "-backend": options.onnxruntime,
        "opencv": options.opencv,
        "onnxruntime": options.onnxruntime,
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
    if options.darknet and batch == 1:
        started.append(Darknet(options.darknet, folder, threads))
    able = []
    for peer in started:
        if peer.ready():
            able.append(peer)
        else:
            print(f"  {peer.name} is not installed, or cannot run this network")
    return able


def measure(running: list[Peer], rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each program in each round."""
    times: dict[str, list[float]] = {peer.name: [] for peer in running}
    for _ in range(rounds):
        for peer in running:
            times[peer.name].append(peer.seconds())
    return times


def result_lines(times: dict[str, list[float]], batch: int) -> list[str]:
    """Return a line per program: its median time, and its time relative to ours with quartiles."""
    texts = []
    for name, seconds in times.items():
        ratios = [other / mine for other, mine in zip(seconds, times["pydarknet"], strict=True)]
        low, middle, high = statistics.quantiles(ratios, n=4)
        median = statistics.median(seconds) * 1000
        ratio = "" if name == "pydarknet" else f"{middle:6.2f} times ours ({low:.2f} to {high:.2f})"
        texts.append(
            f"  {name:12} {median:8.1f} ms{f' per batch of {batch}' * (batch > 1)} {ratio}"
        )
    return texts


def plot(results: list[dict], path: Path) -> None:
    """Draw the ratios as bars, with a line at 1."""
    import cv2
    import numpy as np

    bars = [
        (f"{one['cfg']} x{one['batch']} {one['threads']}t {name}", ratio)
        for one in results
        for name, ratio in one["ratios"].items()
    ]
    canvas = np.full((24 * len(bars) + 44, 900, 3), 255, np.uint8)
    most = max(ratio for _, ratio in bars)
    title = "time relative to pydarknet: cfg, batch, threads, program"
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


def benchmark(cfg: str, options: argparse.Namespace) -> list[dict]:
    """Measure one network for every batch size and number of threads, and print the results."""
    path = Path(cfg) if Path(cfg).exists() else ROOT / "cfg" / cfg
    results = []
    with tempfile.TemporaryDirectory() as name:
        write_network(Path(name), path)
        for batch in options.batch:
            for threads in options.threads:
                print(f"{path.name}, batch {batch}, {threads} threads", flush=True)
                running = start_peers(Path(name), batch, threads, options)
                times = measure(running, options.rounds)
                for peer in running:
                    peer.end()
                print("\n".join(result_lines(times, batch)), flush=True)
                mine = times["pydarknet"]
                ratios = {
                    other: statistics.median(a / b for a, b in zip(seconds, mine, strict=True))
                    for other, seconds in times.items()
                    if other != "pydarknet"
                }
                one = {"cfg": path.name, "batch": batch, "threads": threads}
                results.append({**one, "ratios": ratios, "seconds": times})
    return results


def main() -> None:
    """Measure and print; write the results if asked to."""
    if sys.argv[1:2] == ["--worker"]:
        name, folder, batch, threads = sys.argv[2:]
        WORKERS[name](Path(folder), int(batch), int(threads))
        return
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cfg", nargs="+", default=["yolov3-tiny.cfg"])
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--batch", nargs="+", type=int, default=[1])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--darknet", type=Path, help="a C program, built for CPUs")
    parser.add_argument("--opencv", help="folder of an OpenCV 4")
    parser.add_argument("--onnxruntime", help="folder of onnxruntime")
    parser.add_argument("--json", type=Path, help="write all times to this file")
    parser.add_argument("--plot", type=Path, help="draw the ratios to this file")
    options = parser.parse_args()
    results = [one for cfg in options.cfg for one in benchmark(cfg, options)]
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))
    if options.plot and any(one["ratios"] for one in results):
        plot(results, options.plot)


if __name__ == "__main__":
    main()
