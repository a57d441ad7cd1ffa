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
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pydarknet.errors import DarknetError  # the copy beside this script
from pydarknet.system.text import decode, printable, read_text

Series = dict[int, float]
NUMBER = r"(-?(?:nan|inf|\d+(?:\.\d*)?(?:e[-+]?\d+)?))"
ITERATION = re.compile(
    rf"^\s*(\d+)(?:, {NUMBER})?: {NUMBER}, {NUMBER} avg(?: loss)?, {NUMBER} rate, "
)
LIVE = re.compile(rf"^\s*(\d+): loss={NUMBER}, avg loss={NUMBER}, .*?rate={NUMBER}")
PRECISION = re.compile(
    rf"mean.average.precision \(mAP@[\d.]+\) ?= ?{NUMBER}(%?)|accuracy top\d+ = {NUMBER}"
)
ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|\x07")

COLOURS = [  # BGR
    (180, 95, 20),
    (40, 90, 225),
    (60, 150, 60),
    (150, 60, 150),
    (30, 150, 200),
    (110, 110, 110),
]
INK, GRID, PAPER = (60, 60, 60), (228, 228, 228), (255, 255, 255)
FONT = cv2.FONT_HERSHEY_SIMPLEX
FINE = 4  # fractional bits of a coordinate
LEFT, RIGHT, TOP, BOTTOM = 78, 24, 34, 30


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


@dataclass(frozen=True)
class Panel:
    """A frame of the chart with two axes; the vertical one may be logarithmic."""

    title: str
    x: int
    y: int
    width: int
    height: int
    last: int
    low: float
    high: float
    logarithmic: bool = False

    def pixel(self, batch: float, value: float) -> tuple[float, float]:
        """Return the pixel of a value, clipped to the frame."""
        low, high, value = map(self.axis_position, (self.low, self.high, value))
        part = min(max((value - low) / (high - low), 0), 1)
        return self.x + self.width * batch / self.last, self.y + self.height * (1 - part)

    def axis_position(self, value: float) -> float:
        """Return the position of a value on the axis."""
        return math.log10(max(value, self.low, 1e-12)) if self.logarithmic else value

    def ticks(self) -> list[float]:
        """Return the values of the marks on the vertical axis."""
        if not self.logarithmic:
            return steps(self.low, self.high, 5)
        exponents = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        marks = [m * 10.0**e for e in exponents for m in (1, 2, 5)]
        marks = [mark for mark in marks if self.low <= mark <= self.high * 1.0001]
        if len(marks) > 8:
            marks = [mark for mark in marks if f"{mark:e}"[0] == "1"]
        return marks if len(marks) > 1 else steps(self.low, self.high, 5)


def steps(low: float, high: float, count: int) -> list[float]:
    """Return about `count` round numbers from low to high."""
    rough = (high - low) / count
    size = 10 ** math.floor(math.log10(rough))
    step = next(size * m for m in (1, 2, 5, 10) if size * m >= rough)
    first = math.ceil(low / step - 1e-9)
    return [step * i for i in range(first, math.floor(high / step + 1e-9) + 1)]


