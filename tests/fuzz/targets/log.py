"""Logs of trainings, of which charts are drawn, and what Darknet binaries print of an image."""

from __future__ import annotations

import math
from contextlib import suppress

from plot_log import read_log

from pydarknet.cfg.lineage import LINEAGES
from pydarknet.compare.darknet_texts import objects_of_json, objects_of_results, scores_of_lines
from pydarknet.system.text import decode

WORDS = (
    *(" 1: 2.5, 2.5 avg loss, 0.001 rate, ", "mean average precision (mAP@0.50) = 0.5"),
    *("\x1b[2K", " 1: loss=1, avg loss=2, rate=3", '"objects": [', "class1: 0.5"),
)


def check(content: bytes) -> None:
    """Read a log, and the texts of a Darknet program, which may be of any kind."""
    text = decode(content)
    log = read_log(text, "log")
    for series in (log.loss, log.average, log.rate, log.precision):
        assert all(map(math.isfinite, series.values()))
    lines = text.split("\n")
    for lineage in LINEAGES:
        assert scores_of_lines(lines, 4, lineage).shape == (4,)
    for read in (lambda: objects_of_json(text), lambda: objects_of_results([lines], "a", 8, 8)):
        with suppress(ValueError):  # which compare tells
            read()
