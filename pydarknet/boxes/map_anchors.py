"""The anchors of heads over maps: boxes around points of each map, which deltas move and stretch.

The P anchors run map by map, row by row, cell by cell, and a cell's in their order. This imports
torch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

LONGEST: Final = math.log(1000 / 16)  # no side grows by more, whatever its delta
UNIT: Final = (1.0, 1.0, 1.0, 1.0)

Pair = tuple[float, float]


@dataclass(frozen=True)
class AnchorMap:
    """A map `w` x `h` cells, whose first is at `offset` steps; `sizes` are its anchors' sides.

    `steps` are from cell to cell, across and down. All are pixels of the network's input.
    """

    w: int
    h: int
    steps: Pair
    sizes: tuple[Pair, ...]
    offset: float

    def boxes(self, device: torch.device) -> Tensor:
        """Return the anchors, centres and sides [4, P], float32."""
        x, y = (
            (torch.arange(n, dtype=torch.float32, device=device) + self.offset) * step
            for n, step in zip((self.w, self.h), self.steps, strict=True)
        )
        sides = torch.tensor(self.sizes, dtype=torch.float32, device=device)  # [A, 2]
        parts = (x[None, :, None], y[:, None, None], sides[:, 0], sides[:, 1])
        return torch.stack(torch.broadcast_tensors(*parts)).flatten(1)


@dataclass(frozen=True, kw_only=True)
class MatchRule:
    """From an IoU of `fg` on an anchor learns a true box; below `bg` it learns that none is there.

    Between both it learns nothing. `low_quality` lets the anchors learn that a true box has as its
    best, `forced` the first of them, and that very box.
    """

    fg: float
    bg: float
    low_quality: bool = False
    forced: bool = False


def anchors_of(maps: Sequence[AnchorMap], device: torch.device) -> Tensor:
    """Return the anchors of maps, centres and sides [4, P] in pixels, float32.

    Source: torchvision, models/detection/anchor_utils.py grid_anchors, _grid_default_boxes
    """
    return torch.cat([one.boxes(device) for one in maps], 1)


def decode(deltas: Tensor, anchors: Tensor, weights: Sequence[float] = UNIT) -> Tensor:
    """Return boxes [..., 4, P], centres and sides, of deltas [..., 4, P] of anchors [4, P].

    Deltas are divided by the `weights`. A centre moves by so many sides of the anchor; a side is
    the anchor's times exp of its delta.

    Source: torchvision, models/detection/_utils.py BoxCoder.decode_single
    """
    moved = deltas / deltas.new_tensor(weights)[:, None]
    sides = moved[..., 2:, :].clamp(max=LONGEST).exp() * anchors[2:]
    return torch.cat([moved[..., :2, :] * anchors[2:] + anchors[:2], sides], -2)


def encode(boxes: Tensor, anchors: Tensor, weights: Sequence[float] = UNIT) -> Tensor:
    """Return the deltas [4, K] that `decode` makes boxes [4, K] of, of anchors [4, K].

    Source: torchvision, models/detection/_utils.py encode_boxes
    """
    moved = torch.cat([(boxes[:2] - anchors[:2]) / anchors[2:], (boxes[2:] / anchors[2:]).log()])
    return moved * moved.new_tensor(weights)[:, None]


def clip(boxes: Tensor, width: float, height: float) -> Tensor:
    """Return boxes [..., 4, P], centres and sides, cut to an image of this size."""
    half = boxes[..., 2:, :] / 2
    size = boxes.new_tensor([width, height])[:, None]
    first = (boxes[..., :2, :] - half).clamp(min=0).minimum(size)
    last = (boxes[..., :2, :] + half).clamp(min=0).minimum(size)
    return torch.cat([(first + last) / 2, last - first], -2)
