"""The detections of a data set, in which several processes look at a part of the images each."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..boxes.box_arrays import BoxArrays
from ..boxes.detections import Detections
from ..ranks.ranks import Ranks
from .dataset_detections import DatasetDetector, ImageDetections, batch_size

COLUMNS = ("boxes", "objectness", "probabilities")  # what is matched with ground truth


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
    parts = ranks.gather_bytes(pack(found))
    if ranks.first:
        everyone = (one for part in parts for one in unpack(part, paths))
        yield from sorted(everyone, key=lambda one: one.index)


def share(count: int, size: int, ranks: Ranks) -> list[int]:
    """Return the images of a process: of the batches of `size`, every n-th for n processes."""
    return [index for index in range(count) if index // size % ranks.size == ranks.rank]


def pack(found: Sequence[ImageDetections]) -> bytes:
    """Return detections as the bytes of an npz file, without their paths."""
    images = [(one.index, one.width, one.height, len(one.boxes)) for one in found]
    boxes = [vars(one.boxes.numpy()) for one in found]
    columns: dict[str, Any] = {
        name: np.concatenate([one[name] for one in boxes]) for name in COLUMNS if boxes
    }
    file = io.BytesIO()
    np.savez(file, images=np.array(images, np.int64).reshape(-1, 4), **columns)
    return file.getvalue()


def unpack(content: bytes, paths: Sequence[str]) -> Iterator[ImageDetections]:
    """Yield the detections of `pack`."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        images = arrays["images"].tolist()
        columns = [arrays[name] for name in COLUMNS] if images else []
    start = 0
    for index, width, height, count in images:
        rows = slice(start, start + count)
        boxes = Detections.of_arrays(BoxArrays(*(column[rows] for column in columns)))
        yield ImageDetections(index, paths[index], width, height, boxes)
        start += count
