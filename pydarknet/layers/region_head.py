"""What both lineages' [region] share: activations, boxes, and the scores of a class tree."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from ..boxes.settings import Decoding
from ..modules.onnx_writer import Value, Writer, onnx_softmax
from ..modules.parameters import constant
from .detection_head import above


def grouped_softmax(classes: Tensor, groups: tuple[int, ...], dim: int) -> Tensor:
    """Return the softmax of each of consecutive groups of classes."""
    if len(groups) == 1:
        return torch.softmax(classes, dim)
    parts = classes.split(groups, dim)
    return torch.cat([torch.softmax(part, dim) for part in parts], dim)


def rivals_of(groups: tuple[int, ...], classes: int, joined: bool) -> tuple[int, ...]:
    """Return of how many outputs each class is one that add up to 1; of two without groups.

    A background that is joined to the softmax of the classes is one more.
    """
    if not groups:
        return (2,) * classes
    return tuple(size + joined for size in groups for _ in range(size))


def decode_boxes(places: Tensor, sides: Tensor, anchors: Tensor) -> Tensor:
    """Return boxes [N, H, W, num, 4] in 0..1, given their places in their cells and their sides.

    Both are [N, H, W, num, 2]. The anchors, [num, 2] in cells, are multiplied by exp of the sides.

    Darknet: src/region_layer.c get_region_box
    """
    h, w = places.shape[1:3]
    column = torch.arange(w, device=places.device)[:, None].expand(h, w, 1)
    row = torch.arange(h, device=places.device)[:, None, None].expand(h, w, 1)
    cells = constant((w, h), places)
    centres = (torch.stack([column, row], -1) + places) / cells
    return torch.cat([centres, torch.exp(sides) * anchors / cells], -1)


def onnx_region_boxes(
    places: Value,
    rows: Value,
    cells: tuple[int, int],
    anchors: tuple[tuple[float, float], ...],
    anchors_first: bool,
) -> Value:
    """Write what `decode_boxes` returns as [N, K, 4], of `cells` across and down.

    `places` are [N, K, 2], and `rows` [N, K, entries] have the sides after them. The rows run
    anchor by anchor, or cell by cell.
    """
    w, h = cells
    row, column, anchor = np.meshgrid(*map(np.arange, (h, w, len(anchors))), indexing="ij")
    sizes = np.array(anchors)[anchor] / np.array(cells)
    both = [np.stack((column, row), -1), sizes]  # [H, W, num, 2]
    if anchors_first:
        both = [array.transpose(2, 0, 1, 3) for array in both]
    corners, sizes = (array.reshape(1, -1, 2) for array in both)
    writer = places.writer
    centres = (places + writer.constant(corners, "cells")) / writer.constant(cells)
    sides = rows.take(2, 2, 4).op("Exp") * writer.constant(sizes, "anchors")
    return writer.concat(2, centres, sides)


def mapped_scores(objectness: Tensor, classes: Tensor, decoding: Decoding) -> Tensor:
    """Return the scores of the classes that a map file names in a tree: at most the first 200.

    Darknet: src/region_layer.c get_region_detections
    Quirk: MAP_OF_200
    """
    chosen = constant(tuple((decoding.map or ())[:200]), classes, torch.int64)
    scores = torch.zeros_like(classes)
    found = objectness[:, None] * classes[:, chosen]
    scores[:, : len(chosen)] = above(found, decoding.thresh)
    return scores


def deepest(products: Tensor) -> Tensor:
    """Return probabilities; all but the last that exceeds one half become 0.

    Darknet: src/region_layer.c get_region_detections (AlexeyAB)
    """
    likely = products > 0.5
    later = likely.flip(1).cumsum(1).flip(1)
    return products * (likely & (later == 1))


class RegionHead(nn.Module):
    """Activate [N, num * (coords + 1 + classes), H, W]; boxes are decoded later.

    A background has no logistic; where it is `joined`, it is in the softmax of the classes.

    Darknet: src/region_layer.c forward_region_layer
    Quirk: REGION_TREE_ON_CPU
    """

    def __init__(
        self,
        num: int,
        coords: int,
        groups: tuple[int, ...],
        background: bool,
        joined: bool,
    ) -> None:
        super().__init__()
        self.num, self.coords, self.groups = num, coords, groups
        self.background, self.joined = background, joined

    def forward(self, x: Tensor) -> Tensor:
        boxes = x.unflatten(1, (self.num, -1))
        sizes = (2, self.coords - 2, 1, boxes.shape[2] - self.coords - 1)
        places, rest, objectness, classes = boxes.split(sizes, 2)
        if self.joined:
            squashed = torch.softmax(torch.cat([objectness, classes], 2), 2)
        else:
            seen = objectness if self.background else torch.sigmoid(objectness)
            squashed = torch.cat([seen, self.probabilities(classes)], 2)
        return torch.cat([torch.sigmoid(places), rest, squashed], 2).flatten(1, 2)

    def probabilities(self, classes: Tensor) -> Tensor:
        """Return class probabilities [N, num, classes, H, W]."""
        if self.groups:
            return grouped_softmax(classes, self.groups, 2)
        return torch.sigmoid(classes)

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        x, (c, h, w), n = inputs[0], map(int, inputs[0].shape[1:]), self.coords
        each = c // self.num
        boxes = x.reshape(self.num, each, h, w)
        parts = [boxes.take(2, 0, 2).sigmoid(), boxes.take(2, 2, n)]
        classes = boxes.take(2, n + 1, each)
        if self.joined:
            parts.append(boxes.take(2, n, each).softmax(2))
        else:
            seen = boxes.take(2, n, n + 1)
            parts.append(seen if self.background else seen.sigmoid())
            parts.append(
                onnx_softmax(classes, self.groups, 2) if self.groups else classes.sigmoid()
            )
        return writer.concat(2, *parts).reshape(c, h, w)


class CellsFirstRegionHead(nn.Module):
    """[N, num * (5 + classes), H, W] to [N, H, W, num, 5 + classes], activated.

    Darknet: src/region_layer.c forward_region_layer (AlexeyAB)
    """

    def __init__(self, num: int, coords: int, groups: tuple[int, ...]) -> None:
        super().__init__()
        self.num, self.coords, self.groups = num, coords, groups

    def forward(self, x: Tensor) -> Tensor:
        boxes = x.unflatten(1, (self.num, -1)).permute(0, 3, 4, 1, 2)
        values, objectness, classes = boxes.tensor_split((self.coords, self.coords + 1), -1)
        if self.groups:
            classes = grouped_softmax(classes, self.groups, -1)
        return torch.cat([values, torch.sigmoid(objectness), classes], -1)

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        x, (c, h, w), n = inputs[0], map(int, inputs[0].shape[1:]), self.coords
        each = c // self.num
        boxes = x.reshape(self.num, each, h, w).transpose(0, 3, 4, 1, 2)
        classes = boxes.take(4, n + 1, each)
        if self.groups:
            classes = onnx_softmax(classes, self.groups, 4)
        return writer.concat(4, boxes.take(4, 0, n), boxes.take(4, n, n + 1).sigmoid(), classes)
