"""Curves of an evaluation: precision over recall, and what a threshold of confidence does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ..system.text import count_of, shorten
from .figure import (
    BLACK,
    BLUE,
    COLOURS,
    DPI,
    GREEN,
    GREY,
    PALE,
    RED,
    halo,
    legend_font,
    new_figure,
    style_axes,
    write_legend_above,
    write_title,
)
from .fonts import LATIN, lettering_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 1200, 680  # pixels, of one class
ALL_WIDTH, ALL_HEIGHT = 1500, 800
CONFIDENCE: Final = "confidence above which detections count"
MEAN_LINE: Final = 3.2  # points
LEFT_TO_RIGHT: Final = "\u200e"  # so that a number stays before an Arabic name
LEGEND: Final = 290  # pixels
LETTERS: Final = 26  # of a name in the legend
WORDS_WIDE: Final = 0.36  # of an axis, which the words at the best F1 take
GAP: Final = 0.01  # of an axis, between a line and words beside it
RECALLS: Final = 101  # at which precisions are averaged
GRID: Final = np.linspace(0, 1, 1001)  # the confidences at which figures are drawn


@dataclass(frozen=True, eq=False)
class ClassCurve:
    """A class: its average precision, and what becomes of each of its detections, best first.

    `scores`, `precision` and `recall` are [n] in 0..1, `truths` the number of true boxes.
    """

    name: str
    average_precision: float
    truths: int
    scores: np.ndarray
    precision: np.ndarray
    recall: np.ndarray

    @property
    def f1(self) -> np.ndarray:
        """The harmonic mean of precision and recall [n], 0 where both are."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / np.where(total == 0, 1, total)

    def at(self, confidences: np.ndarray, values: np.ndarray, otherwise: float) -> np.ndarray:
        """Return values [n] of the detections above each confidence; `otherwise` without any."""
        count = np.searchsorted(-self.scores, -confidences, side="left")
        return np.concatenate([[otherwise], values])[count]


def class_figure(one: ClassCurve, thresh: float) -> Figure:
    """Return the picture of one class, 1200 x 680 pixels: its curve, and what a threshold does.

    `thresh` is marked in both.
    """
    figure = new_figure(WIDTH, HEIGHT)
    counted = f"{one.truths:,} true boxes, {len(one.scores):,} detections"
    write_title(figure, f"{one.name}: average precision {one.average_precision:.2%}", counted)
    left, right = panels_of(figure)
    show_shares(left, "recall", "precision")
    left.fill_between(one.recall, one.precision, color=PALE, alpha=0.45, linewidth=0)
    left.plot(one.recall, one.precision, color=BLUE, linewidth=2)
    show_shares(right, CONFIDENCE, "")
    for values, name, color in (
        (one.at(GRID, one.precision, np.nan), "precision", BLUE),
        (one.at(GRID, one.recall, 0.0), "recall", RED),
        (one.at(GRID, one.f1, 0.0), "F1", BLACK),
    ):
        right.plot(GRID, values, color=color, linewidth=2, label=name)
    write_legend_above(right)
    mark_best(right, one.at(GRID, one.f1, 0.0), thresh)
    mark_thresh(right, thresh)
    here = np.array([thresh])
    place = one.at(here, one.recall, np.nan), one.at(here, one.precision, np.nan)
    left.plot(*place, marker="D", markersize=8, color=GREY, markeredgecolor="white")
    return figure


def curves_figure(classes: Sequence[ClassCurve], mean: float, thresh: float) -> Figure:
    """Return the picture of all classes, 1500 x 800 pixels; `mean` is their mAP.

    Up to ten classes have a colour each; of more, the five best and the five worst have.
    """
    figure = new_figure(ALL_WIDTH, ALL_HEIGHT)
    known = [one for one in classes if one.truths]
    counted = f"{len(known):,} of {count_of(len(classes), 'class', 'classes')} with true boxes"
    write_title(figure, f"mAP {mean:.2%}", counted)
    left, right = panels_of(figure, legend=LEGEND)
    show_shares(left, "recall", "precision")
    show_shares(right, CONFIDENCE, "F1")
    chosen = chosen_classes(known)
    for one in known:
        place = chosen.index(one) if one in chosen else None
        color = PALE if place is None else COLOURS[place]
        style: dict[str, Any] = {"color": color, "linewidth": 0.9 if place is None else 1.6}
        left.plot(one.recall, one.precision, **style)
        right.plot(GRID, one.at(GRID, one.f1, 0.0), **style)
    recalls = np.linspace(0, 1, RECALLS)
    total = mean_of([one.at(GRID, one.f1, 0.0) for one in known], len(GRID))
    hull = mean_of([envelope(one, recalls) for one in known], RECALLS)
    if len(known) > 1:
        left.plot(recalls, hull, color="black", linewidth=MEAN_LINE)
        right.plot(GRID, total, color="black", linewidth=MEAN_LINE)
    mark_best(right, total, thresh)
    mark_thresh(right, thresh)
    write_classes(figure, chosen, len(known))
    return figure


