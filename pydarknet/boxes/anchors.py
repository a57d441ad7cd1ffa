"""The cells of a head's maps, as points that boxes are relative to: the anchors of those without.

Where a head reads several maps, its P cells run map by map, row by row. This imports torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import torch
from torch import Tensor

LEAST_SIDE: Final = 1e-8  # in cells, so that a side of 0 has a logarithm


class Cells(NamedTuple):
    """P cells: the columns and rows of each in its map, and its width and height, [2, P] both.

    Sides are in the unit of boxes, such as pixels of the network's input.
    """

    places: Tensor
    sides: Tensor

    @property
    def centres(self) -> Tensor:
        """The centres of the cells, [2, P]."""
        return (self.places + 0.5) * self.sides

    def at(self, index: Tensor) -> Cells:
        """Return some of the cells."""
        return Cells(self.places[:, index], self.sides[:, index])


def cells_of(
    maps: Sequence[tuple[int, int]], size: tuple[float, float], device: torch.device
) -> Cells:
    """Return the cells of maps [(height, width)], which cover an image of `size`, width and height.

    Source: YOLOX, yolox/models/yolo_head.py get_output_and_grid
    """
    places, sides = [], []
    for h, w in maps:
        column = torch.arange(w, device=device).expand(h, w)
        row = torch.arange(h, device=device)[:, None].expand(h, w)
        place = torch.stack([column, row]).flatten(1).float()
        side = (torch.full_like(place[0], all_ / n) for all_, n in zip(size, (w, h), strict=True))
        places.append(place)
        sides.append(torch.stack([*side]))
    return Cells(torch.cat(places, 1), torch.cat(sides, 1))


def decode(entries: Tensor, cells: Cells) -> Tensor:
    """Return boxes [N, 4, P], centres and sides, of entries [N, 4, P] of their cells.

    A centre is so many cells from the cell's corner; a side is a cell's times exp of its entry.

    Source: Ge et al. 2021, arXiv 2107.08430; YOLOX, yolox/models/yolo_head.py decode_outputs
    """
    centres = (entries[:, :2] + cells.places) * cells.sides
    return torch.cat([centres, entries[:, 2:].exp() * cells.sides], 1)


def encode(boxes: Tensor, cells: Cells) -> Tensor:
    """Return the entries [4, K] that `decode` makes boxes [4, K] of, in K cells.

    Source: YOLOX, yolox/models/yolo_head.py get_l1_target
    """
    centres = boxes[:2] / cells.sides - cells.places
    return torch.cat([centres, (boxes[2:] / cells.sides + LEAST_SIDE).log()])
