"""A network as an ONNX graph: the loop over its layers, each of which writes itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from ..errors import UsageError
from ..layers import Node
from ..modules.onnx_graph import OPSET
from ..modules.onnx_writer import Value, Writer
from ..system.version import __version__
from .executor import Executor
from .head import inputs_kept
from .nodes import IMAGE

INPUT = "images"


class OnnxHead(NamedTuple):
    """What goes into a head and what comes out, as values of a graph; see `executor.Head`.

    In half precision what goes in is float16, and so is the result of a network without heads.
    """

    node: Node
    inputs: tuple[Value, ...]
    activated: Value

    @property
    def raw(self) -> Value:
        """What goes in, of several layers' outputs the first."""
        return self.inputs[0]


def layer_name(node: Node) -> str:
    """Return the name of a layer's value in the file: `012_convolutional`."""
    return f"{node.index:03d}_{node.layer.section.name}"


def write_network(
    network: Executor,
    *,
    opset: int = OPSET,
    batch: int | str = 1,
    half: bool = False,
    name: str = INPUT,
) -> tuple[Writer, list[OnnxHead]]:
    """Write all layers of a network; return the writer, and what `Executor.heads` would.

    In `half` precision all but the heads is float16. Raises DarknetError for a layer that cannot be
    written, and one without values.
    """
    network.check_values()
    writer = Writer(opset, batch)
    values = {IMAGE: writer.input(name, *network.input.tensor)}
    if half:
        values[IMAGE] = in_half(writer, values[IMAGE])
    heads: list[OnnxHead] = []
    with torch.no_grad():
        for node, module in zip(network.nodes, network.stack, strict=True):
            if not node.output.outputs:
                continue  # an unknown section, which no layer reads
            inputs = [values[source] for source in node.sources]
            if node.layer.head:
                writer.dtype = np.float32
            given = tuple(inputs[: inputs_kept(node)])
            if half:
                with writer.part(layer_name(node)):
                    inputs = [value.cast(writer.dtype) for value in inputs]
            values[node.index] = write_layer(writer, node, module, inputs)
            if node.layer.head or node.index == network.result:
                heads.append(OnnxHead(node, given, values[node.index]))
            writer.dtype = np.float16 if half else np.float32
    writer.dtype = np.float32
    return writer, [head for head in heads if head.node.layer.head] or heads


def write_layer(
    writer: Writer, node: Node, module: torch.nn.Module, inputs: Sequence[Value]
) -> Value:
    """Write one layer, and compare its size with the one that the cfg gives it."""
    try:
        value = writer.layer(layer_name(node), module, *inputs)
    except UsageError as error:
        raise node.layer.error(error.problem) from None
    if list(value.shape[1:]) != list(node.output.tensor) and not node.layer.head:
        raise node.layer.error(f"was written as {value.shape[1:]}: expected {node.output.tensor}")
    return value


def in_half(writer: Writer, value: Value) -> Value:
    """Write a conversion to float16, and let constants be float16 from here on."""
    writer.dtype = np.float16
    with writer.part(value.name):
        return value.cast(np.float16)


def name_value(value: Value, name: str) -> Value:
    """Give a value another name; a layer's keeps its own, and has a node that copies it.

    What is float16 becomes float32. If it has the name already, it is called `NAME/half` then.
    """
    writer = value.writer
    if value.is_a(np.float16):
        if value.name == name:
            value = Value(writer, writer.rename(name, f"{name}/half", 0), value.shape)
        with writer.part(name):
            value = value.cast(np.float32)
    elif "/" not in value.name and value.name != name:
        with writer.part(name):
            value = value.op("Identity")
    return Value(writer, writer.rename(value.name, name, 0), value.shape)


def onnx_model(
    writer: Writer, outputs: Sequence[Value], metadata: Mapping[str, str] | None = None
) -> Any:
    """Return the ModelProto of a graph that gives these outputs, and then the states of its layers.

    What no output needs is left out.
    """
    import onnx

    states = [name_value(state.after, f"{state.name}_after") for state in writer.states]
    names = list(dict.fromkeys(value.name for value in (*outputs, *states)))
    nodes = needed_nodes(writer.nodes, names)
    read = {name for node in nodes for name in node.input}
    graph = onnx.helper.make_graph(
        nodes,
        "pydarknet",
        writer.inputs,
        [onnx.helper.make_value_info(name, writer.types[name]) for name in names],
        [],
    )
    model = onnx.helper.make_model(
        graph,
        producer_name="pydarknet",
        producer_version=__version__,
        opset_imports=writer.imports,
        ir_version=writer.ir_version,
    )
    for name in writer.constants:
        if name in read:
            writer.tensor(name, model.graph.initializer.add())  # where it stays: one copy
    onnx.helper.set_model_props(model, dict(metadata or {}))
    return model


def needed_nodes(nodes: Sequence[Any], outputs: Sequence[str]) -> list[Any]:
    """Return the nodes on which outputs depend, in their order."""
    needed, kept = set(outputs), []
    for node in reversed(nodes):
        if needed.intersection(node.output):
            kept.append(node)
            needed.update(node.input)
    return kept[::-1]