def mean_of(curves: Sequence[np.ndarray], size: int) -> np.ndarray:
    """Return the mean of curves [size]; zeros without any."""
    return np.mean(curves, axis=0) if curves else np.zeros(size)


def envelope(one: ClassCurve, recalls: np.ndarray) -> np.ndarray:
    """Return the best precision at or beyond each recall, 0 beyond the last."""
    best = np.append(np.maximum.accumulate(one.precision[::-1])[::-1], 0.0)
    return best[np.searchsorted(one.recall, recalls)]


def chosen_classes(classes: Sequence[ClassCurve]) -> list[ClassCurve]:
    """Return the classes with a colour of their own, the best first."""
    ordered = sorted(classes, key=lambda one: -one.average_precision)
    half = len(COLOURS) // 2
    return ordered if len(ordered) <= len(COLOURS) else [*ordered[:half], *ordered[-half:]]


def panels_of(figure: Figure, legend: int = 0) -> tuple[Axes, Axes]:
    """Return two panels beside each other; `legend` pixels stay free on the right."""
    width, height = figure.get_size_inches() * DPI
    grid = figure.add_gridspec(1, 2, wspace=0.16)
    grid.update(left=76 / width, right=1 - (legend + 28) / width)
    grid.update(top=1 - 98 / height, bottom=64 / height)
    return figure.add_subplot(grid[0]), figure.add_subplot(grid[1])


def show_shares(axes: Axes, x: str, y: str) -> None:
    """Give axes names, and both ranges from 0 to 1."""
    style_axes(axes, x, y)
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.01, 1.04)
    ticks = np.linspace(0, 1, 6)
    axes.set_xticks(ticks)
    axes.set_yticks(ticks)


def mark_best(axes: Axes, f1: np.ndarray, thresh: float) -> None:
    """Mark where F1, over the grid of confidences, is the largest; `thresh` has a line."""
    best = int(f1.argmax())
    if not f1[best] > 0:
        return
    place = float(GRID[best]), float(f1[best])
    axes.plot(*place, "*", color=GREEN, markersize=18, markeredgecolor="white", zorder=5)
    words_at, side = words_beside(place[0], thresh)
    axes.annotate(
        f"best F1 {place[1]:.2f} at {place[0]:.2f}",
        (words_at, place[1]),
        (0, 12 if place[1] < 0.93 else -22),
        textcoords="offset points",
        ha=side,
        color=GREEN,
        fontsize=10.5,
        fontweight="bold",
        fontfamily=LATIN,
        path_effects=halo(),
        zorder=6,
    )


def words_beside(place: float, line: float) -> tuple[float, str]:
    """Return where words over a place begin, end or have their middle, clear of a line; and which.

    All are in 0..1 of the axis. Where no side is clear, they stand beyond the line.
    """
    begins = {"center": place - WORDS_WIDE / 2, "left": place, "right": place - WORDS_WIDE}
    for side, begin in begins.items():
        end = begin + WORDS_WIDE
        if begin >= 0 and end <= 1 and not begin <= line <= end:
            return place, side
    return (line + GAP, "left") if line + WORDS_WIDE < 1 else (line - GAP, "right")


def mark_thresh(axes: Axes, thresh: float) -> None:
    """Mark the threshold of the command."""
    axes.axvline(thresh, color=GREY, linewidth=1.2, linestyle=(0, (4, 3)))
    is_right = thresh > 0.6
    axes.annotate(
        f"-thresh {thresh:g}",
        (thresh, 0.0),
        (-6 if is_right else 6, 6),
        textcoords="offset points",
        ha="right" if is_right else "left",
        color=GREY,
        fontsize=9.5,
        fontfamily=LATIN,
        path_effects=halo(),
        zorder=6,
    )


def write_classes(figure: Figure, chosen: Sequence[ClassCurve], count: int) -> None:
    """Write the legend on the right: the mean, and the classes that have a colour."""
    from matplotlib.lines import Line2D

    fonts = lettering_of([one.name for one in chosen])
    lines, names = [], []
    if count > 1:
        lines.append(Line2D([], [], color="black", linewidth=MEAN_LINE))
        names.append("mean of all classes")
    for place, one in enumerate(chosen):
        lines.append(Line2D([], [], color=COLOURS[place], linewidth=2))
        names.append(
            f"{LEFT_TO_RIGHT}{one.average_precision:.1%}  {fonts.text(shorten(one.name, LETTERS))}"
        )
    if count > len(chosen):
        lines.append(Line2D([], [], color=PALE, linewidth=2))
        names.append(f"{count - len(chosen):,} classes between")
    width, height = figure.get_size_inches() * DPI
    legend = figure.legend(
        lines,
        names,
        loc="upper left",
        bbox_to_anchor=(1 - (LEGEND + 8) / width, 1 - 92 / height),
        frameon=False,
        labelcolor=BLACK,
        labelspacing=0.7,
        prop=legend_font(fonts.families),
    )
    for text in legend.get_texts():
        text.set_parse_math(False)
