"""The base of heads over maps whose boxes are deltas of anchors: [retina] and [ssd]."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from ..boxes.competition import Competition
from ..boxes.map_anchors import LONGEST, UNIT, AnchorMap, MatchRule, anchors_of, clip, decode
from ..cfg.options import quiet
from ..errors import CfgError
from ..modules.onnx_writer import Value, Writer
from ..system.text import count_of
from .base import Layer, Node, Shape
from .detection_head import Channels, Run, check_anchors
from .map_head import BOX, IOU_LOSSES, MapHead

BOX_LOSSES = ("l1", "smooth_l1", *IOU_LOSSES)


@dataclass(frozen=True, kw_only=True)
class MapAnchorHead(MapHead):
    """Decode a box for each anchor of each cell of the maps of `layers`.

    A map of A anchors has the channels A * 4, deltas of x, y, w, h, and then A * `scores`. Where
    `per_layer` is not given, each map has an equal share of the anchors, in their order. Of the
    scores of each map, or of each class (`by_map`), the `pre_nms` best compete; of an image's the
    `post_nms` best that are left stay.
    """

    softmax: ClassVar[bool] = False  # over a cell's scores, the first of which is the background
    by_map: ClassVar[bool] = True
    clustered: ClassVar[bool] = False  # they are some scales and ratios for each map

    anchors: tuple[float, ...] = quiet(())
    num: int = quiet(lambda o: len(o.anchors) // 2, least=1)
    per_layer: tuple[int, ...] = quiet((), least=1)
    steps: tuple[float, ...] = quiet((), above=0)
    offset: float = quiet(0.5, least=0, most=1)
    box_weights: tuple[float, ...] = quiet(UNIT, above=0)
    clip: bool = quiet(True)
    pre_nms: int = quiet(1000, least=0)
    post_nms: int = quiet(300, least=0)

    channels_hint = "each of `layers` has 4 deltas of each of its anchors, then their scores"

    def check(self) -> None:
        super().check()
        if not self.anchors:
            raise self.section.error("anchors is missing: expected a width and a height for each")
        sizes = self.anchor_sizes
        check_anchors(self, sizes, len(self.anchors), self.num)
        if len(sizes) < self.num:
            problem = f"{count_of(len(self.anchors), 'number')}: expected {2 * self.num}"
            raise self.section.option_error("anchors", problem)
        for name, count in (("box_weights", BOX), ("steps", len(self.layers))):
            given = len(vars(self)[name])
            if given not in (count, 0 if name == "steps" else count):
                each = ", one for each of layers" if name == "steps" else ""
                problem = f"{count_of(given, 'number')}: expected {count}{each}"
                raise self.section.option_error(name, problem)
        if sum(self.shares) != self.num or len(self.shares) != len(self.layers):
            raise self.unequal_shares()

    def unequal_shares(self) -> CfgError:
        """Return what is wrong with the number of anchors of each map."""
        maps = count_of(len(self.layers), "map")
        if self.per_layer:
            problem = f"expected one for each of {maps}, {self.num} in all"
            return self.section.option_error("per_layer", problem)
        problem = f"{count_of(self.num, 'anchor')} for {maps}: expected as many for each"
        return self.section.option_error("anchors", problem, hint="per_layer= says it otherwise")

    @property
    def rule(self) -> MatchRule:
        """Which anchors learn which true boxes."""
        raise NotImplementedError

    @property
    def shares(self) -> tuple[int, ...]:
        """How many anchors each cell of each map has."""
        return self.per_layer or (self.num // len(self.layers),) * len(self.layers)

    @property
    def scores_of_each(self) -> int:
        """How many scores each anchor has."""
        return self.classes + self.softmax

    @property
    def anchor_sizes(self) -> tuple[tuple[float, float], ...]:
        pairs = zip(self.anchors[::2], self.anchors[1::2], strict=False)
        return tuple(pairs)[: self.num]

    @property
    def class_channels(self) -> tuple[Channels, ...]:
        return tuple((Run(BOX * share, share),) for share in self.shares)

    def input_options(self, node: Node) -> Mapping[str, str]:
        """Return steps, if the last anchors of a map would lie outside the input, or far inside."""
        if not self.steps:
            return {}
        steps = []
        for given, x in zip(self.steps, node.inputs, strict=True):
            pairs = ((node.image.w, x.w), (node.image.h, x.h))
            inside = [(n - 1 + self.offset) * given <= side < (n + 1) * given for side, n in pairs]
            steps.append(given if all(inside) else node.image.w / x.w)
        return {"steps": ",".join(f"{step:.6g}" for step in steps)}

    def shape(self, *inputs: Shape) -> Shape:
        each = BOX + self.scores_of_each
        what = f"{count_of(each, 'number')} of each anchor"
        self.check_channels(inputs, [share * each for share in self.shares], what)
        boxes = sum(s * x.h * x.w for s, x in zip(self.shares, inputs, strict=True))
        return Shape(c=BOX + self.classes, h=1, w=boxes)

    def maps(self, node: Node) -> list[AnchorMap]:
        """Return the maps of a node with their anchors."""
        left, found = list(self.anchor_sizes), []
        for index, (share, x) in enumerate(zip(self.shares, node.inputs, strict=True)):
            sizes, left = left[:share], left[share:]
            whole = node.image
            steps = (self.steps[index],) * 2 if self.steps else (whole.w / x.w, whole.h / x.h)
            found.append(AnchorMap(x.w, x.h, steps, tuple(sizes), self.offset))
        return found

    def competition(self, node: Node) -> Competition | None:
        if not self.pre_nms:
            return None
        boxes = [share * x.h * x.w for share, x in zip(self.shares, node.inputs, strict=True)]
        return Competition(self.pre_nms, tuple(boxes) if self.by_map else ())

    def competitors(self, outputs: Tensor, node: Node, thresh: float) -> Tensor:
        competition = self.competition(node)
        scores = outputs[:, BOX:, 0]  # [N, classes, P]
        if competition is None or at_most(competition.most, scores, thresh):
            return outputs
        parts = scores.split(competition.maps, 2) if competition.maps else scores.split(1, 1)
        left = [best_of(part.flatten(1), competition.most, thresh).view_as(part) for part in parts]
        boxes = outputs[:, :BOX]
        return torch.cat([boxes, torch.cat(left, 2 if competition.maps else 1)[:, :, None]], 1)

    def build(self, node: Node, readers: tuple[Layer, ...]) -> nn.Module:
        return AnchorBoxes(self, self.maps(node), (node.image.w, node.image.h))


class AnchorBoxes(nn.Module):
    """Maps [N, A * (4 + scores), h, w] to [N, 4 + classes, 1, P]: boxes in 0..1, probabilities."""

    def __init__(self, layer: MapAnchorHead, maps: list[AnchorMap], size: tuple[int, int]) -> None:
        super().__init__()
        self.layer, self.maps, self.size = layer, maps, size
        self.placed: dict[torch.device, Tensor] = {}

    def anchors(self, device: torch.device) -> Tensor:
        """Return the anchors [4, P] in pixels, on a device where they stay."""
        if device not in self.placed:
            self.placed[device] = anchors_of(self.maps, device)
        return self.placed[device]

    def forward(self, *maps: Tensor) -> Tensor:
        layer, (deltas, scores) = self.layer, columns_of(maps, self.layer.shares)
        boxes = decode(deltas, self.anchors(deltas.device), layer.box_weights)
        boxes = clip(boxes, *self.size) if layer.clip else boxes
        unit = boxes.new_tensor(self.size * 2)[:, None]
        chances = scores.softmax(1)[:, 1:] if layer.softmax else scores.sigmoid()
        return torch.cat([boxes / unit, chances], 1)[:, :, None]

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        parts = [onnx_columns(x, a) for x, a in zip(inputs, self.layer.shares, strict=True)]
        deltas, scores = (writer.concat(2, *some) for some in zip(*parts, strict=True))
        kinds, boxes = map(int, scores.shape[1:])
        chances = scores.softmax(1).take(1, 1, kinds) if self.layer.softmax else scores.sigmoid()
        found = writer.concat(1, self.onnx_boxes(writer, deltas), chances)
        return found.reshape(BOX + self.layer.classes, 1, boxes)

    def onnx_boxes(self, writer: Writer, deltas: Value) -> Value:
        """Write the boxes [N, 4, P] in 0..1 of deltas [N, 4, P]."""
        unit = np.asarray(self.size * 2, np.float32)[:, None]
        places, sides = np.split(anchors_of(self.maps, torch.device("cpu")).numpy() / unit, 2)
        weights = np.asarray(self.layer.box_weights, np.float32)[:, None]
        moves = writer.constant((sides / weights[:2])[None], "moves")
        logs = deltas.take(1, 2, BOX) * writer.constant((1 / weights[2:])[None], "weights")
        halves = writer.constant((sides / 2)[None], "halves")
        centres = deltas.take(1, 0, 2) * moves + writer.constant(places[None], "places")
        half = logs.with_number("Min", LONGEST).op("Exp") * halves
        if not self.layer.clip:
            return writer.concat(1, centres, half + half)
        first, last = (centres - half).clip(0, 1), (centres + half).clip(0, 1)
        return writer.concat(1, (first + last) * 0.5, last - first)


def at_most(most: int, scores: Tensor, thresh: float) -> bool:
    """Return whether no more scores exceed a threshold, those of all images together."""
    return int(torch.count_nonzero(scores > thresh)) <= most


def best_of(lines: Tensor, most: int, thresh: float) -> Tensor:
    """Return lines [N, K] of scores, in each of which so many of the largest are left, else 0."""
    if lines.shape[1] <= most or at_most(most, lines, thresh):
        return lines
    last = lines.topk(most, 1).values[:, -1:]
    return lines * (lines >= last)


def columns_of(maps: tuple[Tensor, ...], shares: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Return deltas [N, 4, P] and scores [N, n, P] of maps [N, A * (4 + n), h, w]."""
    deltas: list[Tensor] = []
    scores: list[Tensor] = []
    for x, boxes in zip(maps, shares, strict=True):
        cells = x.flatten(2).split((BOX * boxes, x.shape[1] - BOX * boxes), 1)
        for part, found in zip(cells, (deltas, scores), strict=True):
            found.append(part.unflatten(1, (boxes, -1)).permute(0, 2, 3, 1).flatten(2))
    return torch.cat(deltas, 2), torch.cat(scores, 2)


def onnx_columns(x: Value, boxes: int) -> tuple[Value, Value]:
    """Write the deltas and the scores of one map's columns."""
    channels, h, w = map(int, x.shape[1:])
    ends = ((0, BOX * boxes), (BOX * boxes, channels))
    parts = (
        x.take(1, start, end)
        .reshape(boxes, (end - start) // boxes, h * w)
        .transpose(0, 2, 3, 1)
        .reshape((end - start) // boxes, h * w * boxes)
        for start, end in ends
    )
    deltas, scores = parts
    return deltas, scores
