"""Time the export of networks as ONNX, ours and torch's, by turns; print both and their ratio.

    python benchmarks/measure_export.py yolov4.cfg yolov4-tiny.cfg

Loading the network and checking the file do not count. Ours is `graph.onnx_network`; torch's is
torch.onnx.export, which needs onnxscript. Both end with the bytes of the file.
"""

from __future__ import annotations

import argparse
import io
import logging
import platform
import statistics
import time
import warnings
from collections.abc import Callable

import torch
from torch import Tensor, nn

import pydarknet
from pydarknet.graph.executor import Executor
from pydarknet.graph.onnx_network import onnx_model, write_network


class Outputs(nn.Module):
    """A network that returns what its heads give."""

    def __init__(self, network: Executor) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        return tuple(head.activated for head in self.network.heads(images))


def ours(network: Executor) -> int:
    """Export a network by its layers; return the bytes."""
    writer, heads = write_network(network)
    return len(onnx_model(writer, [head.activated for head in heads]).SerializeToString())


def theirs(network: Executor) -> int:
    """Export a network by torch; return the bytes."""
    images, content = torch.zeros(1, *network.input.tensor), io.BytesIO()
    module = Outputs(network).eval()
    program = torch.onnx.export(module, (images,), dynamo=True, verbose=False)
    program.save(content)
    return len(content.getvalue())


def seconds(export: Callable[[Executor], int], network: Executor) -> float:
    """Return how long one export takes."""
    start = time.perf_counter()
    export(network)
    return time.perf_counter() - start


def main() -> None:
    """Print a line per network."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("cfgs", nargs="+")
    parser.add_argument("--times", type=int, default=3)
    given = parser.parse_args()
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    warnings.simplefilter("ignore")
    print(f"{platform.machine()}, {torch.backends.cpu.get_cpu_capability()}")
    for cfg in given.cfgs:
        network = pydarknet.load_network(cfg, device="cpu")
        network.initialize(torch.Generator().manual_seed(1))
        pairs = [(seconds(ours, network), seconds(theirs, network)) for _ in range(given.times)]
        mine, other = (statistics.median(times) for times in zip(*pairs, strict=True))
        print(f"{cfg}: ours {mine:.2f} s, torch {other:.2f} s, {other / mine:.0f} times")


if __name__ == "__main__":
    main()
