"""A network as the ONNX graph that its layers write, for a program that runs it for torch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..graph.executor import Executor
from ..graph.head import Head
from ..graph.onnx_network import onnx_model, write_network


class OnnxForm(NamedTuple):
    """The content of a file, the names of what goes into its heads and comes out, and the heads.

    The program computes the heads too: if torch did, the two programs' threads would spin while
    they wait for each other.
    """

    content: bytes
    names: list[str]
    heads: list[Head]

    def heads_of(self, found: Iterable[np.ndarray]) -> list[Head]:
        """Return heads with the values of these names."""
        values = map(torch.from_numpy, found)
        return [head.refill(values) for head in self.heads]


def onnx_form(network: Executor, images: Tensor) -> OnnxForm:
    """Return the graph of a network for images of a size.

    Raises RuntimeError for one that keeps a state, DarknetError for one that cannot be written.
    """
    writer, written = write_network(network, batch=len(images))
    if writer.states:
        raise RuntimeError("its layers keep a state")
    values = [value for head in written for value in (*head.inputs, head.activated)]
    content = onnx_model(writer, values).SerializeToString()
    return OnnxForm(content, [value.name for value in values], network.heads(images))
