"""Suppression of tensors: on a CPU by suppression.py, on a GPU by kernels/nms.cu.

The same boxes survive in the same order: `queues` orders them as suppression.py does, and the
kernels compute the overlap to the same last bit as box.py. Where the kernels cannot be had, boxes
on a GPU are suppressed on the CPU.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .detections import Detections
from .kernels import nms_cuda
from .kernels.nms_cuda import Launch
from .suppression import exponent, objects_first, suppress_each, suppress_objects


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
    """Suppress the boxes of one image, as `suppression.suppress_each` does."""
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
    launch = nms_cuda.launcher(found[0].boxes) if found else None
    if launch is None:
        arrays = [detections.numpy() for detections in found]
        left = suppress_each(arrays, threshold, kind, beta, stay=stay)
        return [
            Detections.of_arrays(one).to(detections.boxes.device)
            for one, detections in zip(left, found, strict=True)
        ]
    power = exponent(kind, beta)
    lined = [queue_of(detections) for detections in found]
    masks = survivors([queue.lines for queue in lined], threshold, power, launch)
    return [suppress(queue, mask, stay=stay) for queue, mask in zip(lined, masks, strict=True)]


def nms_obj(detections: Detections, threshold: float) -> Detections:
    """Suppress boxes by objectness, as `suppression.suppress_objects` does, on the CPU."""
    left = suppress_objects(detections.numpy(), threshold)
    return Detections.of_arrays(left).to(detections.boxes.device)


def queue_of(detections: Detections) -> Queue:
    """Return the boxes of one image in lines by class, on their device."""
    rows, count = objects_first(detections.objectness.cpu().numpy())
    order = torch.from_numpy(rows).to(detections.boxes.device)
    found = detections.take(order)
    last, classes, lined, sizes = queues(found.probabilities[:count])
    last = torch.cat((last, torch.arange(count, len(found), device=last.device)))
    return Queue(found, order, last, classes, Lines(found.boxes[:count], lined, sizes))


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


def survivors(
    lines: Sequence[Lines], threshold: float, beta: float | None, launch: Launch
) -> list[Tensor]:
    """Return per image which boxes survive, bool [R], by the kernels."""
    rows = torch.cat([some.boxes[some.rows] for some in lines])
    sizes = [size for some in lines for size in some.sizes]
    left = nms_cuda.survivors_by_kernel(rows, sizes, threshold, beta, launch)
    return list(left.split([len(some.rows) for some in lines]))


def suppress(queue: Queue, mask: Tensor, *, stay: bool) -> Detections:
    """Zero the probabilities that are false in `mask`, bool [R] over the lines."""
    places = queue.lines.rows, queue.classes
    left = queue.found.probabilities.clone()
    left[places] = left[places].where(mask, 0)
    found = replace(queue.found, probabilities=left)
    return found.take(queue.order.argsort() if stay else queue.last)