def frame(chart: np.ndarray, panel: Panel) -> None:
    """Draw the grid, the numbers and the title of a panel."""
    right, bottom = panel.x + panel.width, panel.y + panel.height
    for value in panel.ticks():
        y = round(panel.pixel(0, value)[1])
        cv2.line(chart, (panel.x, y), (right, y), GRID)
        label = f"{value:.6g}"
        (w, h), _ = cv2.getTextSize(label, FONT, 0.42, 1)
        write(chart, label, panel.x - w - 8, y + h // 2)
    for value in steps(0, panel.last, 8):
        x = round(panel.pixel(value, panel.low)[0])
        cv2.line(chart, (x, panel.y), (x, bottom), GRID)
        label = f"{value:g}"
        (w, h), _ = cv2.getTextSize(label, FONT, 0.42, 1)
        write(chart, label, min(x - w // 2, right - w + 12), bottom + h + 8)
    cv2.rectangle(chart, (panel.x, panel.y), (right, bottom), INK)
    write(chart, panel.title, panel.x, panel.y - 10, 0.52)


def write(chart: np.ndarray, text: str, x: int, y: int, size: float = 0.42) -> None:
    """Write a text with its lower left corner at x, y."""
    cv2.putText(chart, text, (x, y), FONT, size, INK, 1, cv2.LINE_AA)


def curve(
    chart: np.ndarray,
    panel: Panel,
    series: Series,
    colour: Sequence[int],
    *,
    thickness: int = 2,
    marks: bool = False,
) -> None:
    """Draw a series as a line; with `marks`, or if it has one value only, mark each value."""
    points = [panel.pixel(batch, value) for batch, value in sorted(series.items())]
    fine = np.rint(np.array(points) * 2**FINE).astype(np.int32)
    cv2.polylines(chart, [fine], False, colour, thickness, cv2.LINE_AA, FINE)
    for x, y in fine if marks or len(fine) == 1 else ():
        cv2.circle(chart, (int(x), int(y)), 4 << FINE, colour, -1, cv2.LINE_AA, FINE)


def pale(colour: Sequence[int]) -> tuple[int, ...]:
    """Return a colour mixed with much white."""
    return tuple(round(255 - (255 - c) * 0.38) for c in colour)


def draw(
    logs: Sequence[Log],
    width: int = 1100,
    height: int = 800,
    *,
    linear: bool = False,
    most: float | None = None,
) -> np.ndarray:
    """Return the chart of logs, BGR [height, width, 3]."""
    chart = np.full((height, width, 3), PAPER, np.uint8)
    loss, rate, precision = panels(logs, width, height, linear=linear, most=most)
    for panel in filter(None, (loss, rate, precision)):
        frame(chart, panel)
    for log, colour in colours(logs):
        if log.loss:
            curve(chart, loss, log.loss, pale(colour), thickness=1)
            curve(chart, loss, log.average, colour)
        if log.rate:
            curve(chart, rate, log.rate, colour)
        if precision and log.precision:
            curve(chart, precision, log.precision, colour, marks=len(log.precision) <= 60)
    legend(chart, logs, loss)
    return chart


def colours(logs: Sequence[Log]) -> Iterator[tuple[Log, tuple[int, int, int]]]:
    """Yield each log with its colour."""
    for index, log in enumerate(logs):
        yield log, COLOURS[index % len(COLOURS)]


def panels(
    logs: Sequence[Log], width: int, height: int, *, linear: bool, most: float | None
) -> tuple[Panel, Panel, Panel | None]:
    """Return the panels of loss, rate and, if a log has any, precision."""
    last = max(max(log.loss, default=1) for log in logs)
    losses = [v for log in logs for series in (log.loss, log.average) for v in series.values()]
    rates = [v for log in logs for v in log.rate.values()]
    measured = any(log.precision for log in logs)
    shares = [0.56, 0.22, 0.22] if measured else [0.72, 0.28]
    rooms = np.cumsum([0, *shares]) * height
    frames = [
        (LEFT, round(y) + TOP, width - LEFT - RIGHT, round(below - y) - TOP - BOTTOM)
        for y, below in pairwise(rooms)
    ]
    low, high = loss_range(losses, linear=linear, most=most)
    loss = Panel("loss (pale) and its average, by batches", *frames[0], last, low, high, not linear)
    rate = Panel("learning rate", *frames[1], last, 0, max(rates, default=0) * 1.08 or 1)
    if not measured:
        return loss, rate, None
    return loss, rate, Panel("mAP, or accuracy of classes", *frames[2], last, 0, 1)


def loss_range(losses: Sequence[float], *, linear: bool, most: float | None) -> tuple[float, float]:
    """Return the ends of the axis of the loss."""
    high = most or max(losses, default=1) * 1.05 or 1
    if linear:
        return 0, high
    positive = [loss for loss in losses if loss > 0]
    low = min(positive, default=high / 10) / 1.1
    return min(low, high / 2), high


def legend(chart: np.ndarray, logs: Sequence[Log], panel: Panel) -> None:
    """Write the name and the last numbers of each log in the upper right corner of a panel."""
    for row, (log, colour) in enumerate(colours(logs)):
        text = log.name + last_numbers(log)
        (w, _), _ = cv2.getTextSize(text, FONT, 0.45, 1)
        x, y = panel.x + panel.width - w - 14, panel.y + 22 + 20 * row
        cv2.rectangle(chart, (x - 38, y - 14), (x + w + 6, y + 6), PAPER, -1)
        cv2.line(chart, (x - 32, y - 4), (x - 8, y - 4), colour, 3, cv2.LINE_AA)
        write(chart, text, x, y, 0.45)


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
            text = decode(sys.stdin.buffer.read()) if piped else read_text(path, "a log")
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
    chart = draw(read_logs(options.logs), width, height, linear=options.linear, most=options.max)
    content = cv2.imencode(".png", chart)[1].tobytes()
    try:
        options.out.write_bytes(content)
    except OSError as error:
        sys.exit(f"plot_log.py: {options.out}: {error.strerror}")


if __name__ == "__main__":
    main()
