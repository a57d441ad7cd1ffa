"""Boxes found in the tiles of large images, several tiles at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Protocol

from ..boxes.box_arrays import BoxArrays, BoxRows
from ..boxes.rule import SuppressionRule
from ..boxes.seams import View, boxes_of_image
from ..boxes.settings import Settings
from ..boxes.suppression import suppress_each
from ..errors import UsageError
from ..image.tiles import Tile, Tiling
from .any_network import Image

MANY = 4  # tiles, from which on the longer preparation pays


class Finds(Protocol):
    """A network that finds boxes in images of its size."""

    @property
    def suppression(self) -> SuppressionRule:
        """The rule of its suppression."""

    @property
    def keeps_state(self) -> bool:
        """Whether its answer depends on the images before."""

    def tiles_at_once(self) -> int:
        """Return how many tiles boxes are found in at once."""

    def find_boxes(
        self, images: Sequence[Image], chosen: Settings, *, many: bool = False
    ) -> Sequence[BoxRows]:
        """Return the boxes of each image, after suppression."""


def find_in_tiles(
    network: Finds, images: Sequence[Image], chosen: Settings, tiling: Tiling, *, many: bool = False
) -> list[BoxArrays]:
    """Return the boxes of each image, of which a large one is seen in tiles and once as a whole.

    All boxes of an image are suppressed together, by the network's own rule. An image that is one
    tile gives the boxes that it gives without tiling. Raises UsageError for a network that keeps a
    state from image to image.
    """
    if network.keeps_state:
        raise UsageError("the network keeps a state from image to image: expected no tiles")
    whole = replace(chosen, tiling=None)
    views = [views_of(image, tiling) for image in images]
    single = [place for place, some in enumerate(views) if len(some) == 1]
    found: dict[int, BoxArrays] = {}
    if single:
        boxes = network.find_boxes([images[place] for place in single], whole, many=many)
        found |= {place: one.numpy() for place, one in zip(single, boxes, strict=True)}
    cut = [place for place in range(len(images)) if place not in found]
    seen = boxes_in_views(network, [(images[p], tile) for p in cut for tile in views[p]], whole)
    for place in cut:
        height, width = images[place].shape[:2]
        joined = boxes_of_image([View(tile, next(seen)) for tile in views[place]], width, height)
        if chosen.nms:
            [joined] = suppress_each([joined], chosen.nms, network.suppression, stay=chosen.stay)
        found[place] = joined
    return [found[place] for place in range(len(images))]


def views_of(image: Image, tiling: Tiling) -> list[Tile]:
    """Return the tiles of an image and, if they are several, all of it."""
    height, width = image.shape[:2]
    tiles = tiling.tiles(width, height)
    return tiles if len(tiles) == 1 else [*tiles, Tile(0, 0, width, height)]


def boxes_in_views(
    network: Finds, views: Sequence[tuple[Image, Tile]], whole: Settings
) -> Iterator[BoxArrays]:
    """Yield the boxes of each view, in 0..1 of it, which are not suppressed."""
    rest, many = iter(views), len(views) >= MANY
    while batch := list(islice(rest, network.tiles_at_once())):
        images = [tile.of(image) for image, tile in batch]
        for boxes in network.find_boxes(images, replace(whole, nms=0), many=many):
            yield boxes.numpy().kept()
