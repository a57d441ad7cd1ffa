"""The cloud of a data set's boxes by their sizes, with the anchors in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from .figure import BLACK, COLOURS, GREY, halo, new_figure, style_axes, write_title
from .fonts import LATIN

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 1240, 1000  # pixels
TABLE: Final = 300  # pixels of the numbers on the right
MOST: Final = 50_000  # boxes that are drawn
WIDE: Final = 8.0  # sizes are on logarithmic axes if the largest anchor's is that much of the least
ROWS: Final = 36  # anchors in the table


def cloud_figure(
    sizes: np.ndarray, centers: np.ndarray, nearest: np.ndarray, overlaps: np.ndarray, network: str
) -> Figure:
    """Return the picture of box sizes [B, 2] and anchors [K, 2], in pixels of the network's input.

    `nearest` [B] is the anchor of each box, `overlaps` [B] its IoU with it, `network` the input's
    size as text. The picture has 1240 x 1000 pixels.

    Darknet: src/image_opencv.cpp show_acnhors (AlexeyAB)
    """
    figure = new_figure(WIDTH, HEIGHT)
    mean = overlaps.mean() if len(overlaps) else 0.0
    told = f"{len(sizes):,} boxes, input of {network} pixels, mean IoU {mean:.2%}"
    write_title(figure, f"{len(centers)} anchors", told)
    left, bottom, top = 84, 64, 92
    room = WIDTH - left - TABLE, HEIGHT - bottom - top
    place = left / WIDTH, bottom / HEIGHT, room[0] / WIDTH, room[1] / HEIGHT
    axes = figure.add_axes(place)
    style_axes(axes, "width in pixels", "height in pixels")
    place_sizes(axes, sizes, centers)
    scatter(axes, sizes, nearest)
    mark_anchors(axes, centers)
    counts = np.bincount(nearest, minlength=len(centers))
    sums = np.bincount(nearest, weights=overlaps, minlength=len(centers))
    write_table(figure, centers, counts, sums / np.maximum(counts, 1))
    return figure


def color_of(anchor: int) -> str:
    """Return the colour of an anchor: neighbours in size are far apart in hue."""
    return COLOURS[anchor % len(COLOURS)]


def place_sizes(axes: Axes, sizes: np.ndarray, centers: np.ndarray) -> None:
    """Let both axes hold nearly all boxes and all anchors, logarithmically where they span much."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    known = centers[(centers > 0).all(1)]
    is_log = bool(len(known)) and known.max() >= WIDE * known.min()
    for side, column in ((axes.xaxis, 0), (axes.yaxis, 1)):
        seen = sizes[:, column][np.isfinite(sizes[:, column])]
        seen = seen[seen > 0] if is_log else seen
        ends = [*np.percentile(seen, [0.1, 99.9]), *known[:, column]] if len(seen) else [1.0, 10.0]
        low, high = (min(ends) / 1.25, max(ends) * 1.25) if is_log else (0.0, max(ends) * 1.08)
        set_limits = axes.set_xlim if column == 0 else axes.set_ylim
        if is_log:
            (axes.set_xscale if column == 0 else axes.set_yscale)("log", nonpositive="mask")
            side.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=20))
            side.set_minor_formatter(NullFormatter())
        side.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        set_limits(low, high or 1.0)


def scatter(axes: Axes, sizes: np.ndarray, nearest: np.ndarray) -> None:
    """Draw boxes as dots in the colour of their anchor; of very many, some by chance."""
    chosen = np.arange(len(sizes))
    if len(sizes) > MOST:
        chosen = np.sort(np.random.default_rng(0).choice(len(sizes), MOST, replace=False))
    strength = float(np.clip(3000 / max(len(chosen), 1), 0.12, 0.6))
    for anchor in np.unique(nearest[chosen]).tolist():
        x, y = sizes[chosen[nearest[chosen] == anchor]].T
        axes.plot(x, y, "o", color=color_of(anchor), markersize=3.2, mew=0, alpha=strength)


def mark_anchors(axes: Axes, centers: np.ndarray) -> None:
    """Draw each anchor as a cross with its number, from 0 as `mask` counts them."""
    for anchor, (x, y) in enumerate(centers.tolist()):
        style = {"markersize": 15, "zorder": 4, "linestyle": ""}
        axes.plot(x, y, "P", color=color_of(anchor), mec="white", mew=1.6, **style)  # type: ignore[arg-type]
        axes.annotate(
            f"{anchor}",
            (x, y),
            (9, 7),
            textcoords="offset points",
            color=BLACK,
            fontsize=11,
            fontweight="bold",
            fontfamily=LATIN,
            path_effects=halo(),
            zorder=5,
        )


def write_table(
    figure: Figure, centers: np.ndarray, counts: np.ndarray, overlaps: np.ndarray
) -> None:
    """Write number, size, share of the boxes and mean IoU of each anchor on the right."""
    total, x = max(int(counts.sum()), 1), WIDTH - TABLE + 22
    columns = (x + 16, x + 142, x + 198, x + 246)  # the right ends
    rows = [("", "width, height", "boxes", "IoU")]
    rows += [
        (
            f"{anchor}",
            f"{w:.4g}, {h:.4g}",
            f"{counts[anchor] / total:.0%}",
            f"{overlaps[anchor]:.2f}",
        )
        for anchor, (w, h) in enumerate(centers[:ROWS].tolist())
    ]
    if len(centers) > ROWS:
        rows.append(("", f"and {len(centers) - ROWS} more", "", ""))
    for row, words in enumerate(rows):
        y = 1 - (110 + 23 * row) / HEIGHT
        for column, (right, word) in enumerate(zip(columns, words, strict=True)):
            is_number = row and column == 0 and word
            figure.text(
                right / WIDTH,
                y,
                word,
                ha="right",
                va="center",
                fontsize=10.5,
                fontfamily=LATIN,
                fontweight="bold" if is_number else "normal",
                color=color_of(int(word)) if is_number else BLACK if row else GREY,
            )
