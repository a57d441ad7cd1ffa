"""Which true box each anchor learns, by how much they overlap; and what heads of anchors learn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ...boxes.map_anchors import MatchRule, anchors_of, decode, encode
from ...graph.head import Head
from ...layers import Node
from ...layers.map_anchor_head import MapAnchorHead, columns_of
from .base import LossInputs
from .iou import Box, iou
from .map_heads import MEASURES, truth_of
from .shown import Shown, shows
from .simota import Truth

BACKGROUND: Final = -1  # in place of a true box's row
IGNORED: Final = -2
PAIRS: Final = 1 << 22  # of true boxes and anchors that are compared at a time


class Overlaps(NamedTuple):
    """How P anchors overlap T true boxes: the best IoU of each anchor and its row, [P].

    `places` [T] is the anchor that is best for each true box, the first of equal ones. `favourites`
    [P] are the anchors that overlap a true box as much as its best; none where that is 0, whereas
    torchvision takes all anchors then.
    """

    best: Tensor
    rows: Tensor
    places: Tensor
    favourites: Tensor


def match(boxes: Box, anchors: Box, rule: MatchRule) -> Tensor:
    """Return the row of the true box that each anchor learns, BACKGROUND or IGNORED: int64 [P].

    Source: torchvision, models/detection/_utils.py Matcher, SSDMatcher
    """
    found = overlaps_of(boxes, anchors)
    low = torch.where(found.best < rule.bg, BACKGROUND, IGNORED)
    matched = torch.where(found.best >= rule.fg, found.rows, low)
    if rule.low_quality:
        matched = torch.where(found.favourites, found.rows, matched)
    if rule.forced:
        matched[found.places] = torch.arange(len(boxes.x), device=matched.device)
    return matched


def overlaps_of(boxes: Box, anchors: Box) -> Overlaps:
    """Return how anchors [P] overlap true boxes [T], some of which are compared at a time."""
    count, total = len(anchors.x), len(boxes.x)
    best = anchors.x.new_full((count,), -1.0)
    rows = torch.zeros(count, dtype=torch.long, device=best.device)
    favourites = torch.zeros(count, dtype=torch.bool, device=best.device)
    places = []
    each = max(PAIRS // max(count, 1), 1)
    for start in range(0, total, each):
        overlap = iou(Box(*(part[start : start + each, None] for part in boxes)), anchors)
        most, first = overlap.max(1)
        places.append(first)
        favourites |= ((overlap == most[:, None]) & (overlap > 0)).any(0)
        highest, row = overlap.max(0)
        better = highest > best
        best, rows = torch.where(better, highest, best), torch.where(better, start + row, rows)
    none = torch.zeros(0, dtype=torch.long, device=best.device)
    return Overlaps(best, rows, torch.cat([none, *places]), favourites)


@dataclass(frozen=True)
class Learned:
    """What a head of anchors gives for N images, and what it learns.

    `deltas` [N, 4, P] and `scores` [N, n, P] have their graph; `anchors` are [4, P] in pixels.
    `matched` [N, P] is what `match` returns. Of the K anchors that learn a box, `image` and `place`
    [K] say which they are, `boxes` [4, K] are the true boxes in pixels, `classes` [K] theirs.
    """

    layer: MapAnchorHead
    deltas: Tensor
    scores: Tensor
    anchors: Tensor
    matched: Tensor
    image: Tensor
    place: Tensor
    boxes: Tensor
    classes: Tensor

    @classmethod
    def of(cls, head: Head, inputs: LossInputs) -> Learned:
        """Match the anchors of a head."""
        layer = head.node.layer
        assert isinstance(layer, MapAnchorHead)
        size = inputs.size.w, inputs.size.h
        deltas, scores = columns_of(head.inputs, layer.shares)
        anchors = anchors_of(layer.maps(head.node), deltas.device)
        truth = truth_of(layer, inputs, size, deltas.device)
        matched = torch.stack([*matches(truth, anchors, layer.rule)])
        image, place = (matched >= 0).nonzero(as_tuple=True)
        row = matched[image, place]
        boxes = torch.stack([part[image, row] for part in truth.boxes])
        kinds = truth.classes[image, row]
        return cls(layer, deltas, scores, anchors, matched, image, place, boxes, kinds)

    @property
    def counts(self) -> Tensor:
        """How many anchors of each image learn a box, [N]."""
        return (self.matched >= 0).sum(1)

    def boxes_found(self) -> Tensor:
        """Return the boxes [4, K] that the head gives for anchors that learn one."""
        found = self.deltas[self.image, :, self.place].T
        return decode(found, self.anchors[:, self.place], self.layer.box_weights)

    def box_losses(self, kind: str) -> Tensor:
        """Return how far each box [K] is from its true one: by deltas (l1, smooth_l1) or by IoU."""
        if kind in MEASURES:
            return 1 - MEASURES[kind](Box(*self.boxes_found()), Box(*self.boxes))
        wanted = encode(self.boxes, self.anchors[:, self.place], self.layer.box_weights)
        found = self.deltas[self.image, :, self.place].T
        far = F.l1_loss if kind == "l1" else F.smooth_l1_loss
        return far(found, wanted, reduction="none").sum(0)

    def overlap(self) -> Tensor:
        """Return the mean IoU of the K boxes with their true ones; 0 of none."""
        with torch.no_grad():
            found = iou(Box(*self.boxes_found()), Box(*self.boxes))
        return found.sum() / max(len(found), 1)


def matches(truth: Truth, anchors: Tensor, rule: MatchRule) -> Iterator[Tensor]:
    """Yield what the anchors of each image learn, of the usable rows whose box has an area."""
    there = truth.usable & (truth.boxes.w > 0) & (truth.boxes.h > 0)
    for image, here in enumerate(there):
        usable = here.nonzero()[:, 0]
        boxes = Box(*(part[image, usable] for part in truth.boxes))
        matched = match(boxes, Box(*anchors), rule)
        rows = torch.cat([usable, usable.new_tensor([IGNORED, BACKGROUND])])  # -2 and -1 stay
        yield rows[matched]


@shows(MapAnchorHead)
def matched_anchors(node: Node, inputs: LossInputs) -> list[Shown]:
    """Return the anchors of each image that learn a box, with the classes of these."""
    layer = node.layer
    assert isinstance(layer, MapAnchorHead)
    size, device = (inputs.size.w, inputs.size.h), inputs.truth.device
    anchors = anchors_of(layer.maps(node), device)
    truth = truth_of(layer, inputs, size, device)
    found = []
    for image, matched in enumerate(matches(truth, anchors, layer.rule)):
        place = (matched >= 0).nonzero()[:, 0]
        boxes = anchors[:, place].T / anchors.new_tensor(size * 2)
        classes = truth.classes[image, matched[place]]
        found.append(Shown("anchors", classes.cpu().numpy(), boxes.cpu().numpy()))
    return found
