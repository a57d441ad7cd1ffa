"""The layouts of an ONNX file: which values a network gives, under which names, in which order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
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
from ..layers import DetectionHead, OnnxBoxes, last_detection_head
from ..modules.onnx_writer import Value, Writer
from .layout import Layout, OneTable, best_class, corners
from .places import best_places, competitors, rows_at
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
    suppression, there is a row for each score above the threshold. Where a head limits which scores
    compete, or how many are left of an image, so does the file; then the best row comes first.
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
            chosen = self.best_left(self.survivors(writer, boxes, columns), columns)
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

    def best_left(self, chosen: Value, scores: Value) -> Value:
        """Write of the places [M, 3] that are left those of the best scores of each image."""
        last = last_detection_head(self.network.layers)
        most = last.suppression.after if last else 0
        classes, count = map(int, scores.shape[1:])
        return best_places(chosen, scores, most) if 0 < most < classes * count else chosen

    def written_scores(self, found: OnnxBoxes, head: OnnxHead, layer: DetectionHead) -> Value:
        scores, limit = super().written_scores(found, head, layer), layer.competition(head.node)
        return competitors(scores, limit) if limit else scores

    def boxes_of(self, heads: Sequence[Head]) -> list[Detections]:
        return super().boxes_of([self.competitors(head) for head in heads])

    def competitors(self, head: Head) -> Head:
        """Return a head, without those scores that do not compete."""
        layer = head.node.layer
        assert isinstance(layer, DetectionHead)
        outputs = layer.competitors(head.activated, head.node, self.limits.thresh)
        return replace(head, activated=outputs)

    def outputs_of(self, heads: Sequence[Head]) -> None:
        return None


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
