"""The confusion matrix of an evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from ..system.text import shorten
from .figure import BLACK, BLUE, GREY, RED, new_figure, write_title
from .fonts import lettering_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAMED: Final = 120  # classes at most; of more, those with most errors
SMALLEST, LARGEST = 34, 430  # pixels of a cell
ROOM: Final = 860  # pixels that few cells fill
LETTER: Final = 7.4  # pixels of a name's letter, at most
NAME: Final = 32  # letters of a name
EDGE, TOP = 40, 118  # pixels around, and above for title and names of the axes


def confusion_figure(counts: np.ndarray, names: Sequence[str], told: str = "") -> Figure:
    """Return the picture of a confusion matrix: counts [C, C], rows are what it is.

    A cell has its share of the row and its count; the diagonal is blue, errors are orange, the
    darker the larger their share. The last class stands for nothing. `told` says what is counted.
    It is 1000 pixels wide, or as many as the cells need.
    """
    counts, names = largest_part(counts, list(names))
    fonts = lettering_of(names)
    words = [fonts.text(shorten(name, NAME)) for name in names]
    cell = int(np.clip(ROOM / len(words), SMALLEST, LARGEST))
    side, room = cell * len(words), int(LETTER * max(map(len, words))) + 24
    width = max(side + room + 2 * EDGE, 1000)
    height = max(side + room + TOP + EDGE, 1000)
    figure = new_figure(width, height)
    write_title(figure, "Confusion matrix: share of the row, and count", told)
    left = (room + EDGE) / width
    axes = figure.add_axes((left, 1 - (TOP + room + side) / height, side / width, side / height))
    show_cells(axes, counts, cell)
    name_sides(axes, words, fonts.families)
    return figure


def largest_part(counts: np.ndarray, names: list[str]) -> tuple[np.ndarray, list[str]]:
    """Return counts and names of at most so many classes; the others are one class."""
    if len(names) - 1 <= NAMED:
        return counts, names
    wrong = counts.sum(0) + counts.sum(1) - 2 * np.diag(counts)
    kept = np.sort(np.argsort(-wrong[:-1], kind="stable")[: NAMED - 1])
    group = np.full(len(names), NAMED - 1)
    group[kept], group[-1] = np.arange(len(kept)), NAMED
    joined = np.zeros((NAMED + 1, NAMED + 1), counts.dtype)
    np.add.at(joined, (group[:, None], group[None, :]), counts)
    others = len(names) - 1 - len(kept)
    return joined, [*(names[place] for place in kept), f"({others} others)", names[-1]]


def shares_of(counts: np.ndarray) -> np.ndarray:
    """Return the share of each count in its row, 0 in an empty row."""
    return counts / np.maximum(counts.sum(1, keepdims=True), 1)


def show_cells(axes: Axes, counts: np.ndarray, cell: int) -> None:
    """Fill cells with colours, shares and counts; what is 0 stays empty."""
    from matplotlib.colors import to_rgb

    shares, count = shares_of(counts), len(counts)
    inks = np.array([to_rgb(RED), to_rgb(BLUE)])[np.eye(count, dtype=int)]  # [C, C, 3]
    depth = np.where(counts > 0, 0.06 + 0.94 * shares, 0.0)[..., None]
    axes.imshow(1 - depth * (1 - inks), interpolation="nearest", aspect="auto")
    axes.set_xticks(np.arange(count + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(count + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="#E6E6E6", linewidth=1)
    size = float(np.clip(cell * 0.2, 6.3, 15))
    for row, column in np.argwhere(counts).tolist():
        share, number = shares[row, column], int(counts[row, column])
        axes.text(
            column,
            row,
            cell_text(share, number),
            ha="center",
            va="center",
            linespacing=1.15,
            fontsize=size,
            fontfamily="DejaVu Sans",
            color="white" if share > (0.55 if row == column else 0.8) else BLACK,
        )


def cell_text(share: float, number: int) -> str:
    """Return what a cell says: its share, unless that is below a half percent, and its count."""
    return f"{share:.0%}\n{short_count(number)}" if share >= 0.005 else short_count(number)


def short_count(number: int) -> str:
    """Return a count in at most four letters where it is below a million: 9999, 12k."""
    return f"{number}" if number < 10000 else f"{number // 1000}k"


def name_sides(axes: Axes, names: Sequence[str], families: Sequence[str]) -> None:
    """Write the names of rows on the left and of columns above, and what both are."""
    places = np.arange(len(names))
    axes.set_xticks(places, names, rotation=90)
    axes.set_yticks(places, names)
    axes.tick_params(length=0, which="both", labelsize=9.5, labelcolor=BLACK, pad=5)
    axes.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False)
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set_parse_math(False)
        label.set_fontfamily(list(families))
    axes.spines[:].set_visible(False)
    axes.set_xlabel("found as", color=GREY, fontsize=11, labelpad=10, fontfamily="DejaVu Sans")
    axes.xaxis.set_label_position("top")
    axes.set_ylabel("what it is", color=GREY, fontsize=11, labelpad=10, fontfamily="DejaVu Sans")
