"""What an ONNX file of ours has of a network's weights."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import WeightsError
from ..graph.executor import Executor
from ..graph.onnx_network import layer_name
from ..graph.weights_layout import placed_arrays
from ..modules.batch_norm import EPSILON
from ..modules.onnx_graph import check_package
from ..runtime.about import KEY, read_about
from ..runtime.onnx_properties import read_fields, read_properties
from .import_arrays import Imported, import_stored
from .layouts import Layout, one
from .origin import FIELD, weights_from
from .stored import Arrays, Stored, as_floats

LAYOUT = Layout("ONNX of pydarknet", EPSILON, (one("{node}"),))
# Dimensions of the weights of nodes that have weights and biases.
KINDS = {"Conv": 4, "ConvTranspose": 4, "Gemm": 2}
LONGEST = 1 << 32  # bytes of an origin


@dataclass(frozen=True)
class OnnxWeights:
    """An ONNX file's model, and its origin, if it has one."""

    path: Path
    model: Any
    origin: bytes
    digest: str | None  # the SHA-256 of the weights file that was exported
    precision: str  # of its numbers: float, half or int8

    @property
    def constants(self) -> dict[str, np.ndarray]:
        """The arrays of the graph by their names."""
        import onnx

        return {
            held.name: onnx.numpy_helper.to_array(held) for held in self.model.graph.initializer
        }

    def arrays(self, network: Executor) -> Arrays:
        """Return weights and biases of the layers that a network has, by names of `LAYOUT`."""
        names, constants = {layer_name(node) for node in network.nodes}, self.constants
        found: dict[str, Stored] = {}
        for node in self.model.graph.node:
            layer = node.name.partition("/")[0]
            given = [constants.get(name) for name in node.input[1:3]]
            if layer in names and node.op_type in KINDS and len(given) == 2:
                for word, value in zip(("weight", "bias"), given, strict=True):
                    if value is not None:
                        read = partial(as_floats, value, layer, str(value.dtype), self.path)
                        stored = Stored(value.shape, str(value.dtype), read)
                        found.setdefault(f"{layer}.{word}", stored)
        return found


def read_onnx(path: Path) -> OnnxWeights:
    """Read a file; raise DarknetError for one of another program, or of 8-bit integers.

    Also if onnx is not installed.
    """
    check_package()
    import onnx

    read_about(path)
    said = json.loads(read_properties(path).values[KEY])
    if said.get("precision") == "int8":
        raise WeightsError(
            "has weights rounded to 8 bits (-int8): the weights file cannot be made from them",
            where=path,
            hint="export without -int8 too, and import that file",
        )
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        fields = [value for _, value in read_fields(file, size, (FIELD,), LONGEST)]
    try:
        model = onnx.load(path)
    except Exception as error:  # its classes are those of protobuf, which is not ours to name
        raise WeightsError(f"cannot be read as ONNX: {error}", where=path) from None
    origin, digest = fields[-1] if fields else b"", said.get("weights_sha256")
    return OnnxWeights(path, model, origin, digest, str(said.get("precision")))


def original_weights(network: Executor, file: OnnxWeights) -> bytes | None:
    """Return the bytes of the weights file that was exported; None if the file has lost them.

    They are those of its SHA-256. Raises WeightsError if the cfg has another number of weights.
    """
    if not file.origin:
        return None
    content = weights_from(file.origin, file.constants, file.path)
    if hashlib.sha256(content).hexdigest() != file.digest:
        return None
    wanted = sum(place.count for place in placed_arrays(network))
    header = 20 if len(content) % 4 == 0 and (len(content) - 20) // 4 == wanted else 16
    if (len(content) - header) // 4 != wanted:
        there = (len(content) - 20) // 4
        problem = f"was exported from weights of {there} floats: the cfg needs {wanted}"
        raise WeightsError(problem, where=file.path)
    return content


def import_onnx(network: Executor, file: OnnxWeights) -> Imported:
    """Give a network the values of an ONNX file, whose batch norms are folded into its weights."""
    return import_stored(network, file.arrays(network), LAYOUT, file.path)
