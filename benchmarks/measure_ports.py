#!/usr/bin/env python3
"""Measure how far an imported network is from the port that it comes from.

    benchmarks/measure_ports.py CLONE NETWORK CFG [--darknet PROGRAM [--timeout SECONDS]
        [--thresh .15]] [--keep FOLDER]

CLONE is a clone of eriklindernoren/PyTorch-YOLOv3, ultralytics/yolov3 (branch archive),
WongKinYiu/PyTorch_YOLOv4, Tianxiaomo/pytorch-YOLOv4 or WongKinYiu/yolov7; NETWORK is yolov7,
yolov7x, yolov7-tiny or Yolov4 where the port has it as a class, and any word where it reads the
cfg. The port's own code makes seeded random weights and runs them on an image (port_networks.py);
`pydarknet import` makes a weights file of them. Printed are the largest differences of what the
heads put out (x, y, scores as the logistic function gives them), in single and in double
precision, and beside them the port's own in single precision against itself in double: what
rounding alone does. With a Darknet program, `pydarknet compare` follows.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import pydarknet  # the copy beside this script
from pydarknet.graph.executor import Head
from pydarknet.network import Network

ROOT = Path(__file__).resolve().parents[1]
THRESH = 0.15  # of the boxes that programs are compared by; the port's biases are made for 0.25


def run(*words: object) -> None:
    """Run Python with these words, and end with what it said if it fails."""
    done = subprocess.run([sys.executable, *map(str, words)], cwd=ROOT, capture_output=True)
    if done.returncode:
        sys.exit(done.stderr.decode()[-2000:])


def image_of(folder: Path) -> Tensor:
    """Return the image of a folder, float32 [1, 3, H, W]."""
    pixels = cv2.imread(str(folder / "image.png"))[..., ::-1].copy()
    return torch.from_numpy(pixels).permute(2, 0, 1)[None] / 255


def ours(network: Network, image: Tensor) -> list[Head]:
    """Return the heads of our network."""
    with torch.no_grad():
        return [head.clone() for head in network.heads(image)]


def outputs(network: Network, heads: list[Head], file: Path) -> list[Tensor]:
    """Return what heads put out for the port's inputs, found by their size; ours tell how."""
    with np.load(file) as arrays:
        maps = {each.shape: torch.from_numpy(each) for each in arrays.values()}
    found = []
    for head in heads:
        values = maps[tuple(head.raw.shape)]
        before = network.nodes[head.node.sources[0]].layer
        if getattr(before, "activation", "") == "logistic":
            values = values.sigmoid()  # which the port has in its head
        with torch.no_grad():
            found.append(network.stack[head.node.index](values))
    return found


def difference(some: list[Tensor], others: list[Tensor]) -> float:
    """Return the largest difference of any two outputs."""
    return max(
        float((one.double() - other.double()).abs().max())
        for one, other in zip(some, others, strict=True)
    )


def measure(cfg: Path, folder: Path) -> None:
    """Print how far the network of a folder is from the port's outputs there."""
    network, image = (
        pydarknet.load_network(cfg, folder / "net.weights", device="cpu"),
        image_of(folder),
    )
    heads = ours(network, image)
    single = [head.activated for head in heads]
    port = outputs(network, heads, folder / "single.npz")
    network.double()
    exact = [head.activated for head in ours(network, image.double())]
    port_exact = outputs(network, heads, folder / "double.npz")
    largest = max(float(each.abs().max()) for each in port_exact)
    print(f"the largest difference of any output, of at most {largest:.4g}:")
    print(f"  {difference(single, port):9.2e}  ours and the port's, both in single precision")
    print(f"  {difference(exact, port_exact):9.2e}  ours and the port's, both in double precision")
    print(f"  {difference(port, port_exact):9.2e}  the port's in single and in double precision")
    print(f"  {difference(single, exact):9.2e}  ours in single and in double precision")


def main() -> None:
    """Make, import and measure a network."""
    parser = argparse.ArgumentParser(usage=(__doc__ or "").split("\n\n")[1].strip())
    parser.add_argument("clone", type=Path)
    parser.add_argument("network")
    parser.add_argument("cfg", type=Path)
    parser.add_argument("--darknet", type=Path)
    parser.add_argument("--timeout", type=int, default=600)
    parser.add_argument("--thresh", type=float, default=THRESH, help="of the boxes compared")
    parser.add_argument("--keep", type=Path, help="a folder in which all files stay")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = (chosen.keep or Path(made)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        cfg, clone, weights = chosen.cfg.resolve(), chosen.clone.resolve(), folder / "net.weights"
        script = ROOT / "benchmarks/port_networks.py"
        run(script, clone, chosen.network, cfg, folder)
        run("-m", "pydarknet", "import", cfg, folder / "state.npz", weights)
        print(f"{clone.name}, {chosen.network}, {cfg.name}")
        measure(cfg, folder)
        if chosen.darknet:
            words = ["compare", cfg, weights, folder / "image.png", "-darknet", chosen.darknet]
            words += ["-thresh", chosen.thresh, "-timeout", chosen.timeout]
            command = [sys.executable, "-m", "pydarknet", *words]
            subprocess.run(list(map(str, command)), cwd=ROOT)


if __name__ == "__main__":
    main()
