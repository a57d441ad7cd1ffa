"""The layout of OpenCV 4's programs: rows of boxes per head, as Darknet gives them or limited."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..boxes.detections import Detections
from ..boxes.opencv_scores import limit_scores
from ..graph.head import Head
from ..graph.onnx_network import OnnxHead, layer_name, name_value
from ..layers import DetectionHead, detection_heads
from ..modules.onnx_writer import Value, Writer
from .layout import Layout, detectors, rows_of, widen


class Rows(Layout):
    """An output per head, `yolo_82` [K, 5 + classes]: what OpenCV 4 gave for a Darknet network.

    Centre x, y, width and height are in 0..1 of the input; then come objectness and scores. Of
    several images it is [N, K, 5 + classes].
    """

    name = "rows"
    leaves = False
    summary = "an output per head [boxes, 5 + classes]: x, y, w, h in 0..1, objectness, scores"

    def write(self, writer: Writer, heads: Sequence[OnnxHead]) -> list[Value]:
        outputs = []
        for head, layer in detectors(heads):
            with writer.part(f"{layer_name(head.node)}_boxes"):
                table = self.table(writer, layer, head.activated)
                if writer.batch == 1:
                    shape = writer.integers(*table.shape[1:])
                    table = table.op("Reshape", shape)
            outputs.append(name_value(table, f"{head.node.layer.section.name}_{head.node.index}"))
        return outputs

    def table(self, writer: Writer, layer: DetectionHead, activated: Value) -> Value:
        """Write the rows [N, K, 5 + classes] of a head."""
        found = layer.onnx_boxes(writer, activated, self.network.input)
        scores = found.objectness * found.classes
        return writer.concat(2, found.boxes, found.objectness, scores)

    def outputs_of(self, heads: Sequence[Head]) -> list[Tensor] | None:
        tables = [self.rows(head) for head in heads]
        return [table[0] if len(table) == 1 else table for table in tables]

    def rows(self, head: Head) -> Tensor:
        """Return the same by torch."""
        found = rows_of(head, self.network, leaves=self.leaves)
        return torch.cat((found.boxes, found.objectness[..., None], found.probabilities), 2)


class OpenCVRows(Rows):
    """The same as OpenCV 4's importer gave it, whose programs need not compare scores themselves.

    A score is 0 unless it exceeds the section's `thresh`, and where a better box of the class
    overlaps by more than its `nms_threshold`. Rows run cell by cell.
    """

    exact = False  # suppression is in the file

    def limits_of(self, layer: DetectionHead) -> dict[str, float]:
        return dict(zip(("thresh", "nms"), layer.opencv_limits, strict=True))

    def check(self) -> None:
        for layer in detection_heads(self.network.layers):
            layer.check_opencv()

    def table(self, writer: Writer, layer: DetectionHead, activated: Value) -> Value:
        table = super().table(writer, layer, activated)
        k, width = map(int, table.shape[1:])
        if layer.anchor_by_anchor:
            apart = table.reshape(layer.boxes, k // layer.boxes, width)
            table = apart.transpose(0, 2, 1, 3).reshape(k, width)
        scores = table.take(2, 5, width)
        thresh, overlap = layer.opencv_limits
        if overlap > 0:
            scores = onnx_survivors(table.take(2, 0, 4), scores, thresh, overlap)
        else:
            scores = scores * scores.with_number("Greater", thresh).cast(writer.dtype)
        return writer.concat(2, table.take(2, 0, 5), scores)

    def rows(self, head: Head) -> Tensor:
        layer, table = head.node.layer, super().rows(head)
        assert isinstance(layer, DetectionHead)
        if layer.anchor_by_anchor:
            table = table.unflatten(1, (layer.boxes, -1)).transpose(1, 2).flatten(1, 2)
        limited = limit_scores(table.cpu().numpy(), *layer.opencv_limits)
        return torch.from_numpy(limited).to(table.device)

    def boxes_of(self, heads: Sequence[Head]) -> list[Detections]:
        tables = [self.rows(head) for head in heads]
        most = max(table.shape[2] for table in tables)
        whole = torch.cat([widen(table, most) for table in tables], 1)
        return [Detections(one[:, :4], one[:, 4], one[:, 5:]) for one in whole]


def onnx_survivors(boxes: Value, scores: Value, thresh: float, overlap: float) -> Value:
    """Write scores [N, K, classes], 0 unless they exceed `thresh` and no better box overlaps."""
    writer, columns = boxes.writer, scores.transpose(0, 2, 1)
    chosen = boxes.op(
        "NonMaxSuppression",
        columns,
        writer.integers(int(boxes.shape[1])),
        writer.constant([overlap]),
        writer.constant([max(thresh, 0.0)]),
        center_point_box=1,
    )
    left = (columns * 0.0).op("ScatterND", chosen, columns.op("GatherND", chosen))
    return left.transpose(0, 2, 1)
