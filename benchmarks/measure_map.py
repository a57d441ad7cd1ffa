#!/usr/bin/env python3
"""Measure `detector map` beside a C Darknet: images a second of both, on the same threads.

    benchmarks/measure_map.py path/to/darknet [--pictures 200] [--threads 2] [--runs 2]

The network is yolov3-tiny at 416 x 416 with random weights, whose batch norms are fitted to the
pictures so that a few hundred boxes an image are found; pictures and labels are made up too.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import pydarknet  # noqa: E402  # the copy beside this script
from pydarknet.inference.predict import network_input  # noqa: E402
from pydarknet.modules.batch_norm import BatchNorm  # noqa: E402
from pydarknet.modules.transforms import load_image  # noqa: E402
from pydarknet.network import Network  # noqa: E402

CFG = ROOT / "cfg" / "yolov3-tiny.cfg"
NAMES = ROOT / "data" / "coco.names"


def make_pictures(folder: Path, count: int) -> list[str]:
    """Write smooth pictures of 640 x 480 and eight labels for each."""
    generator = np.random.default_rng(0)
    paths = []
    for index in range(count):
        coarse = generator.integers(0, 255, (24, 32, 3), dtype=np.uint8)
        path = f"{index:04d}.jpg"
        cv2.imwrite(
            str(folder / path), cv2.resize(coarse, (640, 480), interpolation=cv2.INTER_CUBIC)
        )
        boxes = generator.uniform(0.2, 0.6, (8, 4))
        rows = [f"{generator.integers(80)} " + " ".join(f"{x:.4f}" for x in box) for box in boxes]
        (folder / path).with_suffix(".txt").write_text("\n".join(rows) + "\n")
        paths.append(path)
    return paths


def fit(network: Network, images: torch.Tensor) -> None:
    """Let each batch norm have the statistics of what it gets, and few boxes be objects."""

    def take(module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        variance, mean = torch.var_mean(inputs[0], (0, 2, 3))
        module.rolling_variance.copy_(variance)
        module.rolling_mean.copy_(mean)

    norms = [module for module in network.modules() if isinstance(module, BatchNorm)]
    hooks = [norm.register_forward_pre_hook(take) for norm in norms]
    with torch.no_grad():
        for name, biases in network.named_parameters():
            if name.endswith("biases") and len(biases) == 255:  # of a convolution before a head
                biases.view(3, 85)[:, 4] = -6
                biases.view(3, 85)[:, 5:] = -1
        network(images)
    for hook in hooks:
        hook.remove()


def make(folder: Path, count: int) -> list[str]:
    """Write what the command reads, and return its words."""
    paths = make_pictures(folder, count)
    network = pydarknet.load_network(CFG, dialect="alexeyab", device="cpu")
    some = [load_image(folder / path) for path in paths[:8]]
    fit(network, torch.stack([network_input(network, image, boxed=False) for image in some]))
    network.save_weights(folder / "net.weights")
    (folder / "net.cfg").write_text(CFG.read_text())
    (folder / "net.names").write_text(NAMES.read_text())
    (folder / "list.txt").write_text("\n".join(paths) + "\n")
    (folder / "net.data").write_text("valid=list.txt\nnames=net.names\n")
    return ["detector", "map", "net.data", "net.cfg", "net.weights"]


def seconds(command: list[str], folder: Path, threads: int) -> float:
    """Return how long a command takes, start and end included."""
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": str(threads),
        "PYTHONPATH": str(ROOT),
    }
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode or "mAP@" not in done.stdout:
        sys.exit(f"{' '.join(command)}: {done.stderr[-400:]}")
    return time.perf_counter() - start


def arguments(text: str, runs: int) -> argparse.Namespace:
    """Read what a script is asked that runs a command beside the C program's."""
    parser = argparse.ArgumentParser(description=text.split("\n")[0])
    parser.add_argument("darknet", type=Path, help="AlexeyAB's program, built with AVX and OpenMP")
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--runs", type=int, default=runs)
    return parser.parse_args()


def main() -> None:
    """Run both by turns, and print a line a program and their ratio, by the best run of each."""
    asked = arguments(__doc__, runs=2)
    programs = {
        "darknet": [str(asked.darknet.resolve())],
        "pydarknet": [sys.executable, "-m", "pydarknet"],
    }
    best = dict.fromkeys(programs, float("inf"))
    with tempfile.TemporaryDirectory() as place:
        words = make(Path(place), asked.pictures)
        for _ in range(asked.runs):
            for name, program in programs.items():
                took = seconds([*program, *words], Path(place), asked.threads)
                best[name] = min(best[name], took)
                print(f"{name}: {took:.1f} s, {asked.pictures / took:.1f} images/s", flush=True)
    print(f"pydarknet is {best['darknet'] / best['pydarknet']:.2f} times as fast")


if __name__ == "__main__":
    main()
