"""`compare -darknet`: a Darknet binary beside our network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from ..cfg.lineage import PJREDDIE, PerLineage
from ..errors import DataError
from ..image.files import save_image
from ..system.console import note, say
from ..system.problems import guard
from ..system.resources import locate
from .compare_images import (
    Wanted,
    conclude,
    given_dialect,
    images_of,
    open_ours,
    read_shapes,
    threshold,
)

if TYPE_CHECKING:
    from ..compare.darknet import Darknet, Sized, Task
    from ..compare.objects import Match, Objects
    from ..compare.ours import Ours
    from ..compare.tally import Tally
    from ..network import Network


@dataclass(frozen=True)
class Seen:
    """What our network finds in an image file, and the file that the other program is given."""

    path: str
    given: Sized
    objects: Objects


def cut_as_written(objects: Objects, image: Sized) -> Objects:
    """Return boxes cut to the image's pixels, as the original's result files have them.

    Darknet: examples/detector.c print_detector_detections
    """
    last = [(image.width - 1) / image.width, (image.height - 1) / image.height]
    return objects.inside(np.zeros(2), np.array(last))


def whole(objects: Objects, image: Sized) -> Objects:
    """Return boxes as they are: the fork's JSON has them whole."""
    return objects


WRITTEN = PerLineage(pjreddie=cut_as_written, alexeyab=whole)


def compare_darknet(wanted: Wanted, name: str, seconds: float) -> None:
    """Run a Darknet program and our network on the same images, and say if they are equal."""
    from ..compare.darknet import Darknet
    from ..compare.darknet_folder import prepare
    from ..compare.ours import Ours
    from ..compare.program import Program, find_program

    program = Program(find_program(name), seconds)
    wanted = replace(wanted, cfg=locate(wanted.cfg), weights=locate(wanted.weights))
    shapes = read_shapes(wanted)
    with TemporaryDirectory(prefix="pydarknet-") as folder:
        task = task_of(wanted, shapes)
        sections = [shapes.net.section, *(layer.section for layer in shapes.layers)]
        prepare(Path(folder), task.classes, sections)
        other = Darknet(program, Path(folder), task)
        images = begin(wanted, other, images_of(wanted, shapes))
        dialect = given_dialect(wanted.run) or other.lineage
        network = open_ours(wanted, dialect, batchnorm_of(wanted, other))
        say(f"{program.path}: {other.title} lineage; pydarknet's dialect is {network.dialect.name}")
        ours = Ours(network, wanted.settings(network, least_threshold(wanted)))
        (compare_boxes if task.detector else compare_scores)(wanted, ours, other, images)


def task_of(wanted: Wanted, network: Network) -> Task:
    """Return what the program is asked."""
    from ..compare.darknet import Task
    from ..compare.ours import is_detector
    from ..export.metadata import class_count

    return Task(
        wanted.cfg.absolute(),
        wanted.weights.absolute(),
        class_count(network),
        is_detector(network),
        words=("-letter_box",) if wanted.letter_box else (),
    )


def least_threshold(wanted: Wanted) -> float:
    """Return the lowest threshold that may be compared at."""
    from ..compare.darknet import LEAST

    if wanted.thresh is not None and wanted.thresh < LEAST:
        note(f"-thresh {wanted.thresh:g} is taken as {LEAST:g}: Darknet writes no lower scores")
    return max(threshold(wanted, []), LEAST)


def begin(
    wanted: Wanted, other: Darknet, images: Iterator[tuple[str, np.ndarray]]
) -> Iterable[tuple[str, np.ndarray]]:
    """Learn from the first image whose program it is, and return all images."""
    first = next(images, None)
    if first is None:
        raise DataError("not equal: no image could be compared")
    other.begin(given_file(wanted, other, *first).path)
    return chain([first], images)


def batchnorm_of(wanted: Wanted, other: Darknet) -> str:
    """Return the processor whose batch norm the program computes: that for which it is built.

    Quirk: CPU_BATCH_NORM
    """
    return wanted.run.batchnorm if other.on_gpu else "cpu"


def given_file(wanted: Wanted, other: Darknet, path: str, pixels: np.ndarray) -> Sized:
    """Return the file that the program is given of an image: our pixels as PNG, or as it is.

    Programs decode JPEG each in its way, which moves scores by a hundredth.
    """
    from ..compare.darknet import Sized

    file = Path(path)
    if not wanted.own_decoder:
        file = other.folder / f"pixels{len(list(other.folder.glob('pixels*')))}.png"
        save_image(pixels, file)
    return Sized(file, pixels.shape[1], pixels.shape[0])


def compare_boxes(
    wanted: Wanted, ours: Ours, other: Darknet, images: Iterable[tuple[str, np.ndarray]]
) -> None:
    """Compare the boxes of each image, and print what differs."""
    from ..compare.tally import Tally

    seen: list[Seen] = []
    for path, pixels in images:
        with guard(path):
            given = given_file(wanted, other, path, pixels)
            seen.append(Seen(path, given, ours.objects(pixels)))
    thresh = max(threshold(wanted, [one.objects for one in seen]), ours.chosen.decoding.thresh)
    other.task = replace(other.task, thresh=thresh)
    if other.lineage == PJREDDIE:
        with suppress(DataError):  # then each image is tried alone
            other.find_at_once([one.given for one in seen])
    tally = Tally(wanted.limits)
    for one in seen:
        with guard(one.path):
            for line in tally.add(one.path, match_in(one, other, tally)):
                say(line)
    conclude(tally)


def match_in(one: Seen, other: Darknet, tally: Tally) -> Match:
    """Return which of our boxes of an image the program finds too."""
    from ..compare.objects import match

    thresh = other.task.thresh
    mine = WRITTEN.of(other.lineage)(one.objects.above(thresh), one.given)
    return match(mine, other.objects(one.given).above(thresh), tally.allowed, thresh)


def compare_scores(
    wanted: Wanted, ours: Ours, other: Darknet, images: Iterable[tuple[str, np.ndarray]]
) -> None:
    """Compare the scores of classes in each image, and print what differs."""
    from ..compare.tally import SCORES, Tally

    tally = Tally(wanted.limits, SCORES)
    for path, pixels in images:
        with guard(path):
            given = given_file(wanted, other, path, pixels)
            say(tally.add_scores(path, ours.scores(pixels), other.scores(given.path)))
    conclude(tally)
