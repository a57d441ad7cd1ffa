"""The detections of a network in a list of image files, in batches that are read ahead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from ..backends.prepare import forget
from ..boxes.detections import Detections
from ..boxes.fusion import fuse, members_settings
from ..boxes.rule import SuppressionRule
from ..boxes.settings import Settings
from ..dataset.read_ahead import good_images
from ..graph.executor import Executor
from ..graph.head import Head
from ..inference.predict import batch_of, decode, device_around, network_input, suppress
from ..layers import last_detection_head
from ..modules.recurrent import Recurrent, is_recurrent
from ..modules.transforms import load_image
from ..network import Network
from ..runtime.tiled import find_in_tiles
from ..system.crews import in_order

BATCH = 16  # most images per batch
LEAST = 4  # images per batch, as in lists: fewer take longer, each on one core
NUMBERS = 1 << 20  # values per batch on a CPU, for its cache, if that is more images

Read = TypeVar("Read")
ReadImage = tuple[np.ndarray, Tensor]  # an image, and the network's input made from it
Batch = Sequence[tuple[int, tuple[str, ReadImage | None]]]  # with indices and paths
Heads = Callable[[Network, Tensor], Sequence[Head]]
Suppress = Callable[[Sequence[Head], Sequence[Detections], Settings], Sequence[Detections]]


@dataclass(frozen=True, eq=False)
class ImageDetections:
    """The detections of an image, its index in the list, and its width and height in pixels.

    An image that cannot be read is 0 x 0 and has no boxes.
    """

    index: int
    path: str
    width: int
    height: int
    boxes: Detections


@contextmanager
def evaluation_mode(network: Executor) -> Iterator[None]:
    """Put a network in evaluation mode inside the context.

    It has its cfg's size, and neither gradients nor statistics are updated. Its modes, its size and
    the state of its recurrent layers are restored at the end, and the fast form of a network in
    training is forgotten.

    Darknet: src/detector.c train_detector, validate_detector_map (AlexeyAB)
    """
    modes = {name: module.training for name, module in network.named_modules()}
    states = {m: (m.state, m.time_steps) for m in network.modules() if isinstance(m, Recurrent)}
    size, net = network.input, network.net
    if size.image and (size.w, size.h) != (net.width, net.height):
        network.resize(net.width, net.height)
    network.eval()
    network.reset()
    network.take_steps(1)
    try:
        with torch.no_grad():
            yield
    finally:
        if network.input != size:
            network.resize(size.w, size.h)
        for name, module in network.named_modules():
            module.training = modes[name]
        if network.training:
            forget(network)  # its fast form, which training makes useless, has much memory
        for recurrent, (state, steps) in states.items():
            recurrent.state, recurrent.time_steps = state, steps


@dataclass(frozen=True)
class DatasetDetector:
    """A network with settings, which detects boxes in image files.

    `heads` runs the network on a batch, `suppress` removes boxes that overlap. With `pixels`, boxes
    are in pixels of their image during and after suppression; else they are in 0..1. What `others`,
    networks of the same cfg, find is fused with its boxes.
    """

    network: Network
    chosen: Settings
    heads: Heads = Network.__call__
    suppress: Suppress = suppress
    pixels: bool = False
    others: Sequence[Network] = ()

    def detect(self, paths: Sequence[str]) -> Iterator[ImageDetections]:
        """Yield the detections of each image; an unreadable image has none, and causes a warning.

        While threads read images, others detect in batches of them, and the caller goes on with
        those before.

        Quirk: BLACK_PICTURE
        """
        images = enumerate(good_images(paths, self.read))
        size = batch_size(self.network)
        crews = self.network.crews(size) if len(paths) > size else ()
        work = partial(self.good_boxes, many=bool(crews))
        for batch, task in in_order(work, groups_of(images, size), crews):
            boxes = iter(task.result())
            for index, (path, found) in batch:
                if found is None:
                    yield ImageDetections(index, path, 0, 0, no_detections(self.network))
                else:
                    height, width = found[0].shape[:2]
                    yield ImageDetections(index, path, width, height, next(boxes))

    def read(self, path: str) -> ReadImage:
        """Return an image, and the network's input made from it, unless it is seen in tiles."""
        image = load_image(path, self.network.image_channels, self.network.exif)
        return image, torch.zeros(0) if self.chosen.tiling else self.input_of(image)

    def input_of(self, image: np.ndarray) -> Tensor:
        """Return the network's input made from an image."""
        return network_input(self.network, image, letterboxed=self.chosen.letterbox)

    def good_boxes(self, batch: Batch, *, many: bool) -> list[Detections]:
        """Return the detections of each image of a batch that could be read."""
        good = [found for _, (_, found) in batch if found is not None]
        return list(self.boxes(good, many=many)) if good else []

    def boxes(self, batch: Sequence[ReadImage], *, many: bool = False) -> Iterator[Detections]:
        """Yield the detections of each image of a batch, after suppression.

        `many` batches pay for measuring at the first what is fastest.
        """
        if self.others:
            yield from self.fused_boxes(batch, many=many)
            return
        images = [image for image, _ in batch]
        if self.chosen.tiling:
            tiles = TileDetector(replace(self, pixels=False))
            joined = find_in_tiles(tiles, images, self.chosen, self.chosen.tiling, many=many)
            yield from self.in_unit(map(Detections.of_arrays, joined), images)
            return
        with torch.no_grad():
            inputs = batch_of([x for _, x in batch], self.network)
            fast = self.network.prepared(many=many, half=self.network.asks_half)
            heads = self.heads(fast, inputs)
            place = device_around(self.network)
            found = decode(self.network, heads, images, self.chosen, place)
        yield from self.suppress(heads, self.in_unit(found, images), self.chosen)

    def fused_boxes(self, batch: Sequence[ReadImage], *, many: bool) -> Iterator[Detections]:
        """Yield the detections of each image of a batch that all networks find together."""
        alone = replace(self, others=(), chosen=members_settings(self.chosen))
        members = [replace(alone, network=one) for one in (self.network, *self.others)]
        for found in zip(*(one.boxes(batch, many=many) for one in members), strict=True):
            arrays = fuse([one.numpy() for one in found], self.chosen.decoding.thresh)
            yield Detections.of_arrays(arrays)

    def in_unit(
        self, found: Iterable[Detections], images: Sequence[np.ndarray]
    ) -> list[Detections]:
        """Return boxes in pixels of their image if `pixels` are asked for, else as they are."""
        if not self.pixels:
            return list(found)
        sizes = [image.shape[1::-1] for image in images]
        return [in_pixels(one, *size) for one, size in zip(found, sizes, strict=True)]


