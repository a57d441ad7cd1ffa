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
from ..network import Network
from .losses import LossInputs
from .losses.shown import Shown, pictures_of


def save_batch(
    batch: Batch,
    form: Rows | Grid,
    names: Sequence[str],
    folder: Path = Path(),
    shown: Sequence[Sequence[Shown]] = (),
) -> list[Path]:
    """Write each image of a batch as `aug_BATCH_PLACE_NAME.jpg`; return the paths.

    `form` is that of the truth. What heads show of the images they learn (`shown`, head by head)
    is written beside them, as `aug_BATCH_PLACE_NAME_anchors.jpg` or `..._heat.jpg`. Raises
    DataError if one cannot be written.

    Darknet: src/data.c load_data_detection (AlexeyAB)
    """
    files = []
    for place, path in enumerate(batch.paths):
        image = (batch.images[place].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
        start = f"aug_{batch.number}_{place}_{file_name(Path(path).stem)}"
        true = Shown("", *form.boxes_of(batch.truth[place].numpy()))
        for name, classes, boxes, heat in (true, *(images[place] for images in shown)):
            file = folder / f"{start}{name and f'_{name}'}.jpg"
            lit = image if heat is None else lit_by(image, heat)
            save_image(draw_marks(lit, marks_of(lit, classes, boxes, names)), file)
            files.append(file)
    return files


def lit_by(image: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Return an image [H, W, C] that is white where a map [h, w] is 1, half as bright where 0."""
    rows, columns = (
        np.arange(many) * few // many for many, few in zip(image.shape, heat.shape, strict=False)
    )
    light = heat[rows][:, columns, None]
    return (image * 0.5 * (1 - light) + 255 * light).round().astype(np.uint8)


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


def pictures_of_batch(network: Network, batch: Batch) -> list[Sequence[Shown]]:
    """Return what the heads of a network show of the images of a batch that they learn."""
    height, width = batch.images.shape[2:]
    if (network.input.w, network.input.h) != (width, height):
        network.resize(width, height)
    inputs = LossInputs(
        truth=batch.truth,
        size=network.input,
        seen=0,
        batch=batch.number,
        max_batches=network.net.max_batches,
    )
    return pictures_of(network.nodes, inputs)
