"""The pictures of a survey: a sheet of labelled samples, sizes, boxes per class."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from ..boxes.box import cxcywh_to_xyxy
from ..boxes.draw import Mark, draw_marks
from ..boxes.palette import palette
from ..charts.dataset import classes_figure, sizes_figure
from ..charts.figure import pixels
from ..image.files import load_image, save_image
from ..system.problems import guard
from .of_classes import names_of
from .survey import TRAIN, VALID, Survey

COLUMNS, ROWS = 4, 4
TILE: Final = 400  # pixels of a sample's side
GAP: Final = 4
WHITE: Final = 255


def plots(survey: Survey, folder: Path) -> None:
    """Draw samples.jpg, sizes.png and classes.png into a folder, which is there."""
    with guard(str(folder / "samples.jpg")):
        save_image(sheet(survey), folder / "samples.jpg")
    train, valid = survey.class_counts(TRAIN), survey.class_counts(VALID)
    names = all_names(survey)
    with guard(str(folder / "classes.png")):
        save_image(pixels(classes_figure(names, train, valid)), folder / "classes.png")
    roots, unit = np.sqrt(survey.box_sizes.prod(1)), "share of the image"
    cells: list[float] = []
    if survey.plan:
        unit = f"pixels of the {survey.plan.net.width} x {survey.plan.net.height} input"
        cells = [head.stride for head in survey.plan.anchored]
    images = np.array([one.size for one in survey.pictures], np.float64).reshape(-1, 2)
    with guard(str(folder / "sizes.png")):
        save_image(pixels(sizes_figure(roots, images, cells, unit)), folder / "sizes.png")


def all_names(survey: Survey) -> list[str]:
    """Return a name for each class, its number where it has none."""
    names, count = names_of(survey), survey.rules.classes
    return [names[k] if k < len(names) else str(k) for k in range(count)]


def sheet(survey: Survey) -> np.ndarray:
    """Return samples with their boxes, four in a row, on white."""
    tiles = list(tiles_of(survey))
    count = -(-max(len(tiles), 1) // COLUMNS)
    step = TILE + GAP
    made = np.full((count * step + GAP, COLUMNS * step + GAP, 3), WHITE, np.uint8)
    for place, tile in enumerate(tiles):
        top, left = (GAP + step * number for number in divmod(place, COLUMNS))
        top += (TILE - tile.shape[0]) // 2
        left += (TILE - tile.shape[1]) // 2
        made[top : top + tile.shape[0], left : left + tile.shape[1]] = tile
    return made


def tiles_of(survey: Survey) -> Iterator[np.ndarray]:
    """Yield the samples, as training reads them, shrunk into a tile."""
    names, colors = all_names(survey), palette()
    for index in chosen_images(survey):
        with guard(survey.images[index]):
            image = load_image(survey.images[index], exif=survey.exif, tell=lambda remark: None)
            scale = TILE / max(image.shape[:2])
            size = [max(round(side * scale), 1) for side in image.shape[1::-1]]
            small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
            rows = survey.rows[survey.box_owners == index]
            marks = []
            edges = cxcywh_to_xyxy(rows[:, 1:]) * np.tile(size, 2)
            ends = np.clip(edges, 0, np.tile(size, 2) - 1).astype(int).tolist()
            for k, (left, top, right, bottom) in zip(
                rows[:, 0].astype(int).tolist(), ends, strict=True
            ):
                marks.append(Mark(left, top, right, bottom, colors(k, len(names)), names[k]))
            yield draw_marks(small, marks)


def chosen_images(survey: Survey) -> list[int]:
    """Return the images of the sheet: one of each class, a turned one, others from all over."""
    able = [i for i, one in enumerate(survey.pictures) if one.readable]
    _, places = np.unique(survey.rows[:, 0], return_index=True)
    first = survey.box_owners[places].tolist()
    turned = [i for i in able if survey.pictures[i].orientation != 1]
    most = COLUMNS * ROWS
    spread = [able[i] for i in np.linspace(0, len(able) - 1, most).astype(int)] if able else []
    wanted = [*first, *turned[:2], *spread]
    return [i for i in dict.fromkeys(wanted) if survey.pictures[i].readable][:most]
