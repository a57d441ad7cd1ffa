"""What charts share: a figure, its colours and grid, and its pixels.

No state is shared with the program's own use of matplotlib: neither pyplot nor its settings.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from ..system.text import shorten
from .fonts import LATIN, Lettering, lettering_of
from .library import load_matplotlib, silent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties
    from matplotlib.patheffects import AbstractPathEffect

# Okabe and Ito's colours, which the colour-blind tell apart
BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
SKY, PINK, BLACK = "#56B4E9", "#CC79A7", "#222222"
COLOURS: Final = (BLUE, RED, GREEN, PINK, ORANGE, SKY, "#7F3C8D", BLACK, "#8C6D31", "#B8B000")
GREY, GRID, PALE = "#666666", "#E2E2E2", "#B9C6D2"
LETTER: Final = 10  # pixels of a title's letter
DPI: Final = 100  # so that 12 points are 17 pixels


def new_figure(width: int, height: int) -> Figure:
    """Return an empty white figure of a size in pixels. Raises MissingPackage."""
    load_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure((width / DPI, height / DPI), DPI, facecolor="white", edgecolor="white")
    FigureCanvasAgg(figure)
    return figure


def pixels(figure: Figure) -> np.ndarray:
    """Draw a figure, in any thread: uint8 RGB [H, W, 3]."""
    with silent():
        figure.canvas.draw()
        return np.asarray(figure.canvas.buffer_rgba())[:, :, :3].copy()  # type: ignore[attr-defined]


def style_axes(axes: Axes, x: str, y: str, fonts: Sequence[str] = LATIN) -> None:
    """Give axes names, a grid behind what they show, and two sides only."""
    axes.set_facecolor("white")
    axes.grid(True, color=GRID, linewidth=0.8, linestyle="-")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#999999")
    axes.tick_params(
        colors="#999999", labelcolor=BLACK, labelsize=10, labelfontfamily=list(fonts), which="both"
    )
    axes.tick_params(which="minor", labelsize=8.5, labelcolor=GREY)
    axes.set_xlabel(x, color=BLACK, fontsize=10.5, fontfamily=fonts)
    axes.set_ylabel(y, color=BLACK, fontsize=10.5, fontfamily=fonts)


def write_title(figure: Figure, title: str, below: str, fonts: Lettering | None = None) -> None:
    """Write a title and a line below it at the top left of a figure, as they are."""
    fonts = fonts or lettering_of([title, below])
    width, height = figure.get_size_inches() * DPI
    for words, y, size, weight, color in (
        (title, 16, 14, "bold", BLACK),
        (below, 44, 10.5, "normal", GREY),
    ):
        figure.text(
            24 / width,
            1 - y / height,
            fonts.text(shorten(words, int(width / LETTER))),
            ha="left",
            va="top",
            color=color,
            fontsize=size,
            fontweight=weight,
            fontfamily=fonts.families,
            parse_math=False,
        )


def halo() -> list[AbstractPathEffect]:
    """Return what keeps a text readable over lines: a white edge."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=2.5, foreground="white", alpha=0.85)]


def write_legend_above(axes: Axes, fonts: Sequence[str] = LATIN) -> None:
    """Write what the lines of axes are, in a row above them, where it covers nothing."""
    axes.legend(
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=4,
        frameon=False,
        borderaxespad=0.2,
        labelcolor=BLACK,
        prop=legend_font(fonts),
    )


def legend_font(fonts: Sequence[str] = LATIN) -> FontProperties:
    """Return the font of a legend."""
    from matplotlib.font_manager import FontProperties

    return FontProperties(family=list(fonts), size=10)
