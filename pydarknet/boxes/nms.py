"""Suppression of tensors: on a CPU by suppression.py, on a GPU by kernels/nms.cu.

Boxes are ordered by suppression.py in either case, once they are copied from the GPU as a whole: a
launch per class and the waits between take longer. There only pairs of boxes are compared, to the
same last bit as in box.py. Where the kernels cannot be had, the CPU does that too, and so it does
where scores are lowered (`softnms`): each round there waits for the one before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

import numpy as np
import torch
from torch import Tensor

from ..modules.transfer import on_device
from .box_arrays import BoxArrays
from .detections import Detections
from .kernels import nms_cuda
from .kernels.nms_cuda import Launch
from .rule import USUAL, SuppressionRule
from .suppression import (
    Queue,
    best_scores,
    queue_of_image,
    suppress_each,
    suppress_objects,
    survivors_of,
)


def nms(
    detections: Detections,
    threshold: float,
    rule: SuppressionRule = USUAL,
    *,
    stay: bool = False,
) -> Detections:
    """Suppress the boxes of one image, as `suppression.suppress_each` does, for use on the CPU."""
    [left] = nms_each([detections], threshold, rule, stay=stay)
    return left


def nms_each(
    found: Sequence[Detections],
    threshold: float,
    rule: SuppressionRule = USUAL,
    *,
    stay: bool = False,
) -> list[Detections]:
    """Suppress the boxes of several images, each as `nms` does; on a GPU all in one launch."""
    arrays = arrays_of(found)
    by_kernel = found and not (rule.soft or rule.off)
    launch = nms_cuda.launcher(found[0].boxes) if by_kernel else None
    if launch is None:
        left = suppress_each(arrays, threshold, rule, stay=stay)
    else:
        queues = [queue_of_image(one, rule) for one in arrays]
        boxes = [one.boxes for one in found]
        masks = survivors(boxes, queues, threshold, rule.exponent, launch)
        parts = zip(arrays, queues, masks, strict=True)
        left = [survivors_of(one, queue, mask, stay) for one, queue, mask in parts]
        left = [best_scores(one, rule.after) for one in left]
    return [Detections.of_arrays(one) for one in left]


def nms_obj(detections: Detections, threshold: float) -> Detections:
    """Suppress boxes by objectness, as `suppression.suppress_objects` does, on the CPU."""
    [arrays] = arrays_of([detections])
    return Detections.of_arrays(suppress_objects(arrays, threshold))


def arrays_of(found: Sequence[Detections]) -> list[BoxArrays]:
    """Return the boxes of several images in numpy's arrays, from a GPU by one copy."""
    if not found or found[0].boxes.device.type != "cuda":
        return [one.numpy() for one in found]
    table = torch.cat([torch.cat(columns_of(one), 1) for one in found]).cpu()
    parts = table.split([len(one) for one in found])
    return [of_columns(one, part).numpy() for one, part in zip(found, parts, strict=True)]


def columns_of(found: Detections) -> list[Tensor]:
    """Return the arrays of an image's boxes as columns [K, n]."""
    last = () if found.uncertainty is None else (found.uncertainty,)
    return [found.boxes, found.objectness[:, None], found.probabilities, *last]


def of_columns(found: Detections, table: Tensor) -> Detections:
    """Return boxes whose arrays are a table's columns [K, n], in the order of `columns_of`."""
    parts = table.split([one.shape[1] for one in columns_of(found)], 1)
    boxes, objectness, probabilities, *last = (part.contiguous() for part in parts)
    return replace(
        found,
        boxes=boxes,
        objectness=objectness.flatten(),
        probabilities=probabilities,
        uncertainty=last[0] if last else None,
    )


def survivors(
    boxes: Sequence[Tensor],
    queues: Sequence[Queue],
    threshold: float,
    beta: float | None,
    launch: Launch,
) -> list[np.ndarray]:
    """Return per image which boxes of its lines survive, bool [R], by the kernels.

    `boxes` [K, 4] are an image's on the GPU.
    """
    starts = accumulate((len(one) for one in boxes), initial=0)
    rows = np.concatenate([q.rows + start for q, start in zip(queues, starts, strict=False)])
    sizes = [size for queue in queues for size in np.diff(queue.ends).tolist()]
    if not sizes:
        return [np.zeros(0, bool)] * len(queues)
    every = torch.cat(list(boxes))
    lines = every[on_device(torch.from_numpy(rows), every.device)]
    left = nms_cuda.survivors_by_kernel(lines, sizes, threshold, beta, launch).cpu().numpy()
    return np.split(left, np.cumsum([len(queue.rows) for queue in queues])[:-1])
