"""A network as OpenCV's importer presents it: the names of its layers, and rows of boxes."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from ..boxes.opencv_scores import limit_scores
from ..layers import DetectionHead, Node, OpenCVCells, Shape
from ..modules.batch_norm import EPSILON, BatchNorm
from ..network import Network

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


def set_epsilon(network: Network) -> None:
    """Let batch norms add OpenCV's epsilon to the variance, a tenth of Darknet's."""
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, BatchNorm):
                module.rolling_variance += BATCH_NORM_EPSILON - EPSILON


def rows(layer: DetectionHead, found: OpenCVCells) -> Tensor:
    """Return centre x, y, width, height in 0..1 of the input, objectness and scores per box.

    [N, H * W * anchors, 5 + classes]. A score is class times objectness; it is 0 unless it exceeds
    the layer's `thresh`, and 0 if the box is suppressed by `nms_threshold`.
    """
    h, w = found.places.shape[1:3]
    column = torch.arange(w, device=found.places.device)[:, None]
    row = torch.arange(h, device=found.places.device)[:, None, None]
    x, y = (found.places[..., 0] + column) / w, (found.places[..., 1] + row) / h
    sides = found.sides / found.sides.new_tensor(found.unit)
    scores = found.objectness * found.classes
    table = torch.cat([x[..., None], y[..., None], sides, found.objectness, scores], -1)
    return limit_scores(table.flatten(1, 3), *layer.opencv_limits)


def output(node: Node, raw: Tensor, computed: Tensor, size: Shape, flat: bool) -> Tensor:
    """Return a layer's output in OpenCV's layout: rows of a head, or a map [N, C, H, W].

    Rows of a single image lack the dimension N. After a fully connected layer (`flat`) a map has
    the shape [N, C].
    """
    if isinstance(node.layer, DetectionHead):
        table = rows(node.layer, node.layer.opencv_cells(raw, size))
        return table[0] if len(table) == 1 else table
    laid = raw if node.layer.opencv == "identity" else computed
    if flat:
        return laid.flatten(1)
    return laid[..., None, None] if laid.dim() == 2 else laid
