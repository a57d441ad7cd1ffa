#!/usr/bin/env python3
"""Measure networks on a GPU in one command: images a second, and how far that is from the floor.

    benchmarks/measure_gpu.py [--cfg yolov4.cfg:608 yolov3.cfg:416] [--batch 1 8] [--rounds 9]
        [--darknet PROGRAM] [--json FILE] [--device cuda]

For each network, precision and batch it tells three rates: of the network alone, on inputs that
lie on the device; from pixels to boxes, on pictures of 640 x 480 in memory; from JPEG files to
boxes, read ahead by threads. The ways take turns, a round after the other; a rate is the median of
the rounds, with the quartiles. The floor is what the network's operations would take at the rate
of a product of large matrices of the same precision, measured here too. `--darknet` is a C program
built for this GPU; its rate is of its network alone, one image at a time. Suppression has a
script of its own: measure_nms.py.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from benchmark import Darknet, make
from measure_map import fit, make_pictures

import pydarknet
from pydarknet.cli.output import one_ahead
from pydarknet.dataset.read_ahead import good_images
from pydarknet.evaluate.dataset_detections import groups_of
from pydarknet.inference.predict import Settings, network_input, outputs, predict, settings
from pydarknet.modules.transforms import load_image
from pydarknet.network import Network

ROOT = Path(__file__).resolve().parents[1]
PICTURES = 64
SIDE = 8192  # of the matrices whose product tells the peak
Way = Callable[[], int]  # does some work, and says on how many images


def opened(word: str, device: str, folder: Path) -> Network:
    """Return a network of random weights, such that a picture gives some boxes, at a size."""
    name, _, side = word.partition(":")
    cfg = Path(name) if Path(name).exists() else ROOT / "cfg" / name
    torch.manual_seed(1)
    network = pydarknet.load_network(cfg, device=device)
    if side:
        network.resize(int(side), int(side))
    some = [load_image(path) for path in sorted(folder.glob("*.jpg"))[:2]]
    inputs = torch.stack([network_input(network, image, boxed=False) for image in some])
    fit(network, inputs.to(network.device))
    return network


def ways(network: Network, batch: int, chosen: Settings, folder: Path) -> dict[str, Way]:
    """Return what is measured of a network and a batch."""
    paths = [str(path) for path in sorted(folder.glob("*.jpg"))]
    images = [load_image(path) for path in paths[:batch]]
    inputs = torch.stack([network_input(network, image, boxed=False) for image in images])
    inputs = inputs.to(network.device)

    def alone() -> int:
        with torch.inference_mode():
            outputs(network, inputs, many=True)
        return batch

    def from_pixels() -> int:
        return len(predict(network, images, chosen, many=True))

    def found(batch: list[tuple[str, np.ndarray]]) -> int:
        return len(predict(network, [image for _, image in batch], chosen, many=True))

    def from_files() -> int:
        return sum(one_ahead(found, groups_of(good_images(paths, load_image), batch)))

    return {"network": alone, "pixels to boxes": from_pixels, "files to boxes": from_files}


def seconds(way: Way, device: torch.device) -> float:
    """Return the seconds an image that a way takes, until the device is done."""
    start = time.perf_counter()
    images = way()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return (time.perf_counter() - start) / images


def peak(device: torch.device, dtype: torch.dtype) -> float:
    """Return the floating point operations a second of a product of large matrices."""
    side = SIDE if device.type == "cuda" else SIDE // 8
    a, b = (torch.rand(side, side, device=device).to(dtype) for _ in range(2))

    def product() -> int:
        torch.mm(a, b)
        return 1

    times = [seconds(product, device) for _ in range(9)]
    return 2 * side**3 / statistics.median(times[2:])


def measured(network: Network, batch: int, rounds: int, folder: Path) -> dict[str, list[float]]:
    """Return the seconds an image of every way in each round; before them all have run twice."""
    contest = ways(network, batch, settings(network, thresh=0.25), folder)
    for _ in range(2):
        for way in contest.values():
            way()
    took: dict[str, list[float]] = {name: [] for name in contest}
    for _ in range(rounds):
        for name, way in contest.items():
            took[name].append(seconds(way, network.device))
    return took


def told(took: dict[str, list[float]], operations: int, peak: float) -> list[str]:
    """Return a line a way: its rate with quartiles, and its part of the floor's."""
    lines = []
    for name, times in took.items():
        low, middle, high = statistics.quantiles([1 / t for t in times], n=4)
        share = operations * middle / peak
        rate = f"{middle:8.1f} images/s ({low:.1f} to {high:.1f})"
        lines.append(f"  {name:16} {rate}, {share:.0%} of the floor")
    return lines


def darknets(program: Path, word: str, rounds: int) -> list[float]:
    """Return the seconds an image of a C program's forward pass."""
    name, _, side = word.partition(":")
    cfg = Path(name) if Path(name).exists() else ROOT / "cfg" / name
    with tempfile.TemporaryDirectory() as place:
        make(Path(place), cfg, int(side) if side else None)
        peer = Darknet(program, Path(place), os.cpu_count() or 1)
        if not peer.ready():
            return []
        peer.seconds()
        times = [peer.seconds() for _ in range(rounds)]
        peer.end()
    return times


def main() -> None:
    """Measure, print, and write what is asked for; without a GPU say so and exit with 1."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cfg", nargs="+", default=["yolov4.cfg:608", "yolov3.cfg:416"])
    parser.add_argument("--batch", nargs="+", type=int, default=[1, 8])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--pictures", type=int, default=PICTURES)
    parser.add_argument("--darknet", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--device", default="cuda")
    asked = parser.parse_args()
    device = torch.device(asked.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        sys.exit("there is no CUDA device: nothing is measured")
    gpu = device.type == "cuda"
    print(torch.cuda.get_device_name(device) if gpu else "CPU", f"torch {torch.__version__}")
    results = []
    with tempfile.TemporaryDirectory() as place:
        make_pictures(Path(place), asked.pictures)
        for word in asked.cfg:
            network = opened(word, asked.device, Path(place))
            for precision in ("half", "float") if gpu else ("float",):
                dtype = torch.float16 if precision == "half" else torch.float32
                most, network.precision = peak(device, dtype), precision
                for batch in asked.batch:
                    took = measured(network, batch, asked.rounds, Path(place))
                    head = f"{word}, {precision}, batch {batch}; floor at {most / 1e12:.1f} TFLOP/s"
                    print("\n".join([head, *told(took, network.operations(), most)]), flush=True)
                    one = {"cfg": word, "precision": precision, "batch": batch, "peak": most}
                    results.append({**one, "seconds": took})
            if asked.darknet:
                times = darknets(asked.darknet, word, asked.rounds)
                rate = f"{1 / statistics.median(times):8.1f} images/s" if times else "cannot run"
                print(f"  {'darknet, network':16} {rate}", flush=True)
                results.append({"cfg": word, "darknet": times})
    if asked.json:
        asked.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
