#!/usr/bin/env python3
"""Measure `detector map` against a C program: images per second, on the same number of threads.

    benchmarks/measure_map.py path/to/darknet [--images 200] [--threads 2] [--runs 3]

The network is yolov3-tiny at 416 x 416 with random weights. Its batch norms are fitted to the
images so that it detects a few hundred boxes per image. Images and labels are random too.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from machine import processor

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import pydarknet  # noqa: E402  # the copy beside this script
from pydarknet.inference.predict import network_input  # noqa: E402
from pydarknet.modules.batch_norm import BatchNorm  # noqa: E402
from pydarknet.modules.transforms import load_image  # noqa: E402
from pydarknet.network import Network  # noqa: E402

CFG = ROOT / "cfg" / "yolov3-tiny.cfg"
NAMES = ROOT / "data" / "coco.names"


def write_images(folder: Path, count: int) -> list[str]:
    """Write smooth images of 640 x 480 with eight labels each, and return their names."""
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


def fit_batch_norms(network: Network, images: torch.Tensor) -> None:
    """Set each batch norm's statistics to those of its input, and let few boxes be objects."""

    def fit(module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        variance, mean = torch.var_mean(inputs[0], (0, 2, 3))
        module.rolling_variance.copy_(variance)
        module.rolling_mean.copy_(mean)

    norms = [module for module in network.modules() if isinstance(module, BatchNorm)]
    hooks = [norm.register_forward_pre_hook(fit) for norm in norms]
    with torch.no_grad():
        for name, biases in network.named_parameters():
            if name.endswith("biases") and len(biases) == 255:  # of the convolution before a head
                biases.view(3, 85)[:, 4] = -6
                biases.view(3, 85)[:, 5:] = -1
        network(images)
    for hook in hooks:
        hook.remove()


def write_files(folder: Path, count: int) -> list[str]:
    """Write the files of the command, and return its words."""
    paths = write_images(folder, count)
    network = pydarknet.load_network(CFG, dialect="alexeyab", device="cpu")
    some = [load_image(folder / path) for path in paths[:8]]
    fit_batch_norms(
        network, torch.stack([network_input(network, image, letterboxed=False) for image in some])
    )
    network.save_weights(folder / "net.weights")
    (folder / "net.cfg").write_text(CFG.read_text())
    (folder / "net.names").write_text(NAMES.read_text())
    (folder / "list.txt").write_text("\n".join(paths) + "\n")
    (folder / "net.data").write_text("valid=list.txt\nnames=net.names\n")
    return ["detector", "map", "net.data", "net.cfg", "net.weights"]


def environment(threads: int) -> dict[str, str]:
    """Return what every command finds: threads, and this copy, whose modules may be compiled."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "OMP_NUM_THREADS": str(threads), "PYTHONPATH": str(ROOT)}


def title(threads: int) -> str:
    """Return the line that says where this is measured: processor and versions."""
    versions = f"torch {torch.__version__}, OpenCV {cv2.__version__}"
    return f"{processor()}, {threads} threads, {versions}, load {os.getloadavg()[0]:.1f}"


def seconds(command: list[str], folder: Path, threads: int) -> float:
    """Return the seconds of a command, from start to exit."""
    start = time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, env=environment(threads), capture_output=True, text=True
    )
    if done.returncode or "mAP@" not in done.stdout:
        sys.exit(f"{' '.join(command)}: {done.stderr[-400:]}")
    return time.perf_counter() - start


def command_line(text: str, runs: int) -> argparse.Namespace:
    """Return the options of a script that compares a command with the C program's."""
    parser = argparse.ArgumentParser(description=text.split("\n")[0])
    parser.add_argument("darknet", type=Path, help="AlexeyAB's program, built with AVX and OpenMP")
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--runs", type=int, default=runs)
    return parser.parse_args()


def main() -> None:
    """Run both in turn; print a line per run, and the median of their ratios."""
    options = command_line(__doc__, runs=3)
    print(title(options.threads))
    programs = {
        "darknet": [str(options.darknet.resolve())],
        "pydarknet": [sys.executable, "-m", "pydarknet"],
    }
    times: dict[str, list[float]] = {name: [] for name in programs}
    with tempfile.TemporaryDirectory() as place:
        words = write_files(Path(place), options.images)
        for _ in range(options.runs):
            for name, program in programs.items():
                took = seconds([*program, *words], Path(place), options.threads)
                times[name].append(took)
                print(f"{name}: {took:.1f} s, {options.images / took:.1f} images/s", flush=True)
    pairs = zip(times["darknet"], times["pydarknet"], strict=True)
    ratio = statistics.median(theirs / ours for theirs, ours in pairs)
    print(f"pydarknet is {ratio:.2f} times as fast")


if __name__ == "__main__":
    main()
