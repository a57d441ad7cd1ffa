#!/usr/bin/env python3
"""Print where the time of a network goes on a CPU: per layer, with its products per second.

    benchmarks/profile_layers.py cfg/yolov4-tiny.cfg [--threads 1] [--batch 1] [--tune off]

The fast form of the network is measured, with random weights, and each convolution in the way that
was chosen for it by measurement (--tune off: directly). Products are those of the direct way; what
reaches more of them than the processor can do has fewer. The last line gives the time that it takes
to start a convolution with almost no work, and a product of matrices of the same size.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import pydarknet  # the copy beside this script
from pydarknet.backends.packed_conv import PackedConv
from pydarknet.graph.nodes import IMAGE
from pydarknet.modules.ops import Conv
from pydarknet.network import Network


def layer_times(network: Network, images: torch.Tensor, rounds: int) -> list[float]:
    """Return the median seconds of every layer of a network's fast form."""
    fast = network.prepared(many=True)
    fast(images)  # which chooses the ways of convolutions
    times: list[list[float]] = [[] for _ in fast.nodes]
    for _ in range(rounds + 3):
        outputs = {IMAGE: images}
        for node, module, done in zip(fast.nodes, fast.stack, fast.done, strict=True):
            inputs = [outputs[source] for source in node.sources]
            start = time.perf_counter()
            outputs[node.index] = module(*inputs)
            times[node.index].append(time.perf_counter() - start)
            for source in done:
                del outputs[source]
    return [statistics.median(each[3:]) for each in times]


def way_of(network: Network, index: int, images: int) -> str:
    """Return the way in which a layer of the fast form convolves so many images; else nothing."""
    fast = network.prepared(many=True)
    module, node = fast.stack[index], fast.nodes[index]
    size = torch.Size((images, *node.inputs[0].tensor))
    return module.way(size) if isinstance(module, PackedConv) else ""


def median_seconds(work: Callable[[], object]) -> float:
    """Return the median seconds of a short call."""
    times = []
    for _ in range(300):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def start_times() -> str:
    """Return a line: how long it takes to start a convolution and a product of matrices."""
    conv, x = Conv(8, 8, 1), torch.rand(1, 8, 1, 1)
    torch.nn.init.ones_(conv.weights)
    torch.nn.init.ones_(conv.biases)
    packed, row = PackedConv(conv), torch.rand(1, 8)
    weights = conv.weights[:, :, 0, 0].contiguous()
    convolution = median_seconds(lambda: packed(x)) * 1e6
    product = median_seconds(lambda: F.linear(row, weights, conv.biases)) * 1e6
    return f"starting a convolution takes {convolution:.0f} us, a product of matrices {product:.0f}"


def main() -> None:
    """Print the slowest layers, the sum of all, and the time that starting takes."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("cfg")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--top", type=int, default=12)
    parser.add_argument("--tune", choices=("on", "off"), default="on")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    network = pydarknet.load_network(options.cfg, device="cpu", tune=options.tune == "on")
    images = torch.rand(options.batch, *network.input.tensor)
    with torch.inference_mode():
        times = layer_times(network, images, options.rounds)
        rows = sorted(zip(times, network.nodes, strict=True), key=lambda row: -row[0])
        for seconds, node in rows[: options.top]:
            products = options.batch * node.layer.operations(node) / 2 / seconds / 1e9
            rate = f"{products:6.1f} G products/s" if products else ""
            shapes = f"{'x'.join(map(str, node.inputs[0].tensor))} to "
            shapes += "x".join(map(str, node.output.tensor))
            name = f"{node.index:4} {node.layer.section.name:15} {shapes:28}"
            way = way_of(network, node.index, options.batch)
            part = seconds / sum(times)
            print(f"{name} {way:10} {seconds * 1e3:7.2f} ms {part:4.0%} {rate}")
        print(f"all {len(times)} layers: {sum(times) * 1e3:.1f} ms")
        print(start_times())


if __name__ == "__main__":
    main()
