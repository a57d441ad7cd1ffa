"""What a network finds in a list of image files: read ahead, in batches, in order."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from ..boxes.detections import Detections
from ..dataset.bad_list import BAD_FILES, Problem, append
from ..errors import DataError
from ..graph.executor import Head
from ..inference.predict import Settings, decode, device_around, network_input, suppress
from ..layers import last_detection_head
from ..modules.recurrent import Recurrent
from ..modules.transforms import load_image
from ..network import Network
from ..system.console import note

BATCH = 16  # images that go through a network together at most
NUMBERS = 1 << 20  # that a batch has at most on a CPU, whose cache must hold its maps
AHEAD = 16  # images that are read while others are worked on
READERS = min(4, os.cpu_count() or 1)

Read = TypeVar("Read")
Heads = Callable[[Network, Tensor], Sequence[Head]]
Suppress = Callable[[Sequence[Head], Sequence[Detections], Settings], Sequence[Detections]]


@dataclass(frozen=True, eq=False)
class Seen:
    """What was found in the image of one place in a list, and its width and height in pixels.

    An image that cannot be read is 0 x 0 and has no boxes.
    """

    index: int
    path: str
    width: int
    height: int
    boxes: Detections


@contextmanager
def evaluating(network: Network) -> Iterator[None]:
    """Let a network that is in training be evaluated, and leave it as it was found.

    Inside, it takes images of its cfg's size, statistics stand still and no gradients are kept.
    Its modes, its size and the state of its recurrent layers are put back at the end.

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
        for recurrent, (state, steps) in states.items():
            recurrent.state, recurrent.time_steps = state, steps


@dataclass(frozen=True)
class Search:
    """How boxes are looked for: the network, its settings, and what becomes of its outputs.

    `heads` runs the network on a batch, `suppress` leaves out boxes that overlap. With `pixels`
    boxes are suppressed and given in pixels of their image, else in 0..1 of it.
    """

    network: Network
    chosen: Settings
    heads: Heads = Network.__call__
    suppress: Suppress = suppress
    pixels: bool = False

    def find(self, paths: Sequence[str]) -> Iterator[Seen]:
        """Yield what is found in each image; one that cannot be read is told, and has no boxes.

        Quirk: BLACK_PICTURE
        """
        images = enumerate(ahead(paths, self.read))
        for batch in grouped(images, batch_size(self.network)):
            good = [found for _, (_, found) in batch if found is not None]
            boxes = iter(self.boxes(good) if good else [])
            for index, (path, found) in batch:
                if found is None:
                    yield Seen(index, path, 0, 0, nothing(self.network))
                else:
                    height, width = found[0].shape[:2]
                    yield Seen(index, path, width, height, next(boxes))

    def read(self, path: str) -> tuple[np.ndarray, Tensor]:
        """Read an image and make it the network's input."""
        image = load_image(path, 1 if self.network.input.c == 1 else 3)
        return image, network_input(self.network, image, boxed=self.chosen.letterbox)

    def boxes(self, batch: Sequence[tuple[np.ndarray, Tensor]]) -> Iterator[Detections]:
        """Yield the boxes of each image of a batch, after suppression."""
        images = [image for image, _ in batch]
        with torch.no_grad():
            inputs = batch_of([x for _, x in batch], self.network)
            fast = self.network.prepared(half=self.network.precision == "half")
            heads = self.heads(fast, inputs)
            place = device_around(self.network)
            found = decode(self.network, heads, images, self.chosen, place)
        if self.pixels:
            found = [
                in_pixels(boxes, image.shape[1], image.shape[0])
                for boxes, image in zip(found, images, strict=True)
            ]
        yield from self.suppress(heads, found, self.chosen)


def in_pixels(boxes: Detections, width: int, height: int) -> Detections:
    """Return boxes of 0..1 of an image in its pixels."""
    size = boxes.boxes.new_tensor([width, height] * 2)
    return replace(boxes, boxes=boxes.boxes * size)


def batch_size(network: Network) -> int:
    """Return how many images go through a network together: one where it remembers the last."""
    if any(isinstance(module, Recurrent) for module in network.modules()):
        return 1
    if network.device.type != "cpu":
        return BATCH
    return min(max(NUMBERS // network.input.outputs, 1), BATCH)


def batch_of(views: Sequence[Tensor], network: Network) -> Tensor:
    """Make a batch [N, C, H, W] of what the network is shown, in the order its device reads best.

    Convolutions and poolings of a CPU are a third faster with channels last.
    """
    batch = torch.stack(list(views)).to(network.device)
    if batch.dim() == 4 and batch.device.type == "cpu":
        return batch.contiguous(memory_format=torch.channels_last)
    return batch


def nothing(network: Network) -> Detections:
    """Return no boxes of as many classes as the network has."""
    none = torch.zeros(0)
    return Detections(none.view(0, 4), none, none.view(0, classes_of(network)))


def classes_of(network: Network) -> int:
    """Return how many classes the last detection head has."""
    head = last_detection_head(network.layers)
    if head is None:
        raise network.net.error(
            "the network has no detection head: expected a detector",
            hint="a classifier is evaluated by: pydarknet classifier valid",
        )
    return head.classes


def ahead(
    paths: Sequence[str], read: Callable[[str], Read], depth: int = AHEAD
) -> Iterator[tuple[str, Read | None]]:
    """Yield paths and what is read of them by threads that work ahead; None for a bad image.

    A bad image is told, and its path goes to bad.list.

    Darknet: src/image.c load_image_stb (AlexeyAB)
    """
    with ThreadPoolExecutor(READERS) as pool:
        rest = iter(paths)
        waiting = [(path, pool.submit(read, path)) for path in islice(rest, depth)]
        try:
            while waiting:
                path, task = waiting.pop(0)
                yield path, result(path, task)
                waiting += [(path, pool.submit(read, path)) for path in islice(rest, 1)]
        finally:
            for _, task in waiting:
                task.cancel()


def result(path: str, task: Future[Read]) -> Read | None:
    """Return what a thread has read; None, told and listed, where that is no image."""
    try:
        return task.result()
    except DataError as error:
        note(str(error))
        append([Problem(str(error), BAD_FILES, path)])
        return None


def grouped(items: Iterable[Read], size: int) -> Iterator[list[Read]]:
    """Yield items in lists of `size`; the last may be shorter."""
    rest = iter(items)
    while group := list(islice(rest, size)):
        yield group
