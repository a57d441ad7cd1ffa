"""The forms of an ONNX file's outputs are told by their sizes and numbers."""

from __future__ import annotations

import numpy as np
import pytest

from pydarknet.compare.onnx_forms import Expected, read_boxes
from pydarknet.errors import DataError

GIVEN = Expected(width=200, height=100, classes=3)
# two boxes in 0..1: centre x, y, width, height; objectness; a score of each class
BOXES = np.array([[0.5, 0.5, 0.2, 0.4], [0.9, 0.2, 0.1, 0.2]], np.float32)
EDGES = np.array([[0.4, 0.3, 0.6, 0.7], [0.85, 0.1, 0.95, 0.3]], np.float32)
OBJECTNESS = np.array([[0.8], [0.5]], np.float32)
CLASSES = np.array([[0.9, 0.1, 0.0], [0.2, 0.3, 0.6]], np.float32)
SCORES = OBJECTNESS * CLASSES
BEST = np.array([[0.72, 0, 0], [0, 0, 0.3]], np.float32)
PIXELS = np.array([200, 100, 200, 100], np.float32)
KIND = np.array([[0.0], [2.0]], np.float32)
SCORE = BEST.max(1, keepdims=True)


def table(*columns: np.ndarray) -> np.ndarray:
    return np.concatenate(columns, 1)[None]


def read(*arrays: np.ndarray, layout: str = "", given: Expected = GIVEN):
    named = {f"output{i}": array for i, array in enumerate(arrays)}
    return read_boxes(named, given, layout)


FORMS = {
    "ultralytics": ([table(BOXES * PIXELS, SCORES).transpose(0, 2, 1)], SCORES),
    "its rows": ([table(BOXES * PIXELS, SCORES)], SCORES),
    "its scales apart": ([table(BOXES[:1], SCORES[:1]), table(BOXES[1:], SCORES[1:])], SCORES),
    "OpenCV 4": ([table(BOXES, OBJECTNESS, SCORES)[0]], SCORES),
    "OpenCV 4, a head each": (
        [table(BOXES[i : i + 1], OBJECTNESS[i : i + 1], SCORES[i : i + 1])[0] for i in (0, 1)],
        SCORES,
    ),
    "YOLOv5": ([table(BOXES * PIXELS, OBJECTNESS, CLASSES)], SCORES),
    "Tianxiaomo": ([EDGES[None, :, None], SCORES[None]], SCORES),
    "its outputs the other way": ([SCORES[None], EDGES[None, :, None]], SCORES),
    "with one more": ([EDGES[None, :, None], SCORES[None], np.zeros((1, 9, 2, 2))], SCORES),
    "pixels": ([EDGES[None] * PIXELS, SCORES[None]], SCORES),
    "centres": ([BOXES[None], SCORES[None]], SCORES),
    "DeepStream": ([table(EDGES * PIXELS, SCORE, KIND)], BEST),
    "suppressed": ([table(KIND * 0, EDGES * PIXELS, KIND, SCORE)[0]], BEST),
}


@pytest.mark.parametrize("name", FORMS)
def test_each_form_has_the_same_boxes(name):
    arrays, scores = FORMS[name]

    found = read(*arrays)

    assert found.boxes == pytest.approx(BOXES, abs=1e-6)
    assert found.scores == pytest.approx(scores)
    assert found.best == (name == "DeepStream")


def test_of_one_class_the_numbers_decide():
    one = Expected(width=200, height=100, classes=1)
    rows = read(table(BOXES, OBJECTNESS, OBJECTNESS / 2), given=one)
    best = read(table(EDGES * PIXELS, SCORE, KIND * 0), given=one)

    assert rows.scores == pytest.approx(OBJECTNESS / 2)
    assert best.scores == pytest.approx(SCORE)


def test_a_layout_that_the_file_names_is_taken():
    one = Expected(width=200, height=100, classes=1)
    rows = table(BOXES, OBJECTNESS, OBJECTNESS * 0)  # no score: it looks like edges, score, class

    assert read(rows, given=one).best
    assert not read(rows, given=one, layout="rows").best


def test_no_box_after_suppression_is_none():
    assert len(read(np.zeros((0, 7), np.float32)).boxes) == 0


def test_sizes_that_are_no_form_are_named():
    with pytest.raises(DataError) as error:
        read(np.zeros((1, 85, 9)), np.zeros((1, 2)))

    assert str(error.value) == (
        "its outputs are output0 [1, 85, 9], output1 [1, 2]: expected boxes of 3 classes, as"
        " [7, K], [K, 8], [K, 6], or [K, 4] and [K, 3]"
    )
