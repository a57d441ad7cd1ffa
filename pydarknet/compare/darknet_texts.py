"""What Darknet binaries write about an image: JSON, result files, lines of classes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

from ..cfg.lineage import PerLineage
from ..system.text import json_value
from .objects import Objects

NO_NUMBER = re.compile(r":\s*-?(nan|inf)(?=[,}])")
NUMBER = r"-?(?:[0-9]+(?:\.[0-9]*)?|nan|inf)"  # as printf's %f writes it
FORMS: PerLineage[tuple[re.Pattern[str], float]] = PerLineage(  # of lines, and the score of all
    pjreddie=(re.compile(rf"\s*(?P<score>{NUMBER})%: class(?P<index>[0-9]{{1,9}})"), 100),
    alexeyab=(
        re.compile(
            rf"(?:[0-9]+, )?class(?P<index>[0-9]{{1,9}}): (?P<score>{NUMBER})(?:, parent: .*)?\s*"
        ),
        1,
    ),
)


def objects_of_json(text: str) -> Objects:
    """Return the objects of the one image in the fork's JSON; raises ValueError.

    Darknet: src/image.c detection_to_json (AlexeyAB)
    """
    keys = ("center_x", "center_y", "width", "height")
    try:
        [image] = json_value(NO_NUMBER.sub(":NaN", text))
        rows = [
            (
                int(each["class_id"]),
                float(each["confidence"]),
                *edges_of(*(float(each["relative_coordinates"][key]) for key in keys)),
            )
            for each in image["objects"]
        ]
        return Objects.of_rows(rows)
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from None


def edges_of(x: float, y: float, w: float, h: float) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of a box."""
    return x - w / 2, y - h / 2, x + w / 2, y + h / 2


def objects_of_results(
    files: Sequence[Iterable[str]], name: str, width: int, height: int
) -> Objects:
    """Return the objects of an image of a size in pixels from the lines of each class's file.

    Darknet: examples/detector.c print_detector_detections
    """
    found = []
    for index, lines in enumerate(files):
        for line in lines:
            words = line.split()
            if len(words) != 6 or words[0] != name:
                continue
            if all(re.fullmatch(NUMBER, word) for word in words[1:]):
                score, *edges = map(float, words[1:])
                left, top, right, bottom = (edge - 1 for edge in edges)
                place = (left / width, top / height, right / width, bottom / height)
                found.append((index, score, *place))
    return Objects.of_rows(list(dict.fromkeys(found)))


def scores_of_lines(lines: Iterable[str], classes: int, lineage: str) -> np.ndarray:
    """Return the scores in the lines of `classifier predict`, [classes]; NaN for those not there.

    Darknet: examples/classifier.c predict_classifier
    """
    scores = np.full(classes, np.nan)
    form, whole = FORMS.of(lineage)
    for line in lines:
        found = form.fullmatch(line)
        if found and int(found["index"]) < classes:
            scores[int(found["index"])] = float(found["score"]) / whole
    return scores
