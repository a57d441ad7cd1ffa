"""Pictures of a data set: its boxes per class, and the sizes of its boxes and images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from ..system.text import shorten
from .figure import BLUE, GREY, ORANGE, new_figure, style_axes, write_legend_above, write_title
from .fonts import lettering_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH: Final = 1200
ROW: Final = 26  # pixels of a class
TOP, BELOW = 96, 56  # pixels for the title, and for the names of the axis
SHOWN: Final = 60  # classes: the commonest and the rarest
NAME: Final = 32  # letters of a name
BINS: Final = 40


def classes_figure(names: Sequence[str], train: np.ndarray, valid: np.ndarray) -> Figure:
    """Return the picture of the boxes per class [C] in both lists, 1200 pixels wide.

    The commonest are first; of more than 60 the commonest and the rarest are shown.
    """
    order = np.argsort(-train, kind="stable")
    if len(order) > SHOWN:
        order = np.concatenate([order[: SHOWN // 2], order[-SHOWN // 2 :]])
    fonts = lettering_of(names)
    height = TOP + BELOW + ROW * max(len(order), 4)
    figure = new_figure(WIDTH, height)
    told = f"{train.sum():,} boxes to train on, {valid.sum():,} to validate"
    write_title(figure, f"{len(names)} classes", told)
    axes = figure.add_axes((0.26, BELOW / height, 0.7, 1 - (TOP + BELOW) / height))
    style_axes(axes, "boxes", "")
    places = np.arange(len(order))
    axes.barh(places - 0.2, train[order], 0.4, color=BLUE, label="train")
    if valid.any():
        axes.barh(places + 0.2, valid[order], 0.4, color=ORANGE, label="valid")
    words = [fonts.text(shorten(names[k], NAME)) for k in order.tolist()]
    axes.set_yticks(places, words, fontfamily=fonts.families, parse_math=False)
    axes.set_ylim(len(order) - 0.4, -0.6)
    write_legend_above(axes)
    return figure


def sizes_figure(
    boxes: np.ndarray, images: np.ndarray, cells: Sequence[float], unit: str
) -> Figure:
    """Return the picture of the sizes of boxes [B] and images [N, 2], 1200 x 500 pixels.

    A box's is the side of a square of its area, in `unit`; `cells` are those of the heads, which
    are marked.
    """
    height = 500
    figure = new_figure(WIDTH, height)
    write_title(figure, "Sizes", f"{len(boxes):,} boxes, {len(images):,} images")
    place = 1 - (TOP + BELOW) / height
    left = figure.add_axes((0.07, BELOW / height * 1.2, 0.4, place))
    right = figure.add_axes((0.56, BELOW / height * 1.2, 0.4, place))
    style_axes(left, f"box: root of its area, {unit}", "boxes")
    style_axes(right, "image: root of its area, pixels", "images")
    histogram(left, boxes)
    histogram(right, np.sqrt(images.prod(1)))
    for cell in cells:
        left.axvline(cell, color=GREY, linewidth=1.2, linestyle="--")
    if cells:
        left.text(1.0, 1.02, "dashed: a cell of each head", **CORNER, transform=left.transAxes)  # type: ignore[arg-type]
    return figure


CORNER: Final = {"ha": "right", "va": "bottom", "fontsize": 9.5, "color": GREY}


def histogram(axes: Axes, values: np.ndarray) -> None:
    """Draw how often values occur; one value alone stands in the middle of its scale."""
    from matplotlib.ticker import MaxNLocator

    known = values[np.isfinite(values) & (values > 0)]
    if len(known):
        alone = (0.0, 2 * float(known[0])) if len(np.unique(known)) == 1 else None
        axes.hist(known, BINS, range=alone, color=BLUE)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
