"""The chart of a training: loss, mean average precision and learning rate over iterations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from .figure import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    PALE,
    RED,
    halo,
    new_figure,
    style_axes,
    write_legend_above,
    write_title,
)
from .fonts import LATIN

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIDE: Final = 1000  # pixels
LEFT, RIGHT, TOP, BOTTOM = 94, 36, 88, 60  # pixels around the panels
LOSS_SHARE, PRECISION_SHARE, RATE_SHARE = 5.0, 3.2, 1.6  # of the height
WIDE: Final = 10.0  # an axis is logarithmic if its largest value is that much of its least
LOSS_DECADES, RATE_DECADES = 9.0, 4.0  # that are shown at most
NEAR: Final = 64  # pixels between two numbers beside points
MANY: Final = 40  # points of mAP that are small
ROOM: Final = 5.0  # points of mAP above and below all others, in percent


@dataclass(frozen=True, eq=False)
class Course:
    """What is known of a training.

    `losses` [N, 5] have a row an iteration, or several: the last iteration, its average loss and
    its learning rate, the least and the largest loss. `precisions` [M, 2] are iterations and mAP in
    0..1. What is no number is a gap.
    """

    name: str
    last: int  # iterations in all; 0 without an end
    losses: np.ndarray
    precisions: np.ndarray
    most: float | None = None  # the loss at the top

    @property
    def batch(self) -> int:
        """The iteration that is reached."""
        return int(
            max((rows[-1, 0] for rows in (self.losses, self.precisions) if len(rows)), default=0)
        )

    @property
    def best(self) -> int | None:
        """The row of the best mAP, the first of equals."""
        known = np.nan_to_num(self.precisions[:, 1], nan=-1.0)
        return int(known.argmax()) if len(known) else None


def training_figure(course: Course) -> Figure:
    """Return the chart of a training, 1000 x 1000 pixels; what has no points has no panel.

    Darknet: src/image_opencv.cpp draw_train_chart, draw_train_loss (AlexeyAB)
    """
    figure = new_figure(SIDE, SIDE)
    write_title(figure, title(course), summary(course))
    panels = [(LOSS_SHARE, draw_losses)] if len(course.losses) else []
    panels += [(PRECISION_SHARE, draw_precisions)] if len(course.precisions) else []
    panels += [(RATE_SHARE, draw_rates)] if len(course.losses) else []
    panels = panels or [(LOSS_SHARE, draw_losses)]
    grid = figure.add_gridspec(len(panels), 1, height_ratios=[share for share, _ in panels])
    grid.update(left=LEFT / SIDE, right=1 - RIGHT / SIDE, hspace=0.14)
    grid.update(top=1 - TOP / SIDE, bottom=BOTTOM / SIDE)
    for row, (_, draw) in enumerate(panels):
        axes = figure.add_subplot(grid[row])
        place_iterations(axes, course, is_lowest=row == len(panels) - 1)
        draw(axes, course)
    return figure


def title(course: Course) -> str:
    """Return the heading: how far the training is."""
    if not course.last:
        return f"{course.name}: iteration {course.batch:,}"
    share = f"{course.batch / course.last:.0%}"
    return f"{course.name}: iteration {course.batch:,} of {course.last:,} ({share})"


def summary(course: Course) -> str:
    """Return the line below the heading: the newest numbers, and the best."""
    words = []
    if len(course.losses):
        _, average, rate, *_ = course.losses[-1].tolist()
        words.append(f"average loss {average:.4g}")
        if np.isfinite(rate):
            words.append(f"learning rate {rate:.3g}")
    if course.best is not None:
        batch, value = course.precisions[course.best].tolist()
        words.append(f"mAP {course.precisions[-1, 1]:.2%}, best {value:.2%} at {batch:,.0f}")
    return "    ".join(words)


def place_iterations(axes: Axes, course: Course, *, is_lowest: bool) -> None:
    """Let axes show all iterations so far; the lowest ones say their numbers."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.set_xlim(0, max(course.batch, 1) * 1.015)
    axes.xaxis.set_major_locator(MaxNLocator(9, integer=True, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.tick_params(labelbottom=is_lowest)
    style_axes(axes, "iteration" if is_lowest else "", "")
    axes.yaxis.set_label_coords(-0.078, 0.5)


def place_values(axes: Axes, values: np.ndarray, decades: float, top: float | None = None) -> None:
    """Let the vertical axis hold values, logarithmically where they span much; `top` is its end.

    It shows so many decades at most; up to a third of that, it has several numbers a decade.
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    known = values[np.isfinite(values)]
    positive = known[known > 0]
    largest = top or positive.max(initial=0.0) or 1.0
    least = max(positive.min(initial=largest), largest / 10**decades)
    axes.yaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 2.5, 5, 10]))
    if largest >= WIDE * least:
        axes.set_yscale("log", nonpositive="mask")
        axes.set_ylim(least / 1.15, largest * (1.0 if top else 1.15))
        is_roomy = np.log10(largest / least) < decades / 2
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if is_roomy else (1,), numticks=16))
        axes.yaxis.set_minor_formatter(NullFormatter())
    else:
        axes.set_ylim(min(known.min(initial=0.0), 0.0), largest * (1.0 if top else 1.05))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.6g}"))


def draw_losses(axes: Axes, course: Course) -> None:
    """Draw the loss of each iteration, and its moving average above it."""
    axes.set_ylabel("loss")
    if not len(course.losses):
        axes.text(
            0.5,
            0.5,
            "no iteration yet",
            transform=axes.transAxes,
            ha="center",
            color=GREY,
            fontfamily=LATIN,
        )
        return
    batches, average, _, low, high = course.losses.T
    axes.fill_between(batches, low, high, color=PALE, linewidth=0.8, label="each iteration")
    lone = "o" if len(batches) == 1 else ""
    axes.plot(batches, average, color=BLUE, linewidth=1.8, marker=lone, label="moving average")
    place_values(axes, course.losses[:, [1, 3, 4]].ravel(), LOSS_DECADES, course.most)
    gaps = batches[~np.isfinite(average)]
    if len(gaps):
        low_edge = axes.get_xaxis_transform()
        axes.plot(gaps, np.zeros(len(gaps)), "|", color=RED, transform=low_edge, label="no number")
    write_legend_above(axes)


def draw_precisions(axes: Axes, course: Course) -> None:
    """Draw mAP as points with numbers; a star marks the best."""
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    axes.set_ylabel("mAP")
    batches, values = course.precisions[:, 0], course.precisions[:, 1] * 100
    size = 5 if len(values) <= MANY else 2.5
    axes.plot(batches, values, color=RED, linewidth=1.6, marker="o", markersize=size, clip_on=False)
    known = values[np.isfinite(values)]
    low, high = known.min(initial=100.0), known.max(initial=0.0)
    axes.set_ylim(max(low - ROOM, 0.0) if len(known) else 0.0, min(high + 2 * ROOM, 108.0))
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(PercentFormatter(decimals=0))
    if course.best is None:
        return
    star = batches[course.best], values[course.best]
    axes.plot(*star, color=GREEN, marker="*", markersize=17, markeredgecolor="white", clip_on=False)
    for row in labelled_rows(course):
        is_best = row == course.best
        axes.annotate(
            f"{values[row]:.{1 if values[row] >= 1 else 2}f}",
            (batches[row], values[row]),
            (0, 10 if is_best else 7),
            textcoords="offset points",
            ha="center",
            fontsize=10 if is_best else 9,
            fontweight="bold" if is_best else "normal",
            color=GREEN if is_best else BLACK,
            fontfamily=LATIN,
            path_effects=halo(),
        )


def labelled_rows(course: Course) -> list[int]:
    """Return the rows of mAP that have room for a number: the best, the last, the first, others."""
    count, scale = len(course.precisions), (SIDE - LEFT - RIGHT) / max(course.batch, 1)
    order = dict.fromkeys([course.best or 0, count - 1, 0, *range(count)])
    chosen: list[int] = []
    for row in order:
        at = course.precisions[row, 0]
        far = all(abs(at - course.precisions[one, 0]) * scale >= NEAR for one in chosen)
        if far and np.isfinite(course.precisions[row, 1]):
            chosen.append(row)
    return chosen


def draw_rates(axes: Axes, course: Course) -> None:
    """Draw the learning rate."""
    axes.set_ylabel("learning rate")
    batches, rates = course.losses[:, 0], course.losses[:, 2]
    lone = "o" if len(batches) == 1 else ""
    axes.plot(batches, rates, color=BLACK, linewidth=1.4, marker=lone)
    place_values(axes, rates, RATE_DECADES)
