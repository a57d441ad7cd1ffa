#!/usr/bin/env python3
"""Measure networks on a GPU: images per second, beside the floor that its peak rate sets.

    benchmarks/measure_gpu.py [--cfg yolov4.cfg:608 yolov3.cfg:416] [--batch 1 8] [--rounds 9]
        [--darknet PROGRAM] [--json FILE] [--device cuda] [--burst 0.3] [--burn-in 2]

For each network, precision and batch size three workloads are measured: the network alone, with
inputs on the device, by the GPU's clock (CUDA events); from pixels to boxes, with images of 640 x
480 in memory; from JPEG files to boxes, which threads read ahead; both by the host's clock. After a
burn-in they take turns, round by round, each in a burst of 0.3 seconds at least; a rate is the
median of the rounds, with quartiles. Beside them stand the GPU's clock and power during the bursts,
and the precision that ran: where half precision overflows, it is not the one that was asked for.

The floor is the time that the network's multiplications and additions take at the rate of a product
of large matrices in the same precision, measured here too. Winograd's F(2 x 2, 3 x 3) needs 2.25
times fewer multiplications where a filter is 3 x 3 and its stride 1, and cuDNN may use it: the
second floor says so, and a network may be below the first.

`--darknet` names a C program built for this GPU; its rate is that of its network alone, one image
at a time. For suppression see measure_nms.py.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gpu_bursts import (
    burn_in,
    event_seconds,
    state_text,
    times_in_burst,
    wall_seconds,
)
from measure_map import fit_batch_norms, write_images
from programs import Darknet
from random_network import write_network

import pydarknet
from pydarknet.boxes.settings import Settings, settings
from pydarknet.dataset.read_ahead import good_images
from pydarknet.evaluate.dataset_detections import groups_of
from pydarknet.inference.predict import network_input, outputs, predict, uses_half
from pydarknet.modules.ops import Conv
from pydarknet.modules.transforms import load_image
from pydarknet.network import Network
from pydarknet.system.crews import in_order

ROOT = Path(__file__).resolve().parents[1]
IMAGES = 64
SIDE = 8192  # of the matrices whose product gives the peak rate
WINOGRAD = 2.25  # times fewer multiplications: 16 for 4 numbers of 9 each
ALONE = "network"
Workload = Callable[[], int]  # does its work, and returns the number of images
Result = dict[str, Any]


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
        groups = groups_of(good_images(paths, load_image), batch)
        return sum(task.result() for _, task in in_order(detect, groups, network.crews(batch)))

    return {ALONE: alone, "pixels to boxes": from_pixels, "files to boxes": from_files}


def peak(device: torch.device, dtype: torch.dtype, burst: float) -> float:
    """Return the floating point operations per second of a product of large matrices."""
    side = SIDE if device.type == "cuda" else SIDE // 8
    a, b = (torch.rand(side, side, device=device).to(dtype) for _ in range(2))

    def product() -> int:
        torch.mm(a, b)
        return 1

    burn_in(product, device, burst)
    times = times_in_burst(product, device, burst)
    return (
        2 * side**3 / statistics.median(event_seconds(product, device, times)[0] for _ in range(3))
    )


def measure(network: Network, batch: int, options: argparse.Namespace, folder: Path) -> Result:
    """Return the seconds per image of every workload and round, and the GPU's states meanwhile."""
    loads = workloads(network, batch, settings(network, thresh=0.25), folder)
    device, times = network.device, {}
    for name, load in loads.items():
        burn_in(load, device, options.burn_in)
        times[name] = times_in_burst(load, device, options.burst)
    seconds: dict[str, list[float]] = {name: [] for name in loads}
    states = []
    for _ in range(options.rounds):
        for name, load in loads.items():
            if name == ALONE:
                taken, state = event_seconds(load, device, times[name])
                states.append(state)
            else:
                taken = wall_seconds(load, device, times[name])
            seconds[name].append(taken)
    return {"ran": "half" if uses_half(network) else "float", "seconds": seconds, "states": states}


def winograd_operations(network: Network) -> float:
    """Return the operations of an image if Winograd's F(2 x 2, 3 x 3) computes what it can."""
    saved = sum(
        node.layer.operations(node)
        for node, module in zip(network.nodes, network.stack, strict=True)
        if type(module) is Conv
        and (module.weights.shape[2:], module.stride, module.groups) == ((3, 3), (1, 1), 1)
        and module.dilation == 1
    )
    return network.operations() - saved * (1 - 1 / WINOGRAD)


def result_lines(result: Result, network: Network, most: float) -> list[str]:
    """Return the floors, a line per workload, and the state of the GPU."""
    operations = network.operations(), winograd_operations(network)
    floor, winograd = (1e3 * count / most for count in operations)
    lines = [f"  floor {floor:.3f} ms an image, {winograd:.3f} by Winograd; ran {result['ran']}"]
    for name, times in result["seconds"].items():
        low, middle, high = statistics.quantiles([1 / t for t in times], n=4)
        rate, each = f"{middle:8.1f} images/s ({low:.1f} to {high:.1f})", 1e3 / middle
        lines.append(f"  {name:16} {rate}, {each:.3f} ms: {each / floor:.2f} floors")
    told = [state_text(state) for state in result["states"] if state]
    return [*lines, *(f"  GPU meanwhile: {text}" for text in dict.fromkeys(told[:1] + told[-1:]))]


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
    parser.add_argument("--burst", type=float, default=0.3, help="seconds, at least")
    parser.add_argument("--burn-in", type=float, default=2, help="seconds, before a workload")
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
            results += of_network(word, options, Path(place))
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


def of_network(word: str, options: argparse.Namespace, folder: Path) -> list[Result]:
    """Measure a network in each precision and batch size, print, and return the results."""
    network, results = random_network(word, options.device, folder), []
    for precision in ("half", "float") if network.device.type == "cuda" else ("float",):
        dtype = torch.float16 if precision == "half" else torch.float32
        most = peak(network.device, dtype, options.burst)
        for batch in options.batch:
            network.precision = precision
            result = measure(network, batch, options, folder)
            head = f"{word}, {precision}, batch {batch}; peak {most / 1e12:.1f} TFLOP/s"
            print("\n".join([head, *result_lines(result, network, most)]), flush=True)
            one = {"cfg": word, "precision": precision, "batch": batch, "peak": most}
            results.append({**one, **result})
    if options.darknet:
        times = darknet_seconds(options.darknet, word, options.rounds)
        rate = f"{1 / statistics.median(times):8.1f} images/s" if times else "cannot run"
        print(f"  {'darknet, network':16} {rate}", flush=True)
        results.append({"cfg": word, "darknet": times})
    return results


if __name__ == "__main__":
    main()
