"""Places of scores as values of an ONNX graph: which are among the best, and what stands there.

Scores are [N, classes, K]; a place, a row of [M, 3], is an image, a class and a box.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ..boxes.competition import Competition
from ..modules.onnx_writer import Value


def competitors(scores: Value, competition: Competition) -> Value:
    """Write scores [N, K, classes], where those that do not compete are 0.

    It is what `Competition.competitors` computes.
    """
    count, classes = map(int, scores.shape[1:])
    if not competition.maps:
        return best_of(scores.transpose(0, 2, 1), competition.most).transpose(0, 2, 1)
    ends = np.cumsum((0, *competition.maps)).tolist()
    lines = [
        best_of(scores.take(1, start, end).reshape((end - start) * classes), competition.most)
        for start, end in pairwise(ends)
    ]
    return scores.writer.concat(1, *lines).reshape(count, classes)


def best_of(lines: Value, most: int) -> Value:
    """Write lines [..., K] of scores, in each of which so many of the largest are left, else 0."""
    if int(lines.shape[-1]) <= most:
        return lines
    best, _ = lines.writer.top(lines, most)
    last = best.take(len(lines.shape) - 1, most - 1, most)
    return lines * last.op("Greater", lines).op("Not").cast(lines.writer.dtype)


def best_places(chosen: Value, scores: Value, most: int) -> Value:
    """Write of places those of so many of the best scores of each image, best first.

    Of equal scores the first box comes first, and of its classes the first, as in `best_scores`.
    """
    writer, (classes, count) = scores.writer, map(int, scores.shape[1:])
    found = rows_at(scores, chosen, (classes * count, count, 1)).op("Reshape", writer.integers(-1))
    left = (scores * 0.0).op("ScatterND", chosen, found).transpose(0, 2, 1)
    best, places = writer.top(left.reshape(count * classes), most)  # [N, most]
    parts = [places.op(kind, writer.integer(classes)).reshape(most, 1) for kind in ("Mod", "Div")]
    rows = best.with_number("Greater", 0.0).op("NonZero").op("Transpose", perm=(1, 0))  # [M, 2]
    ranked = rows.gather(1, (0, 0, 1))
    place = rows_at(writer.concat(2, *parts), ranked, (most, 0, 1))  # class and box [M, 2]
    return writer.concat(1, rows.gather(1, (0,)), place)


def rows_at(table: Value, chosen: Value, strides: tuple[int, int, int]) -> Value:
    """Write a table's rows at places [M, 3]: of a table [N, K, n] n numbers, of scores one.

    A place times `strides` is the number of a row. GatherND would do, but OpenCV 5 stops with a
    floating point exception where it has no places: in an image without boxes. Its Mul gives too
    few numbers where a later image has more boxes, so products are looked up.
    """
    writer = table.writer
    width = 1 if strides[1] else int(table.shape[-1])
    classes = strides[0] // strides[1] if strides[1] else 1
    columns = [chosen.gather(1, (2,))]
    if writer.batch != 1:
        images = writer.multiples(strides[0], table)
        columns.append(images.op("Gather", chosen.gather(1, (0,)), axis=0))
    if classes > 1:
        kinds = writer.integers(*range(0, strides[0], strides[1]))
        columns.append(kinds.op("Gather", chosen.gather(1, (1,)), axis=0))
    number = writer.concat(1, *columns).sum(1, keep=False)
    return table.op("Reshape", writer.integers(-1, width)).op("Gather", number, axis=0)
