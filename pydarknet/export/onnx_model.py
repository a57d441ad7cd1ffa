"""A network in ONNX's form: its layers, a layout's outputs, and what the file says of itself."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..boxes.settings import Limits
from ..graph.executor import Executor
from ..graph.onnx_network import onnx_model, write_network
from ..modules.onnx_graph import OPSET
from ..ports.origin import field_of, origin_of
from .layouts import Layout, choose_layout
from .metadata import Facts, metadata


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    """How a network is exported; omitted, as most programs read it."""

    layout: str | None = None
    opset: int = OPSET
    batch: int | str = 1
    half: bool = False
    opencv4: bool = False
    limits: Limits


@dataclass(frozen=True)
class Exported:
    """A network in ONNX's form: the ModelProto, and the names of its outputs and states.

    `states` are the sizes of the inputs that recurrent layers keep, without the batch; `heads` the
    names of what goes into each head.
    """

    layout: Layout
    model: Any
    outputs: list[str]
    states: dict[str, tuple[int, ...]]
    heads: list[str]

    def first_states(self, images: int) -> dict[str, np.ndarray]:
        """Return the states before the first step: zeros."""
        return {name: np.zeros((images, *size), np.float32) for name, size in self.states.items()}


def build_model(
    network: Executor, options: ExportOptions, facts: Facts, *, keep_weights: bool = False
) -> Exported:
    """Return a network in ONNX's form, with its weights file if it is kept.

    Raises DarknetError for what cannot be written.
    """
    layout = choose_layout(network, options.layout, options.limits, options.opencv4)
    writer, heads = write_network(
        network,
        opset=options.opset,
        batch=options.batch,
        half=options.half,
        name=layout.input,
    )
    outputs = layout.write(writer, heads)
    names = [value.name for value in outputs]
    states = {state.name: tuple(map(int, state.before.shape[1:])) for state in writer.states}
    keys = metadata(layout, facts, names, states)
    model = onnx_model(writer, outputs, keys)
    if keep_weights and facts.weights and os.path.isfile(facts.weights):
        model.MergeFromString(field_of(origin_of(network, facts.weights, writer.constants)))
    return Exported(
        layout, model, names, states, [value.name for head in heads for value in head.inputs]
    )
