#!/usr/bin/env python3
"""Draw a chart of Darknet's training logs as a PNG: loss, average loss, learning rate and mAP.

Read what any of the three forks or this program prints during training: of detectors, classifiers
and networks over text. Several logs are drawn in one chart, each in a colour of its own.
"""

from __future__ import annotations

import argparse
import math
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pydarknet.charts.figure import (  # the copy beside this script
    COLOURS,
    legend_font,
    new_figure,
    pixels,
    style_axes,
    write_title,
)
from pydarknet.charts.fonts import lettering_of
from pydarknet.charts.training import place_values
from pydarknet.errors import DarknetError
from pydarknet.system.text import decode, printable, read_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Series = dict[int, float]
NUMBER = r"(-?(?:nan|inf|\d+(?:\.\d*)?(?:e[-+]?\d+)?))"
ITERATION = re.compile(
    rf"^\s*(\d{{1,15}})(?:, {NUMBER})?: {NUMBER}, {NUMBER} avg(?: loss)?, {NUMBER} rate, "
)
LIVE = re.compile(rf"^\s*(\d{{1,15}}): loss={NUMBER}, avg loss={NUMBER}, .*?rate={NUMBER}")
PRECISION = re.compile(
    rf"mean.average.precision \(mAP@[\d.]+\) ?= ?{NUMBER}(%?)|accuracy top\d+ = {NUMBER}"
)
ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|\x1b\][^\x07\n]*\x07|\x07")  # colours, a title

LEFT, RIGHT, TOP, BOTTOM, ROW = 84, 24, 52, 56, 22  # pixels around the panels, and of a log's name
SHARES = (0.56, 0.22, 0.22)  # of the height
DECADES, RATE_DECADES = 9.0, 4.0  # that axes show at most


@dataclass
class Log:
    """The numbers of a training, each by the batch at which it was printed."""

    name: str
    loss: Series = field(default_factory=dict)
    average: Series = field(default_factory=dict)
    rate: Series = field(default_factory=dict)
    precision: Series = field(default_factory=dict)


def read_log(text: str, name: str) -> Log:
    """Return the finite numbers of a log."""
    log, batch = Log(name), 0
    for line in ESCAPES.sub("", text).replace("\r", "\n").split("\n"):
        found = ITERATION.match(line) or LIVE.match(line)
        precision = PRECISION.search(line)
        if found:
            batch = int(found[1])
            for series, number in zip(
                (log.loss, log.average, log.rate), found.groups()[-3:], strict=True
            ):
                put(series, batch, number)
        elif precision:
            put(log.precision, batch, precision[1] or precision[3], per_cent=bool(precision[2]))
    return log


def put(series: Series, batch: int, text: str, *, per_cent: bool = False) -> None:
    """Add a number to a series if it is finite."""
    value = float(text)
    if math.isfinite(value):
        series[batch] = value / 100 if per_cent else value


def draw(
    logs: Sequence[Log],
    width: int = 1100,
    height: int = 800,
    *,
    linear: bool = False,
    most: float | None = None,
) -> Figure:
    """Return the chart of logs: loss and its average, learning rate, and mAP where there is any."""
    figure = new_figure(width, height)
    write_title(figure, "Loss (pale) and its average", "")
    panels = [(SHARES[0], draw_losses), (SHARES[1], draw_rates)]
    if any(log.precision for log in logs):
        panels.append((SHARES[2], draw_precisions))
    grid = figure.add_gridspec(len(panels), 1, height_ratios=[share for share, _ in panels])
    grid.update(left=LEFT / width, right=1 - RIGHT / width, hspace=0.16)
    grid.update(top=1 - (TOP + ROW * len(logs)) / height, bottom=BOTTOM / height)
    last = max(max(log.loss, default=1) for log in logs)
    for row, (_, draw_panel) in enumerate(panels):
        axes = figure.add_subplot(grid[row])
        style_axes(axes, "iteration" if row == len(panels) - 1 else "", "")
        axes.set_xlim(0, last * 1.01)
        axes.tick_params(labelbottom=row == len(panels) - 1)
        draw_panel(axes, logs)
        if row == 0:
            losses = [v for log in logs for one in (log.loss, log.average) for v in one.values()]
            place_values(axes, np.array(losses), 0.0 if linear else DECADES, most)
            write_legend(axes)
    return figure


