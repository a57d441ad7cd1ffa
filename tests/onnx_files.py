"""ONNX files of recorded networks to compare with, whole and with a fault."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pydarknet
from pydarknet.graph.onnx_network import onnx_model, write_network
from pydarknet.layers import DetectionHead
from pydarknet.network import Network

needs_onnx = pytest.mark.skipif(
    find_spec("onnx") is None or find_spec("onnxruntime") is None,
    reason="needs onnx and onnxruntime: pip install -c constraints.txt '.[export]'",
)


def recorded_network(case: Path, dialect: str = "alexeyab") -> Network:
    """Return the network of a recorded case on the CPU."""
    return pydarknet.load_network(
        case / "net.cfg", case / "net.weights", dialect=dialect, device="cpu"
    )


def write_file(
    network: Network, path: Path, change: Callable[[Any], object] = lambda model: None
) -> Path:
    """Write the maps that go into a network's heads, or what it gives, after a change."""
    import onnx

    writer, heads = write_network(network)
    detects = isinstance(heads[0].node.layer, DetectionHead)
    model = onnx_model(writer, [head.raw if detects else head.activated for head in heads])
    change(model)
    onnx.save(model, path)
    return path


def add_to_biases(layer: str, much: float) -> Callable[[Any], None]:
    """Return a change that adds a number to the biases of a layer."""

    def change(model: Any) -> None:
        import onnx

        for held in model.graph.initializer:
            if held.name == f"{layer}.biases":
                values = onnx.numpy_helper.to_array(held) + np.float32(much)
                held.CopyFrom(onnx.numpy_helper.from_array(values, held.name))

    return change


def rename_values(model: Any) -> None:
    """Give every value inside a model a number for a name, as other programs do."""
    ends = {one.name for one in (*model.graph.input, *model.graph.output)}
    numbers: dict[str, str] = {}
    for node in model.graph.node:
        for names in (node.input, node.output):
            inside = [name in ends or not name for name in names]
            names[:] = [
                name if kept else numbers.setdefault(name, str(len(numbers)))
                for name, kept in zip(names, inside, strict=True)
            ]
    for held in model.graph.initializer:
        held.name = numbers.get(held.name, held.name)
