#!/usr/bin/env python3
"""Compare a network as a fused graph with the same network layer by layer, on a CPU.

    benchmarks/compare_graphs.py cfg/yolov4-tiny.cfg [model.weights] [--threads 1] [--batch 1]

Both take turns, in bursts. Without weights, random ones. The last line gives how long it took to
make the graph, and how long it takes to see that no value of the network has changed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import pydarknet  # the copy beside this script
from pydarknet.backends.fused_graph import fused_graph
from pydarknet.network import Network

BURST = 0.3  # seconds


def burst(work: Callable[[], object]) -> float:
    """Return the median seconds of calls in a row, after a pause and one that warms up."""
    time.sleep(0.03)
    work()
    times: list[float] = []
    while sum(times) < BURST or len(times) < 3:
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def compare(network: Network, images: torch.Tensor, rounds: int) -> None:
    """Print the medians of both forms, their ratio round by round, and what preparing takes."""
    fast = network.prepared()
    fast.heads(images)
    start = time.perf_counter()
    graph = fused_graph(fast, images)
    made = time.perf_counter() - start
    pairs = [
        (burst(lambda: fast.heads(images)), burst(lambda: graph(images))) for _ in range(rounds)
    ]
    layers, whole = (statistics.median(times) * 1e3 for times in zip(*pairs, strict=True))
    ratios = sorted(one / other for one, other in pairs)
    print(f"layer by layer {layers:.2f} ms, as a graph {whole:.2f} ms")
    low, middle, high = ratios[0], statistics.median(ratios), ratios[-1]
    print(f"{middle:.2f} times as fast ({low:.2f} to {high:.2f})")
    check = burst(network.prepared) * 1e3
    print(f"making the graph took {made:.2f} s, seeing that nothing changed takes {check:.2f} ms")


def main() -> None:
    """Compare the forms of a network."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("cfg")
    parser.add_argument("weights", nargs="?")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    network = pydarknet.load_network(options.cfg, options.weights, device="cpu")
    if options.weights is None:
        network.initialize(torch.Generator().manual_seed(0))
    with torch.inference_mode():
        compare(network, torch.rand(options.batch, *network.input.tensor), options.rounds)


if __name__ == "__main__":
    main()
