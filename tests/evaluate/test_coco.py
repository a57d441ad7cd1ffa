"""The figures of COCO, against pycocotools."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import HERE

from pydarknet.evaluate import coco
from pydarknet.evaluate.ground_truth import GroundTruth
from pydarknet.evaluate.matched_dataset import MatchedDataset
from pydarknet.evaluate.matching import Matches

# Boxes by chance in 16 images, many of equal score and over 100 in an image, with what
# pycocotools 2.0.11 makes of them.
RECORDED = HERE / "reference" / "coco_figures.npz"


def case() -> tuple[MatchedDataset, np.ndarray, str]:
    """Return the boxes, the twelve figures and their text."""
    kept = dict(np.load(RECORDED))
    count = len(kept["scores"])
    dataset = MatchedDataset(
        paths=tuple(f"{index}.jpg" for index in range(len(kept["sizes"]))),
        names=tuple("abcd"),
        sizes=kept["sizes"].astype(np.int64),
        truths=GroundTruth(kept["truth_classes"].astype(np.int64), kept["truth_boxes"]),
        owners=kept["owners"].astype(np.int64),
        matches=Matches(
            scores=kept["scores"],
            classes=kept["classes"].astype(np.int64),
            images=kept["images"].astype(np.int64),
            truths=np.full(count, -1),
            overlaps=np.zeros(count, np.float32),
            boxes=kept["boxes"],
            difficult=np.zeros(count, bool),
        ),
        iou_thresh=0.5,
    )
    return dataset, kept["stats"], str(kept["text"])


def test_the_twelve_figures_are_those_of_pycocotools():
    dataset, expected, _ = case()

    assert list(coco.figures(dataset).values()) == pytest.approx(expected.tolist(), abs=1e-12)


def test_the_lines_are_those_of_pycocotools():
    dataset, _, expected = case()

    assert coco.lines(coco.figures(dataset)) == expected.rstrip("\n").split("\n")


def boxes(*rows: tuple[float, ...]) -> np.ndarray:
    """Return boxes left, top, width, height."""
    return np.array(rows, float).reshape(-1, 4)


def test_iou_is_of_left_top_width_height():
    overlaps = coco.iou(boxes((0, 0, 2, 2)), boxes((1, 0, 2, 2), (5, 5, 1, 1), (0, 0, 2, 2)))

    assert overlaps.tolist() == [[pytest.approx(1 / 3), 0, 1]]


def assigned(overlaps: list[list[float]], outside: list[bool]) -> tuple[list, list]:
    """Return hits and ignored at the least overlap, all areas being alike."""
    shape = (len(coco.AREAS), len(coco.OVERLAPS), len(overlaps))
    hits, ignored = np.zeros(shape, bool), np.zeros(shape, bool)
    coco.assign(np.array(overlaps), np.array([outside] * len(coco.AREAS)), hits, ignored)
    return hits[0, 0].tolist(), ignored[0, 0].tolist()


def test_a_truth_is_given_once_to_the_best_score():
    assert assigned([[0.6], [0.9]], [False]) == ([True, False], [False, False])


def test_a_truth_inside_the_area_goes_before_one_that_overlaps_more():
    assert assigned([[0.6, 0.9], [0.6, 0.9]], [False, True]) == ([True, True], [False, True])


def test_figures_that_no_truth_speaks_of_are_minus_1():
    dataset, _, _ = case()
    empty = MatchedDataset(
        dataset.paths,
        dataset.names,
        dataset.sizes,
        GroundTruth.of([]),
        np.zeros(0, np.int64),
        dataset.matches,
        0.5,
    )

    assert set(coco.figures(empty).values()) == {-1}


def test_truths_without_a_detection_are_figures_of_0():
    dataset, _, _ = case()
    blind = MatchedDataset(
        dataset.paths,
        dataset.names,
        dataset.sizes,
        dataset.truths,
        dataset.owners,
        Matches.cat([]),
        0.5,
    )

    assert set(coco.figures(blind).values()) == {0}
