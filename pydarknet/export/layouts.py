"""The layouts of an ONNX file: which values a network gives, under which names, in which order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import torch
from torch import Tensor

from ..boxes.detections import Detections
from ..boxes.settings import Limits
from ..errors import UsageError
from ..graph.executor import Executor
from ..graph.head import Head
from ..graph.onnx_network import OnnxHead, layer_name, name_value
from ..layers import DetectionHead, last_detection_head
from ..modules.onnx_writer import Value, Writer
from .layout import Layout, OneTable, best_class, corners
from .rows import OpenCVRows, Rows


class Merged(OneTable):
    """`output0` [N, 4 + classes, K]: centre x, y, width, height in pixels of the input, scores.

    It is the form of ultralytics' detectors since YOLOv8. A score is class times objectness.
    """

    name = "merged"
    summary = "output0 [N, 4 + classes, boxes]: x, y, w, h in pixels, scores; for most programs"

    def write(self, writer: Writer, heads: Sequence[OnnxHead]) -> list[Value]:
        boxes, scores = self.written_boxes(writer, heads)
        with writer.part(self.name):
            table = writer.concat(2, boxes, scores).transpose(0, 2, 1)
        return [name_value(table, "output0")]

    def outputs_of(self, heads: Sequence[Head]) -> list[Tensor]:
        return [torch.cat(self.found_boxes(heads), 2).transpose(1, 2)]


class DeepStream(OneTable):
    """`output` [N, K, 6]: left, top, right, bottom in pixels, best score, its class as a float."""

    name = "deepstream"
    summary = "output [N, boxes, 6]: x1, y1, x2, y2 in pixels, score, class; for DeepStream-Yolo"
    input = "input"

    def write(self, writer: Writer, heads: Sequence[OnnxHead]) -> list[Value]:
        boxes, scores = self.written_boxes(writer, heads)
        with writer.part(self.name):
            best = scores.op("ArgMax", axis=2, keepdims=1).cast(np.float32)
            table = writer.concat(2, corners(boxes), scores.amax(2), best)
        return [name_value(table, "output")]

    def outputs_of(self, heads: Sequence[Head]) -> list[Tensor]:
        boxes, scores = self.found_boxes(heads)
        best = scores.amax(2, keepdim=True)
        center, half = boxes[..., :2], boxes[..., 2:] / 2
        nobody = torch.full_like(best, torch.nan)
        return [torch.cat((center - half, center + half, best, nobody), 2)]

    def boxes_of(self, heads: Sequence[Head]) -> list[Detections]:
        return [best_class(boxes) for boxes in super().boxes_of(heads)]


class Nms(OneTable):
    """`output0` [M, 7]: image, left, top, right, bottom in pixels, class, score, after suppression.

    The standard NonMaxSuppression does it, class by class, by plain IoU. Where a cfg wants no
    suppression, there is a row for each score above the threshold.
    """

    name = "nms"
    summary = "output0 [found, 7]: image, x1, y1, x2, y2 in pixels, class, score, suppressed inside"

    def check(self) -> None:
        super().check()
        last = last_detection_head(self.network.layers)
        if last and not last.suppression.off and (words := last.suppression.words_of_ours):
            raise last.error(
                f"{words} is none of what NonMaxSuppression does: expected another layout than"
                f" {self.name}, and the boxes suppressed by what reads the file"
            )

    def write(self, writer: Writer, heads: Sequence[OnnxHead]) -> list[Value]:
        boxes, scores = self.written_boxes(writer, heads)
        with writer.part(self.name):
            columns = scores.transpose(0, 2, 1)
            chosen = self.survivors(writer, boxes, columns)
            count, classes = map(int, scores.shape[1:])
            found = rows_at(corners(boxes), chosen, (count, 0, 1))
            score = rows_at(columns, chosen, (classes * count, count, 1))
            image, kind = (chosen.gather(1, (i,)).cast(np.float32) for i in (0, 1))
            table = writer.concat(1, image, found, kind, score)
        return [name_value(table, "output0")]

    def survivors(self, writer: Writer, boxes: Value, scores: Value) -> Value:
        """Write which of scores [N, classes, K] are left: [M, 3], as NonMaxSuppression gives it."""
        last = last_detection_head(self.network.layers)
        if last and last.suppression.off:
            seen = scores.with_number("Greater", self.limits.thresh)
            return seen.op("NonZero").op("Transpose", perm=(1, 0))
        return boxes.op(
            "NonMaxSuppression",
            scores,
            writer.integers(int(boxes.shape[1])),
            writer.constant([self.limits.nms]),
            writer.constant([self.limits.thresh]),
            center_point_box=1,
        )

    def outputs_of(self, heads: Sequence[Head]) -> None:
        return None


def rows_at(table: Value, chosen: Value, strides: tuple[int, int, int]) -> Value:
    """Write a table's rows at places [M, 3]: of a table [N, K, 4] four numbers, of scores one.

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


class Raw(Layout):
    """The maps that go into each head [N, C, H, W], under the names of the layers they are from."""

    name = "raw"
    summary = "what goes into each head, as the layer before it gives it; for RKNN, Hailo, TensorRT"
    boxes = False

    def write(self, writer: Writer, heads: Sequence[OnnxHead]) -> list[Value]:
        return [name_value(value, value.name) for head in heads for value in head.inputs]

    def outputs_of(self, heads: Sequence[Head]) -> list[Tensor]:
        return [values for head in heads for values in head.inputs]


class Values(Layout):
    """What the last layer gives: `probabilities` of a classifier, else under the layer's name."""

    name = "values"
    summary = "what the last layer gives; for networks that find no boxes"
    boxes = False

    def write(self, writer: Writer, heads: Sequence[OnnxHead]) -> list[Value]:
        if len(heads) == 1 and heads[0].node.layer.head and len(heads[0].activated.shape) == 2:
            return [name_value(heads[0].activated, "probabilities")]
        return [name_value(head.activated, layer_name(head.node)) for head in heads]

    def outputs_of(self, heads: Sequence[Head]) -> list[Tensor]:
        return [head.activated for head in heads]


LAYOUTS: Final[dict[str, Callable[[Executor, Limits], Layout]]] = {
    layout.name: layout for layout in (Merged, Rows, DeepStream, Raw, Nms, Values)
}


def choose_layout(
    network: Executor, name: str | None, limits: Limits, opencv4: bool = False
) -> Layout:
    """Return the layout of a name; by default `merged` for a detector and `values` for others.

    With `opencv4` it is `rows`, limited as there. Raises DarknetError if there is none of that
    name, or the network has nothing for it.
    """
    detects = any(isinstance(layer, DetectionHead) for layer in network.layers)
    usual = Rows.name if opencv4 else Merged.name
    chosen = name or (usual if detects else Values.name)
    if opencv4 and chosen != Rows.name:
        raise UsageError(f"-opencv4: expected the layout {Rows.name}, not {chosen}")
    if chosen not in LAYOUTS:
        raise UsageError(f"layout {chosen}: expected one of {', '.join(LAYOUTS)}")
    layout = (OpenCVRows if opencv4 else LAYOUTS[chosen])(network, limits)
    if layout.boxes and not detects:
        raise network.net.error(
            f"the network finds no boxes: expected the layout {Values.name}, not {chosen}"
        )
    layout.check()
    return layout
