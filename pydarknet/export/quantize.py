"""A file in float as one of 8-bit integers, by onnxruntime's static quantisation."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..errors import DarknetError, DataError
from ..runtime.engine import one_line
from ..runtime.installed import import_onnxruntime
from .onnx_file import LARGEST, array_bytes

LEAST_OPSET: Final = 13  # the first with a scale per channel
WEIGHTED: Final = ("Conv", "MatMul", "Gemm")


class Calibration:
    """What onnxruntime reads images from: `get_next` until there is none."""

    def __init__(self, inputs: Iterable[Mapping[str, np.ndarray]]) -> None:
        self.inputs = iter(inputs)

    def get_next(self) -> dict[str, np.ndarray] | None:
        """Return the inputs of the next run; None after the last."""
        given = next(self.inputs, None)
        return None if given is None else dict(given)


def quantize(
    source: Path, target: Path, heads: Sequence[str], inputs: Iterable[Mapping[str, np.ndarray]]
) -> Any:
    """Return a ModelProto of a file, whose convolutions compute in 8 bits, a scale per channel.

    `heads` are the values that go into heads. The ranges of all values are those that `inputs`
    give. `target` is a file on the way. Weights are of 7 bits: x86 processors without VNNI add
    pairs of products in 16 bits, where 8 would overflow. Raises DataError if nothing is quantised.
    """
    import onnx

    import_onnxruntime()
    from onnxruntime.quantization import QuantType, quantize_static

    model = onnx.load(source, load_external_data=False)
    try:
        with no_logs():
            quantize_static(
                source,
                target,
                Calibration(inputs),
                per_channel=True,
                reduce_range=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                nodes_to_exclude=float_nodes(model.graph.node, heads),
                use_external_data_format=array_bytes(model) >= LARGEST,
            )
    except (DarknetError, MemoryError, OSError):
        raise
    except Exception as error:  # onnx's and onnxruntime's have no base class of their own
        raise DataError(f"-int8: onnxruntime cannot quantise it: {one_line(error)}") from None
    made = onnx.load(target)
    if not any(node.op_type == "QuantizeLinear" for node in made.graph.node):
        raise DataError("-int8: nothing is left to quantise: expected more than one convolution")
    made.producer_name, made.producer_version = model.producer_name, model.producer_version
    del made.metadata_props[:]
    return made


@contextmanager
def no_logs() -> Iterator[None]:
    """Keep warnings from the log inside the context."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def float_nodes(nodes: Sequence[Any], heads: Sequence[str]) -> list[str]:
    """Return the names of nodes that stay in float: heads, and the last convolution before each.

    A score is an exponential of what a last convolution gives, in which 256 steps are too few.
    """
    makers = {name: node for node in nodes for name in node.output}
    body: set[str] = set()
    todo = list(heads)
    while todo:
        node = makers.get(todo.pop())
        if node is not None and node.name not in body:
            body.add(node.name)
            todo += node.input
    last = {node.name for head in heads for node in last_nodes(makers, head)}
    return [node.name for node in nodes if node.name not in body or node.name in last]


def last_nodes(makers: Mapping[str, Any], name: str) -> Iterator[Any]:
    """Yield the nodes from a value up to the convolution that it is made of, if it is of one."""
    node = makers.get(name)
    while node is not None:
        yield node
        above = [makers[given] for given in node.input if given in makers]
        node = above[0] if len(above) == 1 and node.op_type not in WEIGHTED else None
