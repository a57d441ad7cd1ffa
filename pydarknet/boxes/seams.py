"""The boxes found in views of an image, its tiles and all of it, become the boxes of the image.

An object across the border of a tile is cut there, and its box ends at the border. Where another
view shows the object whole, the box of the part goes, whatever class the part was taken for. Where
none does, because the object is larger than what tiles share, its parts on both sides of a seam
become one box. No box goes for one of a lower score, so a lower threshold costs no better box.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ..image.tiles import Tile
from .box_arrays import BoxArrays

NEAR: Final = 0.02  # of a tile's side: a box that ends so near to the border is cut there
COVERED: Final = 0.6  # of the box of a part: so much of it lies in the box of the whole
ALIKE: Final = 0.6  # of the shorter of two parts: so much of it lies beside the other
BLOCK: Final = 1 << 20  # pairs that are compared at once
MEETS: Final = 0.1  # the IoU from which on two boxes are of one place
FINER: Final = 2  # times as large as the whole image a tile shows what it can tell from all else
TINY: Final = 1e-9
LEFT, TOP, RIGHT, BOTTOM = range(4)


@dataclass(frozen=True)
class View:
    """A part of an image, and what was found in it, in 0..1 of the part."""

    tile: Tile
    boxes: BoxArrays


@dataclass
class Sides:
    """Boxes by their sides: left, top, right, bottom in pixels of the image, float64 [K, 4].

    `tiles` [K, 4] are those of their views; `cut` [K, 4] says on which sides a view cuts a box.
    """

    boxes: np.ndarray
    tiles: np.ndarray
    cut: np.ndarray
    classes: np.ndarray
    scores: np.ndarray

    @property
    def near(self) -> np.ndarray:
        """How near to the sides of its tile each box counts as cut, [K, 4]."""
        return np.tile(NEAR * (self.tiles[:, 2:] - self.tiles[:, :2]), 2)


def boxes_of_image(views: Sequence[View], width: int, height: int) -> BoxArrays:
    """Return the boxes of views in 0..1 of their image, without those of parts; not suppressed.

    Of parts that become one, the best gives the scores. `width` and `height` are the image's.
    """
    found = BoxArrays.cat([in_image(view, width, height) for view in views])
    tiles = np.array([view.tile for view in views for _ in range(len(view.boxes))], np.float64)
    if not len(found):
        return found
    boxes = np.asarray(found.xyxy(width, height), np.float64)
    sides = Sides(boxes, tiles, np.zeros(boxes.shape, bool), found.classes, found.scores)
    inner = tiles != np.array([0, 0, width, height])
    outward = np.array([-1, -1, 1, 1])
    sides.cut = inner & ((boxes - tiles) * outward >= -sides.near)
    left = ~coarse(sides, width, height)
    left &= ~parts(sides, left)
    groups = groups_of_parts(sides, left)
    for group in groups:
        unite(sides, left, group)
    left &= ~parts(sides, left)
    changed = [group[0] for group in groups]
    centres = found.boxes.copy()
    centres[changed] = cxcywh(sides.boxes[changed], width, height)
    return replace(found, boxes=centres).take(left)


def in_image(view: View, width: int, height: int) -> BoxArrays:
    """Return the boxes of a view in 0..1 of the image."""
    (across, down), (left, top, _, _) = view.tile.size, view.tile
    scale = np.array([across / width, down / height] * 2, np.float32)
    move = np.array([left / width, top / height, 0, 0], np.float32)
    return replace(view.boxes, boxes=view.boxes.boxes * scale + move)


def cxcywh(sides: np.ndarray, width: int, height: int) -> np.ndarray:
    """Return centre and size in 0..1 of an image, float32, of sides in its pixels [K, 4]."""
    first, last = sides[:, :2], sides[:, 2:]
    both = np.concatenate(((first + last) / 2, last - first), 1) / np.tile((width, height), 2)
    return both.astype(np.float32)


def parts(sides: Sides, left: np.ndarray) -> np.ndarray:
    """Return which boxes that are `left` are parts of others that score as high, bool [K].

    Those others no tile cuts.
    """
    whole = np.flatnonzero(left & ~sides.cut.any(1))
    cut = np.flatnonzero(left & sides.cut.any(1))
    boxes, scores = sides.boxes[whole], sides.scores
    found = np.zeros(len(left), bool)
    tiles, owner = np.unique(sides.tiles[cut], axis=0, return_inverse=True)
    for index, tile in enumerate(tiles):
        of_tile = cut[owner.reshape(-1) == index]
        meets = (boxes[:, :2] < tile[2:]).all(1) & (boxes[:, 2:] > tile[:2]).all(1)
        near = whole[meets]
        step = max(BLOCK // max(len(near), 1), 1)
        for start in range(0, len(of_tile), step):
            some = of_tile[start : start + step]
            covered = share(sides.boxes[some], sides.boxes[near]) >= COVERED
            found[some] = (covered & (scores[near] >= scores[some][:, None])).any(1)
    return found


def coarse(sides: Sides, width: int, height: int) -> np.ndarray:
    """Return which boxes of the whole image go because a tile shows their place better, bool [K].

    It shows all of it, and has a box there that it does not cut and that scores as high, of the
    same class, or of any class where it shows the place twice as large.
    """
    whole = (sides.tiles == (0, 0, width, height)).all(1)
    fine = np.flatnonzero(~whole & ~sides.cut.any(1))
    boxes, tiles = sides.boxes[fine], sides.tiles[fine]
    classes, scores = sides.classes[fine], sides.scores[fine]
    much_finer = (FINER * (tiles[:, 2:] - tiles[:, :2]) <= (width, height)).all(1)
    found = np.zeros(len(whole), bool)
    for index in np.flatnonzero(whole):
        box = sides.boxes[index]
        better = (box[:2] >= tiles[:, :2]).all(1) & (box[2:] <= tiles[:, 2:]).all(1)
        better &= (classes == sides.classes[index]) | much_finer
        better &= scores >= sides.scores[index]
        found[index] = (overlap(box, boxes[better]) >= MEETS).any()
    return found


def overlap(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the IoU of a box [4] with others [M, 4]."""
    common = share(box[None], others)[0] * area(box)
    return common / (area(box) + area(others) - common)


