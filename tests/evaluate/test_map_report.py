"""The report of an evaluation as text and as JSON."""

from __future__ import annotations

import json

import numpy as np
from rankings import RANKED, matched_dataset

from pydarknet.evaluate.average_precision import summary
from pydarknet.evaluate.map_report import HINT, as_json, text


def test_the_text_has_a_line_a_class_and_the_totals():
    assert text(summary(matched_dataset(RANKED, [0, 0, 0]), thresh=0.25)) == (
        "\n detections_count = 3, unique_truth_count = 3  \n"
        " rank = 0 of ranks = 3 \r"
        "class_id = 0, name = a, ap = 55.56%   \t (TP = 2, FP = 1) \n"
        "class_id = 1, name = b, ap = 0.00%   \t (TP = 0, FP = 0) \n"
        "\n for conf_thresh = 0.25, precision = 0.67, recall = 0.67, F1-score = 0.67 \n"
        " for conf_thresh = 0.25, TP = 2, FP = 1, FN = 1, average IoU = 50.00 % \n"
        "\n IoU threshold = 50 %, used Area-Under-Curve for each unique Recall \n"
        " mean average precision (mAP@0.50) = 0.277778, or 27.78 % "
    )


def test_a_share_of_nothing_is_what_c_prints_for_it():
    lines = text(summary(matched_dataset([], [], names="a"), points=11)).split("\n")

    assert lines == [
        "",
        " detections_count = 0, unique_truth_count = 0  ",
        "class_id = 0, name = a, ap = 0.00%   \t (TP = 0, FP = 0) ",
        "",
        " for conf_thresh = 0.25, precision = -nan, recall = -nan, F1-score = -nan ",
        " for conf_thresh = 0.25, TP = 0, FP = 0, FN = 0, average IoU = 0.00 % ",
        "",
        " IoU threshold = 50 %, used 11 Recall-points ",
        " mean average precision (mAP@0.50) = 0.000000, or 0.00 % ",
    ]


def test_every_hundredth_rank_is_told():
    rows = [(0.9, 0, -1)] * 201

    assert (
        "  \n rank = 0 of ranks = 201 \r rank = 100 of ranks = 201 \r rank = 200 of ranks = 201 \r"
        "class_id = 0" in text(summary(matched_dataset(rows, [])))
    )


def test_the_hint_names_the_points_of_each_benchmark():
    assert [line[:15] for line in HINT.split("\n")] == [
        "",
        "Set -points fla",
        " `-points 101` ",
        " `-points 11` f",
        " `-points 0` (A",
    ]


def test_the_json_is_the_whole_report():
    report = json.loads(as_json(summary(matched_dataset(RANKED, [0, 0, 0])), {"AP": 0.25}))

    assert list(report) == [
        *("images", "detections", "thresh", "iou_thresh", "points", "mean_average_precision"),
        *("truths", "tp", "fp", "fn", "average_iou", "precision", "recall", "f1"),
        *("classes", "coco"),
    ]
    assert (report["images"], report["detections"], report["truths"]) == (1, 3, 3)
    assert (report["tp"], report["fp"], report["fn"]) == (2, 1, 1)
    assert report["coco"] == {"AP": 0.25}


def test_each_class_of_the_json_has_its_figures_and_its_curve():
    first, second = json.loads(as_json(summary(matched_dataset(RANKED, [0, 0, 0]))))["classes"]

    assert (first["class_id"], first["name"], first["tp"]) == (0, "a", 2)
    np.testing.assert_allclose(first["precision_at_recall"], [1] * 34 + [2 / 3] * 33 + [0] * 34)
    assert second["precision"] is None  # nothing was found
    assert second["recall"] is None  # of nothing
