"""The report of an evaluation as text, as Darknet prints it, and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..system.text import json_text
from .average_precision import Counts, MapReport, best_precisions

RANKS = 100  # between two marks of progress
RECALLS = 101  # recalls from 0 to 1 whose precision is in the JSON
HINT = "\n".join(
    [
        "\nSet -points flag:",
        " `-points 101` for MS COCO ",
        " `-points 11` for PascalVOC 2007 (uncomment `difficult` in voc.data) ",
        " `-points 0` (AUC) for ImageNet, PascalVOC 2010-2012, your custom dataset",
    ]
)


def text(report: MapReport) -> str:
    """Return what `detector map` prints of a report.

    Darknet: src/detector.c validate_detector_map (AlexeyAB)
    """
    return ranking(report) + "\n".join([*class_lines(report), *totals(report)])


def ranking(report: MapReport) -> str:
    """Return the lines with the totals and the progress; the last has no newline."""
    count, truths = report.detections, len(report.dataset.truths)
    marks = [f" rank = {rank} of ranks = {count} \r" for rank in range(0, count, RANKS)]
    head = f"\n detections_count = {count}, unique_truth_count = {truths}  \n"
    return head + "".join(marks)


def class_lines(report: MapReport) -> Iterator[str]:
    """Yield a line per class."""
    for one in report.classes:
        yield (
            f"class_id = {one.index}, name = {one.name},"
            f" ap = {one.average_precision * 100:2.2f}%   \t"
            f" (TP = {one.counts.tp}, FP = {one.counts.fp}) "
        )


def totals(report: MapReport) -> Iterator[str]:
    """Yield the lines about all classes."""
    counts, mean = report.counts, report.mean_average_precision
    shares = (counts.precision, counts.recall, counts.f1)
    precision, recall, f1 = (share(value) for value in shares)
    yield (
        f"\n for conf_thresh = {report.thresh:1.2f}, precision = {precision},"
        f" recall = {recall}, F1-score = {f1} "
    )
    yield (
        f" for conf_thresh = {report.thresh:0.2f}, TP = {counts.tp}, FP = {counts.fp},"
        f" FN = {counts.fn}, average IoU = {np.float32(counts.average_iou) * 100:2.2f} % "
    )
    curve = "Area-Under-Curve for each unique Recall"
    used = f"{report.points} Recall-points" if report.points else curve
    yield f"\n IoU threshold = {report.iou_thresh * 100:2.0f} %, used {used} "
    yield (
        f" mean average precision (mAP@{report.iou_thresh:0.2f}) = {mean:f},"
        f" or {mean * 100:2.2f} % "
    )


def share(value: float) -> str:
    """Return a fraction with two decimals, or -nan, which C prints for 0 / 0."""
    return "-nan" if math.isnan(value) else f"{value:1.2f}"


def as_json(report: MapReport, figures: dict[str, float] | None = None) -> str:
    """Return the whole report as JSON; undefined fractions are null. `figures` are COCO's."""
    dataset = report.dataset
    whole = {
        "images": len(dataset.paths),
        "detections": report.detections,
        "thresh": report.thresh,
        "iou_thresh": report.iou_thresh,
        "points": report.points,
        "mean_average_precision": report.mean_average_precision,
        **json_of(report.counts),
        "classes": [
            {
                "class_id": one.index,
                "name": one.name,
                "average_precision": one.average_precision,
                **json_of(one.counts),
                "precision_at_recall": best_precisions(one.curve, RECALLS).tolist(),
            }
            for one in report.classes
        ],
        **({"coco": figures} if figures else {}),
    }
    return json_text(whole, indent=1)


def json_of(counts: Counts) -> dict[str, Any]:
    """Return counts with precision, recall and F1."""
    shares = {name: getattr(counts, name) for name in ("precision", "recall", "f1")}
    return {
        "truths": counts.truths,
        "tp": counts.tp,
        "fp": counts.fp,
        "fn": counts.fn,
        "average_iou": counts.average_iou,
        **{name: None if math.isnan(value) else value for name, value in shares.items()},
    }