def area(boxes: np.ndarray) -> np.ndarray:
    """Return the areas of boxes [..., 4]."""
    found: np.ndarray = (boxes[..., 2:] - boxes[..., :2]).clip(0).prod(-1)
    return found


def share(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return how much of each of some boxes [N, 4] lies in each of others [M, 4], in 0..1."""
    common = np.ones((len(some), len(others)))
    for begin, end in ((LEFT, RIGHT), (TOP, BOTTOM)):
        extent = np.minimum(some[:, None, end], others[:, end])
        extent -= np.maximum(some[:, None, begin], others[:, begin])
        common *= np.maximum(extent, 0, out=extent)
    found: np.ndarray = common / np.maximum(area(some), TINY)[:, None]
    return found


def groups_of_parts(sides: Sides, left: np.ndarray) -> list[list[int]]:
    """Return the groups of cut boxes that are parts of one, the best of each group first."""
    cut = np.flatnonzero(left & sides.cut.any(1))
    owner = {int(index): int(index) for index in cut}

    def root(index: int) -> int:
        while owner[index] != index:
            index = owner[index]
        return index

    for first in cut:
        for second in cut[goes_on(sides, int(first), cut)]:
            owner[root(int(first))] = root(int(second))
    groups: dict[int, list[int]] = {}
    for index in sorted(owner, key=lambda index: -sides.scores[index]):
        groups.setdefault(root(index), []).append(index)
    return [group for group in groups.values() if len(group) > 1]


def goes_on(sides: Sides, first: int, others: np.ndarray) -> np.ndarray:
    """Return which of `others`, indices [N], go on where the tile of `first` cuts it: bool [N].

    They do to the right or below, in a tile of the same row or column: both reach through all that
    the two tiles share, and lie side by side.
    """
    same = sides.classes[others] == sides.classes[first]
    box, tile, near = sides.boxes[first], sides.tiles[first], 2 * sides.near[first]
    boxes, tiles = sides.boxes[others], sides.tiles[others]
    found = np.zeros(len(others), bool)
    for begin, end, across in ((LEFT, RIGHT, TOP), (TOP, BOTTOM, LEFT)):
        cut = sides.cut[first, end] & sides.cut[others, begin]
        beside = tiles[:, across] == tile[across]
        after = (tiles[:, begin] > tile[begin]) & (tiles[:, begin] <= tile[end])
        through = (box[begin] <= tiles[:, begin] + near[begin]) & (
            boxes[:, end] >= tile[end] - near[end]
        )
        other = across + 2
        common = np.minimum(boxes[:, other], box[other]) - np.maximum(boxes[:, across], box[across])
        least = np.minimum(boxes[:, other] - boxes[:, across], box[other] - box[across])
        found |= same & cut & beside & after & through & (common >= ALIKE * least)
    return found


def unite(sides: Sides, left: np.ndarray, group: Sequence[int]) -> None:
    """Let the first of a group be the box around all, and the others not be left.

    It is cut where the one that reaches farthest is.
    """
    boxes = sides.boxes[group]
    ends = np.concatenate((boxes[:, :2].argmin(0), boxes[:, 2:].argmax(0)))
    which = np.array(group)[ends]
    every = np.arange(4)
    sides.boxes[group[0]], sides.cut[group[0]] = sides.boxes[which, every], sides.cut[which, every]
    left[list(group[1:])] = False