def draw_losses(axes: Axes, logs: Sequence[Log]) -> None:
    """Draw the losses of logs, pale, and their averages."""
    axes.set_ylabel("loss")
    for log, colour in colours(logs):
        curve(axes, log.loss, colour, alpha=0.35, linewidth=0.8)
        name = lettering_of([log.name]).text(log.name + last_numbers(log))
        curve(axes, log.average, colour, linewidth=1.8, label=name)


def draw_rates(axes: Axes, logs: Sequence[Log]) -> None:
    """Draw the learning rates of logs."""
    axes.set_ylabel("rate")
    for log, colour in colours(logs):
        curve(axes, log.rate, colour, linewidth=1.4)
    place_values(axes, np.array([v for log in logs for v in log.rate.values()]), RATE_DECADES)


def draw_precisions(axes: Axes, logs: Sequence[Log]) -> None:
    """Draw the mAP of logs, or the accuracy of classes."""
    axes.set_ylabel("mAP or accuracy")
    for log, colour in colours(logs):
        curve(axes, log.precision, colour, linewidth=1.4, marker="o", markersize=4)
    axes.set_ylim(0, 1.05)


def curve(axes: Axes, series: Series, colour: str, **style: object) -> None:
    """Draw a series as a line; if it has one value only, as a point."""
    points = sorted(series.items())
    lone = {"marker": "o"} if len(points) == 1 else {}
    axes.plot([x for x, _ in points], [y for _, y in points], color=colour, **{**style, **lone})


def write_legend(axes: Axes) -> None:
    """Write the names and the last numbers of logs above a panel, a row each."""
    names = [line.get_label() for line in axes.lines]
    legend = axes.legend(
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        frameon=False,
        prop=legend_font(lettering_of(names).families),
    )
    for text in legend.get_texts():
        text.set_parse_math(False)


def colours(logs: Sequence[Log]) -> Iterator[tuple[Log, str]]:
    """Yield each log with its colour."""
    for index, log in enumerate(logs):
        yield log, COLOURS[index % len(COLOURS)]


def last_numbers(log: Log) -> str:
    """Return the last average and the best precision of a log as text."""
    average = f": {log.average[max(log.average)]:.4g}" if log.average else ""
    return average + (f", best mAP {max(log.precision.values()):.3f}" if log.precision else "")


def read_logs(paths: Sequence[Path]) -> list[Log]:
    """Read logs, or exit with a message if one cannot be read or holds no iterations."""
    logs = []
    for path in paths:
        try:
            piped = str(path) == "-"
            text = decode(sys.stdin.buffer.read()) if piped else read_text(path, "a log", most=None)
        except DarknetError as error:
            sys.exit(f"plot_log.py: {error}")
        logs.append(read_log(text, "stdin" if piped else printable(path.stem, 60)))
        if not logs[-1].loss:
            sys.exit(f"plot_log.py: {path}: has no line like `1: 2.3, 2.3 avg, 0.001 rate, ...`")
    return logs


def main() -> None:
    """Draw the logs that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("logs", type=Path, nargs="+", help="what Darknet printed during training; - is stdin")
    add("-o", "--out", type=Path, default=Path("log.png"), help="the chart (log.png)")
    add("--size", default="1100x800", help="its width and height (1100x800)")
    add("--linear", action="store_true", help="draw the loss on a linear axis")
    add("--max", type=float, metavar="LOSS", help="upper end of the axis of the loss")
    options = parser.parse_args()
    if not re.fullmatch(r"\d{3,5}x\d{3,5}", options.size):
        parser.error(f"--size {options.size}: expected WIDTHxHEIGHT, such as 1100x800")
    width, height = map(int, options.size.split("x"))
    figure = draw(read_logs(options.logs), width, height, linear=options.linear, most=options.max)
    content = cv2.imencode(".png", pixels(figure)[:, :, ::-1])[1].tobytes()
    try:
        options.out.write_bytes(content)
    except OSError as error:
        sys.exit(f"plot_log.py: {options.out}: {error.strerror}")


if __name__ == "__main__":
    main()
