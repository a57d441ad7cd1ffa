"""The images of a `test` command, shared by several processes: what each draws, and the merge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ..boxes.box_json import boxes_of_json, json_of_boxes
from ..errors import UsageError
from ..system.crews import Done
from ..system.problems import guard
from .detection import detect_all, end, write_each
from .detections_text import Found
from .image_source import Piped, Source
from .image_words import is_film
from .output import Drawing, Writing
from .sharing import Form, Sharing

if TYPE_CHECKING:
    from ..boxes.settings import Settings


def detect_shared(sharing: Sharing, source: Source, chosen: Settings, writing: Writing) -> None:
    """Find and write the boxes of this process's images, or write those that all processes found.

    Each process prints its lines, draws into the folder of `-out_dir` and writes its label files.
    The merge prints all lines, writes the JSON, and draws the last image where each is drawn over
    the one before.
    """
    if sharing.place and (source.asked or source.single):
        with writing:
            detect_all(source, chosen, writing)
        return
    if source.asked or any(isinstance(image.path, Piped) for image in source.listing):
        raise UsageError(f"{sharing.word}: expected images on the command line, none on stdin")
    paths = [image.path for image in source.listing]
    own = replace(writing, out=None, window=False, draws=writing.draws and bool(writing.out_dir))

    def steps(start: int, stop: int) -> Iterator[tuple[int, list[Found]]]:
        with own:
            own.begin(source.listing)
            yield from write_each(replace(source, part=range(start, stop)), chosen, own)

    names, thresh = writing.network.names, chosen.decoding.thresh
    form = Form(json_of_found, partial(found_of_json, names=names, thresh=thresh))
    resumes = not any(map(is_film, paths))  # of a film, each frame is an image
    found = sharing.results(writing.network, chosen, paths, steps, form, resumes=resumes)
    if found is not None:
        write_found(found, source, writing)


def write_found(found: Iterator[Found], source: Source, writing: Writing) -> None:
    """Write what all processes found, as if this one had."""
    last = None
    with writing:
        writing.begin(source.listing)
        labels, writing.labels = writing.labels, False
        for one in found:
            writing.write(one, Done(lambda: None))
            last = one if one.readable else last
        writing.labels = labels
        if last is not None and writing.draws and not writing.drawn and not is_frame(last, source):
            with guard(last.path):
                writing.write_image(last.path, drawing_of(last, source, writing))
    end(source, writing)


def is_frame(found: Found, source: Source) -> bool:
    """Return whether what was found is in a frame of a film, which has no file."""
    return found.path not in [image.path for image in source.listing]


def drawing_of(found: Found, source: Source, writing: Writing) -> Drawing | None:
    """Return an image with the boxes that were found in it."""
    return writing.drawing(found, source.read(found.path))


def json_of_found(found: Found) -> dict[str, Any]:
    """Return what was found in an image as JSON that keeps every bit."""
    image = {"path": found.path, "width": found.width, "height": found.height}
    return {**image, "seconds": found.seconds, **json_of_boxes(found.boxes)}


def found_of_json(said: Mapping[str, Any], names: tuple[str, ...] | None, thresh: float) -> Found:
    """Return what `json_of_found` wrote. Raises KeyError, TypeError or ValueError for others."""
    size = int(said["width"]), int(said["height"])
    boxes = boxes_of_json(said, names)
    return Found(str(said["path"]), *size, float(said["seconds"]), boxes, thresh)
