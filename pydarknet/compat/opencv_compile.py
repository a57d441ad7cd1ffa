"""A network compiled for OpenCV's programs: every box of each head, and what they become there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..boxes.settings import Limits
from ..export.compile import SEED, compile_network
from ..export.rows import Rows
from ..layers import DetectionHead
from ..network import Network
from .opencv_form import FormOutput, record_of
from .opencv_layers import FLAT, names_of, rows
from .opencv_names import LayerNames

EVERY = (float("-inf"), 0.0)  # limits that leave every score
CLOSE = 1e-3  # rounding of two orders of computation


def compile_net(network: Network, engine: str, folder: Path) -> dict[str, Any]:
    """Write the compiled form of a network with OpenCV's batch norm; return what it says of itself.

    Raises OSError, and DarknetError for a network that has none.
    """
    names = names_of(network)
    outputs = list(form_outputs(network, names))
    check_rows(network, outputs)
    return compile_network(network, engine, folder) | {"opencv": record_of(names, outputs)}


def form_outputs(network: Network, names: LayerNames) -> Iterator[FormOutput]:
    """Yield the outputs of the compiled form: those of detection heads, or of the last layer."""
    heads = [node for node in network.nodes if isinstance(node.layer, DetectionHead)]
    for node in heads:
        layer = node.layer
        assert isinstance(layer, DetectionHead)
        layer.check_opencv()
        yield FormOutput(
            layer=names.parts[node.index][-1],
            anchors=layer.boxes if layer.anchor_by_anchor else 1,
            limits=layer.opencv_limits,
        )
    if heads:
        return
    last = network.nodes[network.result]
    if [names.parts[last.index][-1]] != list(names.heads) or last.layer.opencv == "identity":
        raise network.net.error("has another output than its result: expected a classifier")
    flat = any(node.layer.opencv == FLAT for node in network.nodes[: last.index + 1])
    shape = tuple(last.output.tensor)
    yield FormOutput(layer=names.heads[0], size=output_size(shape, flat))


def check_rows(network: Network, outputs: Sequence[FormOutput]) -> None:
    """Raise DarknetError for a head of which OpenCV reads other boxes than the form has."""
    layout = Rows(network, Limits(thresh=0, nms=0))
    images = torch.rand(1, *network.input.tensor, generator=torch.Generator().manual_seed(SEED))
    with torch.inference_mode():
        heads = network.heads(images.to(network.device))
        detectors = [head for head in heads if isinstance(head.node.layer, DetectionHead)]
        for head, output in zip(detectors, outputs, strict=bool(detectors)):
            layer = head.node.layer
            assert isinstance(layer, DetectionHead)
            every = replace(output, limits=EVERY).rows_or_map(layout.rows(head).cpu().numpy())
            theirs = rows(layer.opencv_cells(head.raw, network.input))[0]
            if not np.allclose(every, theirs, rtol=CLOSE, atol=CLOSE, equal_nan=True):
                raise layer.error("has other boxes for OpenCV: expected those of Darknet")


def output_size(size: tuple[int, ...], flat: bool) -> tuple[int, ...]:
    """Return the size of one image's output in OpenCV's layout, as `output` lays it."""
    if flat:
        return (int(np.prod(size)),)
    return (*size, 1, 1) if len(size) == 1 else size
