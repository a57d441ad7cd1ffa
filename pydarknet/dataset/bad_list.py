"""Problems of a data set. They are reported, and added to the fork's list files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..system.console import first, note_once
from ..system.inputs import is_input

BAD_FILES = "bad.list"
BAD_LABELS = "bad_label.list"


@dataclass(frozen=True)
class Problem:
    """A problem: the message for the user, the fork's file for it, and the line in that file.

    Without a file it is listed nowhere. Of a kind that has a name, one is told per run. `counted`
    is what the end of a training counts it as.

    Darknet: src/data.c read_boxes, fill_truth_detection (AlexeyAB)
    """

    text: str
    file: str = ""
    entry: str = ""
    kind: str = ""
    counted: str = ""


def append(problems: Iterable[Problem]) -> None:
    """Add problems to the fork's lists in the working folder; warn if one cannot be written.

    What a run has added it does not add again.

    Darknet: src/data.c read_boxes, fill_truth_detection (AlexeyAB)
    Quirk: BAD_LISTS
    """
    for problem in problems:
        if not problem.file:
            continue
        if is_input(problem.file, listed=False):
            note_once(f"{problem.file} is read by this command: no problem is added to it")
            continue
        if not first(f"{problem.file}: {problem.entry}"):
            continue
        try:
            with open(problem.file, "a", encoding="utf-8", errors="surrogateescape") as file:
                file.write(f"{problem.entry}\n")
        except OSError as error:
            note_once(f"{problem.file}: cannot be written: {error.strerror}")
            return
