"""The images of a command go through a network, several at once, and are written in their order."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import cv2

from ..boxes.words import LETTERS
from ..system.console import note
from ..system.crews import Done, Task, at_once, in_order
from ..system.inputs import remember
from ..system.problems import failures
from .detections_text import Found
from .image_source import BATCH, NamedImages, Source, work_on_good
from .output import Drawing, Writing

if TYPE_CHECKING:
    from ..boxes.settings import Settings

Drawn = tuple[Found, Task[Drawing | None]]


def detect_all(source: Source, chosen: Settings, writing: Writing) -> None:
    """Find and write the boxes of every image of a source."""
    writing.begin(source.listing)
    for _ in write_each(source, chosen, writing):
        pass
    end(source, writing)


def write_each(
    source: Source, chosen: Settings, writing: Writing
) -> Iterator[tuple[int, list[Found]]]:
    """Find and write the boxes of every image of a source; yield what was found, group by group.

    Beside it stands the number of images of the group, those too that could not be read. While
    threads read images, others find and draw boxes, and this one writes them.
    """
    network, alone = writing.network, source.single or source.one_by_one
    many = not source.single or chosen.tiling is not None
    network.get_ready(many=many)  # before the time is taken, as the C fuses
    crews = () if alone else network.crews(BATCH)
    if crews:
        cv2.setNumThreads(1)  # threads share the cores
        if writing.draws:
            LETTERS.start()
    detect = partial(detect_and_draw, writing, chosen, not source.single)
    work = partial(work_on_good, detect)
    nothing = partial(nothing_drawn, chosen.decoding.thresh)
    for group, made in in_order(work, source.groups(BATCH), crews):
        several = []
        for found, drawing in source.results(group, made, detect, nothing):
            remember(found.path)  # a prompt's images are not listed before
            writing.write(found, drawing)
            several.append(found)
        yield len(group), several


def nothing_drawn(thresh: float, path: str) -> list[Drawn]:
    """Return what is found in an image that cannot be read."""
    return [(Found.nothing(path, thresh), Done(lambda: None))]


def end(source: Source, writing: Writing) -> None:
    """Print what ends the images of a source."""
    if source.asked and not source.one_by_one:
        source.prompt.ask()
    if len(source.words) and not source.single and sys.stderr.isatty():
        note(writing.summary(failures()))


def detect_and_draw(
    writing: Writing, chosen: Settings, many: bool, batch: NamedImages
) -> list[Drawn]:
    """Return the boxes of images, and draw them; each took its share of the seconds of a batch.

    So do other batches of the same seconds. A drawing that the batch's last would replace at once
    is not made.
    """
    start = time.perf_counter()
    several = writing.network.find_boxes([pixels for _, pixels in batch], chosen, many=many)
    seconds = (time.perf_counter() - start) / len(batch) / at_once()
    made: list[Drawn] = []
    for (path, pixels), boxes in zip(batch, several, strict=True):
        height, width = pixels.shape[:2]
        found = Found(path, width, height, seconds, boxes.numpy(), chosen.decoding.thresh)
        replaced = len(made) < len(batch) - 1 and writing.replaces(batch[-1][1], pixels)
        made.append((found, Done(partial(writing.drawing, found, None if replaced else pixels))))
    return made
