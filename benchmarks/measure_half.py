#!/usr/bin/env python3
"""Measure what half precision changes: the boxes of trained models, compared with float32.

    benchmarks/measure_half.py IMAGES... --model my.cfg my.weights [--model ...] [--thresh 0.25]
        [--precision half|bf16]

On a GPU, detection computes in half precision. Without a GPU the same form of the network runs on
the CPU: in the same precision, but its sums add up in another order. `bf16` is that of a CPU,
-precision bf16: torch emulates the instructions that a processor lacks. Of a classifier the classes
and the scores are compared. How long it takes is told by benchmark.py.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import pydarknet  # the copy beside this script
from pydarknet.backends.prepare import PrepareOptions, on_gpu
from pydarknet.boxes.box import iou
from pydarknet.boxes.detections import Detections
from pydarknet.boxes.settings import Settings, settings
from pydarknet.inference.classify import classifier_input
from pydarknet.inference.predict import decode, network_input, suppress
from pydarknet.layers import last_detection_head
from pydarknet.modules.transforms import load_image
from pydarknet.network import Network
from pydarknet.runtime.precision import BFLOAT16, HALF

SAME = 0.5  # boxes of one class with a larger IoU count as the same


def detections_of(network: Network, form: Network, path: str, chosen: Settings) -> Detections:
    """Return the boxes that a form of a network detects in an image."""
    image = load_image(path, 1 if network.input.c == 1 else 3)
    with torch.inference_mode():
        inputs = network_input(network, image, letterboxed=chosen.letterbox)[None].to(
            network.device
        )
        heads = form(inputs)
        boxes = decode(network, heads, [image], chosen)
        return suppress(heads, boxes, chosen)[0].kept()


def differences(one: Detections, other: Detections) -> list[tuple[float, float]]:
    """Return the differences of each box and its counterpart, in 0..1 of the image and in score."""
    if not len(one) or not len(other):
        return []
    overlaps = torch.from_numpy(iou(one.boxes.numpy(), other.boxes.numpy()))
    best, place = (overlaps * (one.classes[:, None] == other.classes[None])).max(1)
    far = (one.boxes - other.boxes[place]).abs().amax(1)
    scores = (one.scores - other.scores[place]).abs()
    return [
        (float(a), float(b)) for a, b, x in zip(far, scores, best, strict=True) if float(x) > SAME
    ]


def compare(network: Network, half: Network, images: list[str], thresh: float) -> str:
    """Return what a form in half precision changes of the boxes of a detector."""
    chosen = settings(network, thresh=thresh)
    several = [
        (detections_of(network, network, p, chosen), detections_of(network, half, p, chosen))
        for p in images
    ]
    moved = [pair for one, other in several for pair in differences(one, other)]
    counts = [sum(len(each[i]) for each in several) for i in range(2)]
    far, score = (max((pair[i] for pair in moved), default=0.0) for i in range(2))
    return (
        f"{counts[0]} boxes in float, {counts[1]} in half, {len(moved)} in both; these"
        f" differ by {far:.5f} of the image at most, their scores by {score:.4f}"
    )


def compare_classes(network: Network, half: Network, images: list[str]) -> str:
    """Return what a form in half precision changes of the classes of a classifier."""
    pictures = [load_image(path, 1 if network.input.c == 1 else 3) for path in images]
    inputs = torch.stack([classifier_input(network, picture) for picture in pictures])
    with torch.inference_mode():
        several = [form(inputs.to(network.device))[-1].activated for form in (network, half)]
    one, other = (scores.flatten(1).cpu() for scores in several)  # [N, classes]
    same = int((one.argmax(1) == other.argmax(1)).sum())
    far = float((one - other).abs().max())
    return f"the same class in {same} of {len(images)} images; scores differ by {far:.4f} at most"


def half_form(network: Network, precision: str) -> Network:
    """Return the form of a network in a precision: of a GPU, "half", or of a CPU, "bf16"."""
    if precision == BFLOAT16:
        network.precision = precision
        return network.prepared(half=True)
    half = on_gpu(network, PrepareOptions(half=True))
    if network.device.type == "cpu":
        half.runner = None
    return half


def line(cfg: str, weights: str, options: argparse.Namespace) -> str:
    """Return a line about a model."""
    device = "cpu" if options.precision == BFLOAT16 else None
    network = pydarknet.load_network(cfg, weights, device=device)
    half = half_form(network, options.precision)
    name = f"{Path(cfg).parent.name}/{Path(cfg).name}"
    if last_detection_head(network.layers) is None:
        return f"{name}: {compare_classes(network, half, options.images)}"
    return f"{name}: {compare(network, half, options.images, options.thresh)}"


def main() -> None:
    """Print one line per model."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("images", nargs="+")
    parser.add_argument("--model", nargs=2, action="append", required=True)
    parser.add_argument("--thresh", type=float, default=0.25)
    parser.add_argument("--precision", choices=(HALF, BFLOAT16), default=HALF)
    options = parser.parse_args()
    for cfg, weights in options.model:
        print(line(cfg, weights, options), flush=True)


if __name__ == "__main__":
    main()
