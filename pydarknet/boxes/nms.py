"""Non-maximum suppression: where boxes overlap too much, the best of the class stays.

Who goes first is decided in one place, `queues`, for every device: the higher probability; of
equal ones, who stood first after the class before, and before the first class, where the swap of
empty boxes has put them (NMS_SWAPS_EMPTY_BOXES). Who goes first and is left crowds out whom it
overlaps by more than the threshold; an overlap equal to it crowds out nobody. The overlap is that
of box.py to the last bit on a CPU, by torch on any device, and in kernels/nms.cu, so that the
survivors are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ..errors import CfgError
from .box import diou, iou
from .detections import Detections
from .kernels import nms_cuda

CHUNK = 1 << 18  # pairs compared at a time: their work stays in the processor's cache


@dataclass(frozen=True)
class Lines:
    """Who is compared with whom: lines of boxes, each best first, one line after the other.

    `rows` int64 [R] point into `boxes` [K, 4]; the first line takes `sizes[0]` of them.
    """

    boxes: Tensor
    rows: Tensor
    sizes: list[int]


@dataclass(frozen=True)
class Queue:
    """The boxes of one image, lined up: those without objectness behind, `classes` int64 [R].

    `order` [K] is where each box was, `last` [K] how they stand after the last class.
    """

    found: Detections
    order: Tensor
    last: Tensor
    classes: Tensor
    lines: Lines


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
    [left] = nms_each([detections], threshold, kind, beta, stay=stay)
    return left


def nms_each(
    found: Sequence[Detections],
    threshold: float,
    kind: str = "default",
    beta: float = 0.6,
    *,
    stay: bool = False,
) -> list[Detections]:
    """Suppress the boxes of several images as `nms` does each; on a GPU all at once."""
    power = exponent(kind, beta)
    lined = [queue_of(detections) for detections in found]
    masks = survivors([queue.lines for queue in lined], threshold, power)
    return [suppress(queue, mask, stay=stay) for queue, mask in zip(lined, masks, strict=True)]


def queue_of(detections: Detections) -> Queue:
    """Line up the boxes of one image by class, on their device."""
    order, count = objects_first(detections.objectness)
    found = detections.take(order)
    last, classes, rows, sizes = queues(found.probabilities[:count])
    last = torch.cat((last, torch.arange(count, len(found), device=last.device)))
    return Queue(found, order, last, classes, Lines(found.boxes[:count], rows, sizes))


def suppress(queue: Queue, mask: Tensor, *, stay: bool) -> Detections:
    """Zero the probabilities of who is not left, a `mask` [R] over the lines."""
    places = queue.lines.rows, queue.classes
    left = queue.found.probabilities.clone()
    left[places] = left[places].where(mask, 0)
    found = replace(queue.found, probabilities=left)
    return found.take(queue.order.argsort() if stay else queue.last)


def nms_obj(detections: Detections, threshold: float) -> Detections:
    """Zero boxes that overlap one of more objectness, whatever their classes, by over `threshold`.

    Objectness and all probabilities of such a box become 0. The boxes come back sorted by the
    objectness they had.

    Darknet: src/box.c do_nms_obj
    """
    order, count = objects_first(detections.objectness)
    objectness = detections.objectness[order[:count]]
    order[:count] = order[:count][objectness.argsort(descending=True, stable=True)]
    found = detections.take(order)
    line = Lines(found.boxes[:count], torch.arange(count, device=order.device), [count])
    [mask] = survivors([line], threshold, None)
    left = torch.cat((mask, mask.new_ones(len(found) - count)))
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
    device = objectness.device
    if objectness.all():
        return torch.arange(len(objectness), device=device), len(objectness)
    rows, empty = list(range(len(objectness))), (objectness == 0).tolist()
    row, count = 0, len(rows)
    while row < count:
        if empty[rows[row]]:
            count -= 1
            rows[row], rows[count] = rows[count], rows[row]
        else:
            row += 1
    return torch.tensor(rows, dtype=torch.long, device=device), count


def queues(scores: Tensor) -> tuple[Tensor, Tensor, Tensor, list[int]]:
    """Line up the boxes of each class of `scores` [K, classes], best first.

    Returns the order of all boxes after the last class; class and row of every probability that is
    not 0, class by class; and how many each class has, of those that have any. The sorts are
    stable: equal boxes stand as the class before left them.
    """
    order, orders = torch.arange(len(scores), device=scores.device), []
    columns = scores.t().contiguous()
    present = columns.any(dim=1).nonzero().flatten()
    columns = columns[present]
    for column in columns:
        order = order[column[order].argsort(descending=True, stable=True)]
        orders.append(order)
    lines = torch.stack(orders) if orders else order.new_empty(0, len(order))
    held = columns.gather(1, lines) != 0
    sizes = held.sum(1)
    return order, present.repeat_interleave(sizes), lines[held], sizes.tolist()


def survivors(lines: Sequence[Lines], threshold: float, beta: float | None) -> list[Tensor]:
    """Say who is left of each image's lines, bool [R]: by the kernel on CUDA, else by torch."""
    launch = nms_cuda.launcher(lines[0].boxes) if lines else None
    if launch is None:
        return [torch_survivors(some, threshold, beta) for some in lines]
    rows = torch.cat([some.boxes[some.rows] for some in lines])
    sizes = [size for some in lines for size in some.sizes]
    left = nms_cuda.survivors_by_kernel(rows, sizes, threshold, beta, launch)
    return list(left.split([len(some.rows) for some in lines]))


def torch_survivors(lines: Lines, threshold: float, beta: float | None) -> Tensor:
    """Say who is left of lines of boxes, bool [R].

    All boxes are compared with all once, or only those within each line where that is less work.
    """
    boxes, rows = lines.boxes, lines.rows.cpu().split(lines.sizes)
    if len(boxes) ** 2 <= max(sum(size**2 for size in lines.sizes), CHUNK):
        crowd = crowds(boxes, threshold, beta)
        stay = [walk(line.tolist(), crowd) for line in rows]
    else:
        stay = [walk(range(len(line)), crowds(boxes[line], threshold, beta)) for line in rows]
    flags = [flag for line in stay for flag in line]
    return torch.tensor(flags, dtype=torch.bool, device=boxes.device)


def walk(line: Iterable[int], crowd: list[int]) -> list[bool]:
    """Walk down a line of boxes, best first, and say whom nobody that stays crowds out."""
    stay, gone = [], 0
    for box in line:
        left = not gone >> box & 1
        stay.append(left)
        if left:
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
