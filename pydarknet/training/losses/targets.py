"""The truths of a mini-batch as a head reads them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import torch
from torch import Tensor

from ...cfg.options import integer
from ...cfg.parser import read_text
from ...layers import Layer
from .base import LossInputs
from .iou import Box
from .slots import Slots


@dataclass(frozen=True)
class Truths:
    """Rows [N, T, 5 or more] on the CPU, of which `usable` [N, T] count; `classes` are mapped."""

    rows: Tensor
    classes: Tensor
    usable: Tensor

    @property
    def boxes(self) -> Box:
        """Boxes [N, T]; those that do not count are empty and overlap nothing."""
        return Box(*(self.rows[..., :4] * self.usable[..., None]).unbind(2))

    def without(self, images: Tensor) -> Truths:
        """Return the truths of all but some images, which are given as bool [N]."""
        return replace(self, usable=self.usable & ~images[:, None])

    @property
    def listed(self) -> tuple[Tensor, Tensor]:
        """Image and row of each truth that counts, in the order of the C."""
        image, row = self.usable.nonzero(as_tuple=True)
        return image, row


def truths_of(
    inputs: LossInputs,
    layer: Layer,
    classes: int,
    *,
    most: int,
    place: int = 4,
    map: str | None = None,
) -> Truths:
    """Return the truths that a head of so many classes reads, at most `most` an image.

    `place` is where a row has its class, which the file `map` may turn into another. Truths of
    a class that the head does not have count for nothing.

    Quirk: CLASS_OUT_OF_RANGE
    """
    rows = inputs.rows[:, :most]
    if rows.shape[-1] <= place:
        raise layer.error(f"reads truths of {place + 1} numbers a box: got {rows.shape[-1]}")
    named = rows[..., place].long()
    meant = named if map is None else mapped(layer, map, named)
    used = (rows[..., 0] != 0).cumprod(1).bool()
    usable = used & (named >= 0) & (named < classes) & (meant >= 0) & (meant < classes)
    return Truths(rows, meant.clamp(0, max(classes - 1, 0)), usable)


def mapped(layer: Layer, name: str, classes: Tensor) -> Tensor:
    """Return the classes that a map file has for some; -1 beyond its end.

    Darknet: src/utils.c read_map
    """
    listed = torch.tensor([*read_map(str(layer.section.file(name))), -1])
    return listed[classes.clamp(-1, len(listed) - 1)]


@cache
def read_map(path: str) -> tuple[int, ...]:
    """Return the number on each line of a file."""
    lines = read_text(path).rstrip("\n").split("\n")
    return tuple(integer(line, strict=False) for line in lines)


def cells(box: Box, width: int, height: int) -> tuple[Tensor, Tensor]:
    """Return row and column of the cells that centres lie in; the nearest of those outside.

    Quirk: TRUTH_ON_THE_BORDER
    """
    column = (box.x * width).long().clamp(0, width - 1)
    row = (box.y * height).long().clamp(0, height - 1)
    return row, column


def slots_of(box: Box, image: Tensor, anchor: Tensor, width: int, height: int) -> Slots:
    """Return the slots of an anchor each in the cells that boxes' centres lie in."""
    row, column = cells(box, width, height)
    return Slots(image, anchor, row, column)
