"""What OpenCV's importer made of a network: its layers' names, and rows of boxes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import singledispatch

import torch
from torch import Tensor

from ..boxes.nms import crowds, walk
from ..layers.base import Layer, Node, Shape
from ..layers.region import Region
from ..layers.yolo import Yolo
from ..modules.batch_norm import EPSILON, BatchNorm
from ..network import Network

BATCH_NORM_EPSILON = 1e-6
CENTRE = 0.5


def parts(node: Node) -> Iterator[str]:
    """Yield the names of the layers that a layer of Darknet becomes; its output is the last's."""
    layer, index = node.layer, node.index
    if not layer.opencv:
        raise layer.error("is none that OpenCV read: expected load_network of pydarknet")
    if layer.detector:
        yield f"permute_{index}"
    yield THE_ONE if layer.opencv == THE_ONE else f"{kind(node)}_{index}"
    if getattr(layer, "batch_normalize", False):
        yield f"bn_{index}"
    if getattr(layer, "activation", "linear") != "linear":
        yield f"{layer.activation}_{index + 1}"  # type: ignore[attr-defined]


THE_ONE = "detection_out"  # a name without a number


def kind(node: Node) -> str:
    """Return the name of a layer without its number: of one source, what joins is no concat."""
    if not node.layer.merges or len(node.sources) > 1 or node.layer.opencv != "concat":
        return node.layer.opencv
    return "slice" if getattr(node.layer, "groups", 1) > 1 else "identity"


def set_epsilon(network: Network) -> None:
    """Let batch norms add OpenCV's epsilon to the variance, which is a tenth of Darknet's."""
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, BatchNorm):
                module.rolling_variance += BATCH_NORM_EPSILON - EPSILON


def setting(layer: Layer, key: str, default: float) -> float:
    """Return a number that OpenCV read of a section, and Darknet may not."""
    entry = layer.section.find(key)
    return float(entry.value) if entry and entry.value else default


@dataclass(frozen=True)
class Cells:
    """What a head gives every cell, [N, H, W, anchors, 5 + classes], ready to become rows.

    `places` are in cells, `sides` in `unit`s, of which the network's input has so many. `thresh`
    and `overlap` are what counts where the section has no `thresh` and no `nms_threshold`.
    """

    places: Tensor
    sides: Tensor
    objectness: Tensor
    classes: Tensor
    unit: tuple[int, int]
    thresh: float
    overlap: float


@singledispatch
def cells(layer: Layer, raw: Tensor, size: Shape) -> Cells | None:
    """Return the cells of a detection head, from what goes into it; None for other layers."""
    return None


@cells.register
def _(layer: Yolo, raw: Tensor, size: Shape) -> Cells:
    values = raw.unflatten(1, (layer.boxes, -1)).permute(0, 3, 4, 1, 2)
    squash = torch.clone if getattr(layer, "new_coords", False) else torch.sigmoid
    scale = getattr(layer, "scale_x_y", 1.0)
    places = squash(values[..., :2]) * scale - CENTRE * (scale - 1)
    sides = layer.sides(values[..., 2:4]) * values.new_tensor(layer.anchor_sizes)
    rest = squash(values[..., 4:])
    return Cells(places, sides, rest[..., :1], rest[..., 1:], (size.w, size.h), 0.2, 0)


@cells.register
def _(layer: Region, raw: Tensor, size: Shape) -> Cells:
    values = raw.unflatten(1, (layer.boxes, -1)).permute(0, 3, 4, 1, 2)
    if layer.hierarchy or not layer.softmax:
        raise layer.error("is none that OpenCV read: expected softmax=1 and no tree")
    sides = torch.exp(values[..., 2:4]) * values.new_tensor(layer.anchor_sizes)
    objectness, classes = torch.sigmoid(values[..., 4:5]), torch.softmax(values[..., 5:], -1)
    if layer.classfix == -1:
        objectness = objectness * (objectness >= CENTRE)
    h, w = values.shape[1:3]
    return Cells(torch.sigmoid(values[..., :2]), sides, objectness, classes, (w, h), 0.001, 0.4)


def rows(layer: Layer, found: Cells) -> Tensor:
    """Return centre x, y, width, height in 0..1 of the input, objectness and scores a box.

    [N, H * W * anchors, 5 + classes]; a score is class times objectness, 0 where it does not
    exceed the layer's `thresh`, or where `nms_threshold` leaves another box.
    """
    h, w = found.places.shape[1:3]
    column = torch.arange(w, device=found.places.device)[:, None]
    row = torch.arange(h, device=found.places.device)[:, None, None]
    x, y = (found.places[..., 0] + column) / w, (found.places[..., 1] + row) / h
    sides = found.sides / found.sides.new_tensor(found.unit)
    scores = found.objectness * found.classes
    thresh = setting(layer, "thresh", found.thresh)
    scores = scores * (scores > thresh)
    table = torch.cat([x[..., None], y[..., None], sides, found.objectness, scores], -1)
    table = table.flatten(1, 3)
    overlap = setting(layer, "nms_threshold", found.overlap)
    return torch.stack([suppressed(one, overlap) for one in table]) if overlap > 0 else table


def suppressed(table: Tensor, overlap: float) -> Tensor:
    """Zero scores of rows [K, 5 + classes] that overlap a better one of the class by more."""
    left = torch.zeros_like(table[:, 5:])
    for k in table[:, 5:].any(0).nonzero().flatten().tolist():
        column = table[:, 5 + k]
        order = column.argsort(descending=True, stable=True)[: int((column > 0).sum())]
        stay = order[walk(range(len(order)), crowds(table[order, :4], overlap, None))]
        left[stay, k] = column[stay]
    return torch.cat([table[:, :5], left], 1)


def output(node: Node, raw: Tensor, computed: Tensor, size: Shape, flat: bool) -> Tensor:
    """Return a layer's output as OpenCV laid it out: a head's rows, else a map [N, C, H, W].

    Rows of a single image come without the image's dimension; after a fully connected layer,
    `flat`, there are [N, C].
    """
    found = cells(node.layer, raw, size)
    if found is None:
        laid = raw if node.layer.opencv == "identity" else computed
        if flat:
            return laid.flatten(1)
        return laid[..., None, None] if laid.dim() == 2 else laid
    table = rows(node.layer, found)
    return table[0] if len(table) == 1 else table
