"""Non-maximum suppression: where boxes overlap too much, the best of the class stays.

`queues` decides the order for every device: the higher probability comes first. Ties keep the order
that the previous class left, and before the first class the order after the swap of empty boxes
(NMS_SWAPS_EMPTY_BOXES). A box that survives suppresses every later box of its class that it
overlaps by more than the threshold; an overlap equal to the threshold suppresses nothing. The
overlap is computed to the same last bit by box.py, by sweep.py where the boxes are many, and by
kernels/nms.cu, so that all leave the same boxes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ..errors import CfgError
from .box import diou, iou
from .detections import Detections
from .kernels import nms_cuda
from .sweep import Sweep

CHUNK = 1 << 18  # pairs compared at a time, few enough for the CPU's cache
MANY = 4096  # boxes, from which on it pays to sort them before they are compared


Walk = Callable[[Sequence[int]], list[bool]]


@dataclass(frozen=True)
class Lines:
    """The boxes that are compared: one line per class, each best first, one after the other.

    `rows` int64 [R] point into `boxes` [K, 4]; the first line takes `sizes[0]` of them.
    """

    boxes: Tensor
    rows: Tensor
    sizes: list[int]


@dataclass(frozen=True)
class Queue:
    """The boxes of one image in lines; boxes without objectness come last. `classes` is int64 [R].

    `order` [K] is each box's original row, `last` [K] the order after the last class.
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

    No box is removed (`Detections.kept` does that). Boxes are returned in the order that the C
    leaves: by the probability of the last class before suppression, ties by the class before it,
    and so on; with `stay` in their original order. `kind` is a value of `nms_kind=`, `beta` the
    exponent of diounms.

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
    """Suppress the boxes of several images, each as `nms` does; on a GPU all in one launch."""
    power = exponent(kind, beta)
    lined = [queue_of(detections) for detections in found]
    masks = survivors([queue.lines for queue in lined], threshold, power)
    return [suppress(queue, mask, stay=stay) for queue, mask in zip(lined, masks, strict=True)]


def queue_of(detections: Detections) -> Queue:
    """Return the boxes of one image in lines by class, on their device."""
    order, count = objects_first(detections.objectness)
    found = detections.take(order)
    last, classes, rows, sizes = queues(found.probabilities[:count])
    last = torch.cat((last, torch.arange(count, len(found), device=last.device)))
    return Queue(found, order, last, classes, Lines(found.boxes[:count], rows, sizes))


def suppress(queue: Queue, mask: Tensor, *, stay: bool) -> Detections:
    """Zero the probabilities that are false in `mask`, bool [R] over the lines."""
    places = queue.lines.rows, queue.classes
    left = queue.found.probabilities.clone()
    left[places] = left[places].where(mask, 0)
    found = replace(queue.found, probabilities=left)
    return found.take(queue.order.argsort() if stay else queue.last)


def nms_obj(detections: Detections, threshold: float) -> Detections:
    """Zero boxes that overlap one of higher objectness by more than `threshold`, in any class.

    Objectness and all probabilities of such a box become 0. The boxes are returned in the order of
    their original objectness.

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
    """Return an order of boxes [K] with those of no objectness last, and the count of the others.

    Each box without objectness is swapped with the last box not yet visited.

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
    """Return the boxes of each class of `scores` [K, classes], best first.

    Returns the order of all boxes after the last class; the class and the row of every probability
    that is not 0, class by class; and the number per class, of classes that have any. The sorts are
    stable: ties keep the order that the previous class left.
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
    """Return per image which boxes survive, bool [R]: by the kernel on CUDA, else by torch."""
    launch = nms_cuda.launcher(lines[0].boxes) if lines else None
    if launch is None:
        return [torch_survivors(some, threshold, beta) for some in lines]
    rows = torch.cat([some.boxes[some.rows] for some in lines])
    sizes = [size for some in lines for size in some.sizes]
    left = nms_cuda.survivors_by_kernel(rows, sizes, threshold, beta, launch)
    return list(left.split([len(some.rows) for some in lines]))


def torch_survivors(lines: Lines, threshold: float, beta: float | None) -> Tensor:
    """Return which boxes of the lines survive, bool [R], without the kernel.

    Each pair is compared once for all lines, or only within each line if that is less work.
    """
    boxes, rows = lines.boxes, [line.tolist() for line in lines.rows.cpu().split(lines.sizes)]
    if len(boxes) ** 2 <= max(sum(size**2 for size in lines.sizes), CHUNK):
        walk = walker(boxes, threshold, beta)
        stay = [walk(line) for line in rows]
    else:
        stay = [line_survivors(boxes[line], threshold, beta) for line in rows]
    flags = [flag for line in stay for flag in line]
    return torch.tensor(flags, dtype=torch.bool, device=boxes.device)


def line_survivors(boxes: Tensor, threshold: float, beta: float | None) -> list[bool]:
    """Return which of `boxes` [M, 4], best first, survive."""
    return walker(boxes, threshold, beta)(range(len(boxes)))


def walker(boxes: Tensor, threshold: float, beta: float | None) -> Walk:
    """Return the function that walks along lines of these boxes and returns which survive."""
    if len(boxes) >= MANY and threshold >= 0:
        return Sweep(boxes.detach().cpu().numpy(), threshold, beta).survivors
    crowd = crowds(boxes, threshold, beta)
    return lambda line: survivors_among(line, crowd)


def survivors_among(line: Sequence[int], crowd: list[int]) -> list[bool]:
    """Return which boxes of a line, best first, no earlier survivor suppresses."""
    stay, gone = [], 0
    for box in line:
        left = not gone >> box & 1
        stay.append(left)
        if left:
            gone |= crowd[box]
    return stay


def crowds(boxes: Tensor, threshold: float, beta: float | None) -> list[int]:
    """Return for each of `boxes` [M, 4] the set that it suppresses, as an int with a bit per box.

    Bit b of box a is set where their IoU, or DIoU with exponent `beta`, exceeds `threshold`.
    """
    step = max(CHUNK // max(len(boxes), 1), 1)
    crowd: list[int] = []
    for some in boxes.split(step):
        measure = iou(some, boxes) if beta is None else diou(some, boxes, beta)
        over = (measure > threshold).cpu().numpy()
        bits = np.packbits(over, axis=1, bitorder="little")
        crowd.extend(int.from_bytes(row.tobytes(), "little") for row in bits)
    return crowd
