"""A network as OpenCV's importer presents it: the names of its layers, and rows of boxes."""

from __future__ import annotations

import time
from collections.abc import Iterator

import cv2
import numpy as np
import torch
from torch import Tensor

from ..boxes.opencv_scores import limit_scores
from ..errors import DarknetError
from ..layers import DetectionHead, Node, OpenCVCells, Shape
from ..modules.batch_norm import EPSILON, BatchNorm
from ..network import Network
from ..system.text import count_of
from .opencv_names import LayerNames

FLAT = "fullyConnected"
BATCH_NORM_EPSILON = 1e-6
THE_ONE = "detection_out"  # the one name without a number


def parts(node: Node) -> Iterator[str]:
    """Yield the names of OpenCV's layers for a layer of Darknet; the last has its output."""
    layer, index = node.layer, node.index
    if not layer.opencv:
        raise layer.error("is none that OpenCV read: expected load_network of pydarknet")
    if isinstance(layer, DetectionHead):
        yield f"permute_{index}"
    yield THE_ONE if layer.opencv == THE_ONE else f"{layer.opencv_name(len(node.sources))}_{index}"
    if layer.batch_normalize:
        yield f"bn_{index}"
    if layer.activation != "linear":
        yield f"{layer.activation}_{index + 1}"


def names_of(network: Network) -> LayerNames:
    """Return the names of all layers; heads are those that no other layer reads."""
    listed = tuple(tuple(parts(node)) for node in network.nodes)
    read = {source for node in network.nodes for source in node.sources}
    heads = (listed[node.index][-1] for node in network.nodes if node.index not in read)
    return LayerNames(listed, tuple(heads))


def set_epsilon(network: Network) -> None:
    """Let batch norms add OpenCV's epsilon to the variance, a tenth of Darknet's."""
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, BatchNorm):
                module.rolling_variance += BATCH_NORM_EPSILON - EPSILON


def rows(found: OpenCVCells) -> np.ndarray:
    """Return centre x, y, width, height in 0..1 of the input, objectness and scores per box.

    [N, H * W * anchors, 5 + classes]. A score is class times objectness.
    """
    h, w = found.places.shape[1:3]
    column = torch.arange(w, device=found.places.device)[:, None]
    row = torch.arange(h, device=found.places.device)[:, None, None]
    x, y = (found.places[..., 0] + column) / w, (found.places[..., 1] + row) / h
    sides = found.sides / found.sides.new_tensor(found.unit)
    scores = found.objectness * found.classes
    table = torch.cat([x[..., None], y[..., None], sides, found.objectness, scores], -1)
    laid: np.ndarray = table.flatten(1, 3).cpu().numpy()
    return laid


def output(node: Node, raw: Tensor, computed: Tensor, size: Shape, flat: bool) -> np.ndarray:
    """Return a layer's output in OpenCV's layout: rows of a head, or a map [N, C, H, W].

    A score of rows is 0 unless it exceeds the layer's `thresh`, and 0 if the box is suppressed by
    `nms_threshold`. Rows of a single image lack the dimension N. After a fully connected layer
    (`flat`) a map has the shape [N, C].
    """
    if isinstance(node.layer, DetectionHead):
        table = limit_scores(rows(node.layer.opencv_cells(raw, size)), *node.layer.opencv_limits)
        return table[0] if len(table) == 1 else table
    laid = raw if node.layer.opencv == "identity" else computed
    found: np.ndarray = laid.cpu().numpy().copy()
    if flat:
        return found.reshape(len(found), -1)
    return found[..., None, None] if found.ndim == 2 else found


def run(
    network: Network, names: LayerNames, blob: np.ndarray, wanted: dict[str, int]
) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Run a network on images, and return the wanted outputs, and the ticks of layers, by name.

    Raises DarknetError unless the images have its channels; another size resizes it.
    """
    channels, height, width = blob.shape[1:]
    if channels != network.input.c:
        problem = f"images of {count_of(channels, 'channel')}: expected {network.input.c}"
        grey = "cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) makes three of a grey one"
        raise DarknetError(problem, hint=grey if channels == 1 else "")
    if (network.input.h, network.input.w) != (height, width):
        network.resize(width, height)
    indices = {index: name for name, index in wanted.items()}
    found, ticks, flat, before = {}, {}, False, time.perf_counter()
    with torch.inference_mode():
        for node, inputs, computed in network.steps(torch.from_numpy(blob).to(network.device)):
            flat = flat or node.layer.opencv == FLAT
            if node.index in indices:
                laid = output(node, inputs[0], computed, network.input, flat)
                found[indices[node.index]] = laid
            now = time.perf_counter()
            ticks[names.parts[node.index][-1]] = (now - before) * cv2.getTickFrequency()
            before = now
    return found, ticks