@dataclass(frozen=True)
class TileDetector:
    """Finds boxes in tiles as a detector of data sets finds them in images."""

    detector: DatasetDetector

    @property
    def suppression(self) -> SuppressionRule:
        return self.detector.network.suppression

    @property
    def keeps_state(self) -> bool:
        return self.detector.network.keeps_state

    def tiles_at_once(self) -> int:
        return batch_size(self.detector.network)

    def find_boxes(
        self, images: Sequence[np.ndarray], chosen: Settings, *, many: bool = False
    ) -> list[Detections]:
        detector = replace(self.detector, chosen=chosen)
        read = [(image, detector.input_of(image)) for image in images]
        return list(detector.boxes(read, many=many))


def in_pixels(boxes: Detections, width: int, height: int) -> Detections:
    """Return boxes in pixels, given those in 0..1 of an image."""
    size = boxes.boxes.new_tensor([width, height] * 2)
    return replace(boxes, boxes=boxes.boxes * size)


def batch_size(network: Executor) -> int:
    """Return the number of images per batch: one if the network has recurrent layers."""
    if is_recurrent(network):
        return 1
    if network.device.type != "cpu":
        return BATCH
    return min(max(NUMBERS // network.input.outputs, LEAST), BATCH)


def no_detections(network: Executor) -> Detections:
    """Return empty detections with the network's number of classes."""
    none = torch.zeros(0)
    return Detections(none.view(0, 4), none, none.view(0, classes_of(network)))


def classes_of(network: Executor) -> int:
    """Return the number of classes of the last detection head."""
    head = last_detection_head(network.layers)
    if head is None:
        raise network.net.error(
            "the network has no detection head: expected a detector",
            hint="a classifier is evaluated by: pydarknet classifier valid",
        )
    return head.classes


def groups_of(items: Iterable[Read], size: int) -> Iterator[list[Read]]:
    """Yield items in lists of `size`; the last may be shorter."""
    rest = iter(items)
    while group := list(islice(rest, size)):
        yield group
