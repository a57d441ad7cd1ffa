"""The images of a batch as the network sees them, with their boxes, as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..boxes.box import cxcywh_to_xyxy
from ..boxes.draw import Mark, draw_marks
from ..boxes.palette import palette
from ..dataset.loader import Batch
from ..dataset.targets import Grid, Rows
from ..evaluate.plots import file_name
from ..image.files import save_image


def save_batch(
    batch: Batch, form: Rows | Grid, names: Sequence[str], folder: Path = Path()
) -> list[Path]:
    """Write each image of a batch as `aug_BATCH_PLACE_NAME.jpg`; return the paths.

    `form` is that of the truth. Raises DataError if one cannot be written.

    Darknet: src/data.c load_data_detection (AlexeyAB)
    """
    files = []
    for place, path in enumerate(batch.paths):
        image = (batch.images[place].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
        classes, boxes = form.boxes_of(batch.truth[place].numpy())
        file = folder / f"aug_{batch.number}_{place}_{file_name(Path(path).stem)}.jpg"
        save_image(draw_marks(image, marks_of(image, classes, boxes, names)), file)
        files.append(file)
    return files


def marks_of(
    image: np.ndarray, classes: np.ndarray, boxes: np.ndarray, names: Sequence[str]
) -> list[Mark]:
    """Return the marks of true boxes [n, 4] in 0..1 of an image [H, W, C]."""
    height, width = image.shape[:2]
    size, colors = np.array([width, height] * 2), palette()
    edges = np.clip(cxcywh_to_xyxy(boxes) * size, 0, size - 1).astype(int).tolist()
    count = max(len(names), int(classes.max(initial=0)) + 1)
    return [
        Mark(left, top, right, bottom, colors(k, count), names[k] if k < len(names) else f"{k}")
        for k, (left, top, right, bottom) in zip(classes.tolist(), edges, strict=True)
    ]
