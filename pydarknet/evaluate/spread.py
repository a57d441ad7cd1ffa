"""The detections of a data set, in which several processes look at a part of the images each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..ranks.ranks import Ranks
from .dataset_detections import DatasetDetector, ImageDetections, batch_size
from .detections_json import detections_of_json, json_of_detections


def detect_together(
    detector: DatasetDetector, paths: Sequence[str], ranks: Ranks
) -> Iterator[ImageDetections]:
    """Yield the detections of each image, in the order of the list, in the first process alone.

    The network sees the same batches as in one process, so that the boxes are the same.
    """
    if ranks.alone:
        yield from detector.detect(paths)
        return
    own = share(len(paths), batch_size(detector.network), ranks)
    found = [replace(one, index=own[one.index]) for one in detector.detect([paths[i] for i in own])]
    parts = ranks.gather([json_of_detections(one) for one in found])
    if ranks.first:
        everyone = (detections_of_json(said, paths, None) for part in parts for said in part)
        yield from sorted(everyone, key=lambda one: one.index)


def share(count: int, size: int, ranks: Ranks) -> list[int]:
    """Return the images of a process: of the batches of `size`, every n-th for n processes."""
    return [index for index in range(count) if index // size % ranks.size == ranks.rank]
