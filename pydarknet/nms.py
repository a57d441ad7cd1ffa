"""Non-maximum suppression: where boxes overlap too much, the best of the class stays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from .box import diou, iou
from .detections import Detections
from .errors import CfgError

CHUNK = 1 << 18  # pairs compared at a time: their work stays in the processor's cache


def nms(
    detections: Detections,
    threshold: float,
    kind: str = "default",
    beta: float = 0.6,
    *,
    stay: bool = False,
) -> Detections:
    """Zero the class probabilities of boxes that overlap a better one by more than `threshold`.

    No box is removed (`Detections.kept` does that). They come back in the order in which the C
    leaves them: by the probability of the last class before it was zeroed, ties by the class before
    it, and so on; with `stay` every box is where it was. `kind` is a word of `nms_kind=`, `beta`
    the exponent of diounms.

    Darknet: src/box.c do_nms_sort, diounms_sort
    Quirk: NMS_ORDER
    """
    order, count = objects_first(detections.objectness)
    found = detections.take(order)
    scores = found.probabilities[:count].cpu()
    last, lines = queues(scores)
    left = torch.zeros_like(scores)
    left_of = survivors(found.boxes[:count], list(lines.values()), threshold, exponent(kind, beta))
    for k, rows in zip(lines, left_of, strict=True):
        left[rows, k] = scores[rows, k]
    left = torch.cat((left.to(found.boxes.device), found.probabilities[count:]))
    last = torch.cat((last, torch.arange(count, len(found))))
    return replace(found, probabilities=left).take(order.argsort() if stay else last)


def nms_obj(detections: Detections, threshold: float) -> Detections:
    """Zero boxes that overlap one of more objectness, whatever their classes, by over `threshold`.

    Objectness and all probabilities of such a box become 0. The boxes come back sorted by the
    objectness they had.

    Darknet: src/box.c do_nms_obj
    """
    order, count = objects_first(detections.objectness)
    objectness = detections.objectness.cpu()[order[:count]]
    order[:count] = order[:count][objectness.argsort(descending=True, stable=True)]
    found = detections.take(order)
    [stay] = survivors(found.boxes[:count], [torch.arange(count)], threshold, None)
    left = torch.arange(len(found)) >= count
    left[stay] = True
    left = left.to(found.boxes.device)
    return replace(
        found,
        objectness=found.objectness.where(left, 0),
        probabilities=found.probabilities.where(left[:, None], 0),
    )


def exponent(kind: str, beta: float) -> float | None:
    """Return the exponent of the DIoU that decides, None where plain IoU does.

    greedynms is not the greedy suppression of the literature: that is "default". Its 0.6 is a
    double in the C, `beta` a float.

    Darknet: src/box.c diounms_sort
    Quirk: GREEDYNMS_IS_DIOU
    """
    rounded = float(np.float32(beta))
    exponents = {"default": None, "greedynms": 0.6, "diounms": rounded, "cornersnms": None}
    if kind not in exponents:
        raise CfgError(f"nms_kind={kind}: expected one of {', '.join(exponents)}")
    return exponents[kind]


def objects_first(objectness: Tensor) -> tuple[Tensor, int]:
    """Order boxes [K] so that those without objectness come last, and count the others.

    Each box without is swapped with the last one not yet looked at.

    Darknet: src/box.c do_nms_sort
    Quirk: NMS_SWAPS_EMPTY_BOXES
    """
    rows, empty = list(range(len(objectness))), (objectness == 0).tolist()
    row, count = 0, len(rows)
    while row < count:
        if empty[rows[row]]:
            count -= 1
            rows[row], rows[count] = rows[count], rows[row]
        else:
            row += 1
    return torch.tensor(rows, dtype=torch.long), count


def queues(scores: Tensor) -> tuple[Tensor, dict[int, Tensor]]:
    """Line up the boxes of each class of `scores` [K, classes], best first.

    Returns the order of all boxes after the last class, and for each class that has any the rows
    of its boxes. The sorts are stable: equal boxes stand as the class before left them.
    """
    order, lines = torch.arange(len(scores)), {}
    columns = scores.t().contiguous()
    for k in columns.any(dim=1).nonzero().flatten().tolist():
        order = order[columns[k, order].argsort(descending=True, stable=True)]
        lines[k] = order[columns[k, order] != 0]
    return order, lines


def survivors(
    boxes: Tensor, lines: list[Tensor], threshold: float, beta: float | None
) -> list[list[int]]:
    """Return who is left of each line of rows into `boxes` [K, 4], best first.

    All boxes are compared with all once, or only those within each line where that is less work.
    """
    if len(boxes) ** 2 <= max(sum(len(line) ** 2 for line in lines), CHUNK):
        crowd = crowds(boxes, threshold, beta)
        return [walk(line.tolist(), crowd) for line in lines]
    stay = [walk(range(len(line)), crowds(boxes[line], threshold, beta)) for line in lines]
    return [line[places].tolist() for line, places in zip(lines, stay, strict=True)]


def walk(line: Iterable[int], crowd: list[int]) -> list[int]:
    """Walk down a line of boxes, best first, and leave out whom one that stays crowds out."""
    stay, gone = [], 0
    for box in line:
        if not gone >> box & 1:
            stay.append(box)
            gone |= crowd[box]
    return stay


def crowds(boxes: Tensor, threshold: float, beta: float | None) -> list[int]:
    """Say for each of `boxes` [M, 4] whom it crowds out: a set of boxes is an int, a bit a box.

    Box b is in the set of box a where their IoU, or DIoU of exponent `beta`, is over `threshold`.
    """
    step = max(CHUNK // max(len(boxes), 1), 1)
    crowd: list[int] = []
    for some in boxes.split(step):
        measure = iou(some, boxes) if beta is None else diou(some, boxes, beta)
        over = (measure > threshold).cpu().numpy()
        bits = np.packbits(over, axis=1, bitorder="little")
        crowd.extend(int.from_bytes(row.tobytes(), "little") for row in bits)
    return crowd
