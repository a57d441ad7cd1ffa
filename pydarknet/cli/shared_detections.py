"""The detections of the images of a list, found by one process or shared by several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from .progress import count_items
from .sharing import Form, Sharing

if TYPE_CHECKING:
    from ..evaluate.dataset_detections import DatasetDetector, ImageDetections


def detections(
    sharing: Sharing | None, detector: DatasetDetector, paths: Sequence[str]
) -> Iterator[ImageDetections] | None:
    """Return the detections of each image; None where a part of them was recorded for a merge."""
    from ..evaluate.detections_json import detections_of_json, json_of_detections

    if sharing is None:
        return detector.detect(paths)

    def steps(start: int, stop: int) -> Iterator[tuple[int, list[ImageDetections]]]:
        watch = count_items("\r{}", stop - start)
        for seen in watch(detector.detect(paths[start:stop])):
            yield 1, [replace(seen, index=seen.index + start)]

    of_json = partial(detections_of_json, paths=paths, names=detector.network.names)
    form = Form(json_of_detections, of_json)
    how = (detector.chosen, detector.pixels, detector.heads.__name__, detector.suppress.__name__)
    return sharing.results(detector.network, how, paths, steps, form)
