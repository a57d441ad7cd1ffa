"""The quadratic loops that suppress boxes in C, and boxes for them."""

from __future__ import annotations

import numpy as np
import torch
from overlaps import diou_step_by_step, iou_step_by_step

from pydarknet.boxes.box_arrays import BoxArrays
from pydarknet.boxes.detections import Detections

KINDS = ["default", "greedynms", "diounms", "cornersnms"]


class Row:
    """One detection, as C stores it."""

    def __init__(self, number: int, box: np.ndarray, objectness: float, prob: list[float]) -> None:
        self.number, self.box, self.objectness, self.prob = number, box, objectness, prob


def rows_of(found: Detections | BoxArrays) -> list[Row]:
    boxes = found.numpy().boxes
    rows = zip(boxes, found.objectness.tolist(), found.probabilities.tolist(), strict=True)
    return [Row(number, *row) for number, row in enumerate(rows)]


def crowds_out(a: np.ndarray, b: np.ndarray, thresh: float, kind: str, beta: float) -> bool:
    """Return whether box a suppresses box b."""
    if kind in ("default", "cornersnms"):
        return iou_step_by_step(a, b) > np.float32(thresh)
    power = 0.6 if kind == "greedynms" else float(np.float32(beta))
    return diou_step_by_step(a, b, power) > np.float32(thresh)


def swap_empty(rows: list[Row]) -> int:
    """Swap rows without objectness to the end, and return the number of the others."""
    i, k = 0, len(rows) - 1
    while i <= k:
        if rows[i].objectness == 0:
            rows[i], rows[k] = rows[k], rows[i]
            k -= 1
            i -= 1
        i += 1
    return k + 1


def nms_by_loops(
    detections: Detections | BoxArrays, thresh: float, kind: str, beta: float
) -> list[Row]:
    rows = rows_of(detections)
    total = swap_empty(rows)
    for k in range(detections.probabilities.shape[1]):
        rows[:total] = sorted(rows[:total], key=lambda row: -row.prob[k])
        for i in range(total):
            if rows[i].prob[k] == 0:
                continue
            for j in range(i + 1, total):
                if crowds_out(rows[i].box, rows[j].box, thresh, kind, beta):
                    rows[j].prob[k] = 0
    return rows


def nms_obj_by_loops(detections: Detections | BoxArrays, thresh: float) -> list[Row]:
    rows = rows_of(detections)
    total = swap_empty(rows)
    rows[:total] = sorted(rows[:total], key=lambda row: -row.objectness)
    for i in range(total):
        if rows[i].objectness == 0:
            continue
        for j in range(i + 1, total):
            if crowds_out(rows[i].box, rows[j].box, thresh, "default", 0):
                rows[j].objectness, rows[j].prob = 0, [0] * len(rows[j].prob)
    return rows


def boxes_on_grid(seed: int, count: int = 40, classes: int = 4) -> Detections:
    """Return boxes on a coarse grid: many are equal, many scores tie, some have no objectness."""
    g = torch.Generator().manual_seed(seed)
    boxes = torch.randint(1, 6, (count, 4), generator=g) / 8
    scores = torch.randint(0, 4, (count, classes), generator=g) / 4
    scores[:, seed % classes] = 0  # no box has this class
    objectness = torch.randint(0, 5, (count,), generator=g) / 4
    # the uncertainty holds the number of the row, so `order` can read it
    number = torch.arange(count)[:, None].expand(count, 4)
    return Detections(boxes, objectness, scores, number)


def order(detections: Detections | BoxArrays) -> list[int]:
    """Return the numbers of the rows of `boxes_on_grid`."""
    return detections.uncertainty[:, 0].tolist()
