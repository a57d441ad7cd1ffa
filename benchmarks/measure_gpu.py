#!/usr/bin/env python3
"""Measure networks on a GPU: images per second, and the share of the peak rate that they reach.

    benchmarks/measure_gpu.py [--cfg yolov4.cfg:608 yolov3.cfg:416] [--batch 1 8] [--rounds 9]
        [--darknet PROGRAM] [--json FILE] [--device cuda]

For each network, precision and batch size three workloads are measured: the network alone, with
inputs on the device; from pixels to boxes, with images of 640 x 480 in memory; from JPEG files to
boxes, which threads read ahead. They take turns, round by round; a rate is the median of the
rounds, with quartiles. The peak is the rate of a product of large matrices in the same precision,
measured here too. `--darknet` names a C program built for this GPU; its rate is that of its network
alone, one image at a time. For suppression see measure_nms.py.
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
from measure_map import fit_batch_norms, write_images
from programs import Darknet
from random_network import write_network

import pydarknet
from pydarknet.boxes.settings import Settings, settings
from pydarknet.cli.output import one_ahead
from pydarknet.dataset.read_ahead import good_images
from pydarknet.evaluate.dataset_detections import groups_of
from pydarknet.inference.predict import network_input, outputs, predict
from pydarknet.modules.transforms import load_image
from pydarknet.network import Network

ROOT = Path(__file__).resolve().parents[1]
IMAGES = 64
SIDE = 8192  # of the matrices whose product gives the peak rate
Workload = Callable[[], int]  # does its work, and returns the number of images


def random_network(word: str, device: str, folder: Path) -> Network:
    """Return a network `cfg[:side]` with random weights that detect some boxes in an image."""
    name, _, side = word.partition(":")
    cfg = Path(name) if Path(name).exists() else ROOT / "cfg" / name
    torch.manual_seed(1)
    network = pydarknet.load_network(cfg, device=device)
    if side:
        network.resize(int(side), int(side))
    some = [load_image(path) for path in sorted(folder.glob("*.jpg"))[:2]]
    inputs = torch.stack([network_input(network, image, letterboxed=False) for image in some])
    fit_batch_norms(network, inputs.to(network.device))
    return network


def workloads(network: Network, batch: int, chosen: Settings, folder: Path) -> dict[str, Workload]:
    """Return the workloads of a network and a batch size."""
    paths = [str(path) for path in sorted(folder.glob("*.jpg"))]
    images = [load_image(path) for path in paths[:batch]]
    inputs = torch.stack([network_input(network, image, letterboxed=False) for image in images])
    inputs = inputs.to(network.device)

    def alone() -> int:
        with torch.inference_mode():
            outputs(network, inputs, many=True)
        return batch

    def from_pixels() -> int:
        return len(predict(network, images, chosen, many=True))

    def detect(batch: list[tuple[str, np.ndarray]]) -> int:
        return len(predict(network, [image for _, image in batch], chosen, many=True))

    def from_files() -> int:
        return sum(one_ahead(detect, groups_of(good_images(paths, load_image), batch)))

    return {"network": alone, "pixels to boxes": from_pixels, "files to boxes": from_files}


def seconds(load: Workload, device: torch.device) -> float:
    """Return the seconds per image of a workload, until the device is done."""
    start = time.perf_counter()
    images = load()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return (time.perf_counter() - start) / images


def peak(device: torch.device, dtype: torch.dtype) -> float:
    """Return the floating point operations per second of a product of large matrices."""
    side = SIDE if device.type == "cuda" else SIDE // 8
    a, b = (torch.rand(side, side, device=device).to(dtype) for _ in range(2))

    def product() -> int:
        torch.mm(a, b)
        return 1

    times = [seconds(product, device) for _ in range(9)]
    return 2 * side**3 / statistics.median(times[2:])


def seconds_per_image(
    network: Network, batch: int, rounds: int, folder: Path
) -> dict[str, list[float]]:
    """Return the seconds per image of every workload and round; each runs twice before that."""
    loads = workloads(network, batch, settings(network, thresh=0.25), folder)
    for _ in range(2):
        for load in loads.values():
            load()
    times_of: dict[str, list[float]] = {name: [] for name in loads}
    for _ in range(rounds):
        for name, load in loads.items():
            times_of[name].append(seconds(load, network.device))
    return times_of


def result_lines(times_of: dict[str, list[float]], operations: int, peak: float) -> list[str]:
    """Return a line per workload: its rate with quartiles, and its share of the peak."""
    lines = []
    for name, times in times_of.items():
        low, middle, high = statistics.quantiles([1 / t for t in times], n=4)
        share = operations * middle / peak
        rate = f"{middle:8.1f} images/s ({low:.1f} to {high:.1f})"
        lines.append(f"  {name:16} {rate}, {share:.0%} of the peak")
    return lines


def darknet_seconds(program: Path, word: str, rounds: int) -> list[float]:
    """Return the seconds of the forward passes of a C program, one image each."""
    name, _, side = word.partition(":")
    cfg = Path(name) if Path(name).exists() else ROOT / "cfg" / name
    with tempfile.TemporaryDirectory() as place:
        write_network(Path(place), cfg, int(side) if side else None)
        peer = Darknet(program, Path(place), os.cpu_count() or 1)
        if not peer.ready():
            return []
        peer.seconds()
        times = [peer.seconds() for _ in range(rounds)]
        peer.end()
    return times


def main() -> None:
    """Measure and print; write the results if asked to. Exit with 1 if there is no GPU."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cfg", nargs="+", default=["yolov4.cfg:608", "yolov3.cfg:416"])
    parser.add_argument("--batch", nargs="+", type=int, default=[1, 8])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--images", type=int, default=IMAGES)
    parser.add_argument("--darknet", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--device", default="cuda")
    options = parser.parse_args()
    device = torch.device(options.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        sys.exit("there is no CUDA device: expected one to measure")
    gpu = device.type == "cuda"
    print(torch.cuda.get_device_name(device) if gpu else "CPU", f"torch {torch.__version__}")
    results = []
    with tempfile.TemporaryDirectory() as place:
        write_images(Path(place), options.images)
        for word in options.cfg:
            network = random_network(word, options.device, Path(place))
            for precision in ("half", "float") if gpu else ("float",):
                dtype = torch.float16 if precision == "half" else torch.float32
                most, network.precision = peak(device, dtype), precision
                for batch in options.batch:
                    times_of = seconds_per_image(network, batch, options.rounds, Path(place))
                    head = f"{word}, {precision}, batch {batch}; peak {most / 1e12:.1f} TFLOP/s"
                    print(
                        "\n".join([head, *result_lines(times_of, network.operations(), most)]),
                        flush=True,
                    )
                    one = {"cfg": word, "precision": precision, "batch": batch, "peak": most}
                    results.append({**one, "seconds": times_of})
            if options.darknet:
                times = darknet_seconds(options.darknet, word, options.rounds)
                rate = f"{1 / statistics.median(times):8.1f} images/s" if times else "cannot run"
                print(f"  {'darknet, network':16} {rate}", flush=True)
                results.append({"cfg": word, "darknet": times})
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
