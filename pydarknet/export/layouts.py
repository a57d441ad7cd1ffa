"""The layouts of an ONNX file: which values a network gives, under which names and in which order.

Each is a class that writes its nodes, and computes by torch what these must give.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final

import numpy as np
import torch
from torch import Tensor

from ..boxes.box import cxcywh_to_xyxy
from ..boxes.detections import Detections
from ..cfg.numbers import Range
from ..errors import UsageError
from ..graph.executor import Executor, Head
from ..graph.onnx_network import INPUT, OnnxHead, layer_name, name_value
from ..layers import DetectionHead, OnnxBoxes
from ..modules.onnx_writer import Value, Writer

SHARE: Final = Range(least=0, most=1)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a layout with thresholds applies: a score must exceed `thresh`, an overlap `nms`."""

    thresh: float
    nms: float


@dataclass(frozen=True)
class Layout:
    """Writes the outputs of a file. Subclasses say how, and what torch gives for the same heads."""

    network: Executor
    limits: Limits

    name: ClassVar[str]
    summary: ClassVar[str]
    input: ClassVar[str] = INPUT
    boxes: ClassVar[bool] = True  # it gives boxes, which a network without detection head has not
    leaves: ClassVar[bool] = True  # of a tree of classes, only the leaves have scores

    def write(self, writer: Writer, heads: Sequence[OnnxHead]) -> list[Value]:
        """Write the outputs of the graph."""
        raise NotImplementedError

    def outputs_of(self, heads: Sequence[Head]) -> list[Tensor] | None:
        """Return what the outputs must be, in their order; None if their size is not known.

        NaN stands for what is not compared, such as the best of two classes that are level.
        """
        raise NotImplementedError

    def check(self) -> None:
        """Raise DarknetError for a network that the layout cannot express."""

    def boxes_of(self, heads: Sequence[Head]) -> list[Detections]:
        """Return the boxes of each image by torch, in 0..1 of the input, with scores."""
        tables = [rows_of(head, self.network, leaves=self.leaves) for head in heads]
        images = range(len(tables[0].boxes))
        return [Detections.cat([table.take(image) for table in tables]) for image in images]

    @property
    def size(self) -> list[int]:
        """The width and height of the network's input, twice."""
        return [self.network.input.w, self.network.input.h] * 2


def detectors(heads: Sequence[OnnxHead]) -> list[tuple[OnnxHead, DetectionHead]]:
    """Return the heads that give boxes, with their layers."""
    return [(h, h.node.layer) for h in heads if isinstance(h.node.layer, DetectionHead)]


class OneTable(Layout):
    """A layout in which the boxes of all heads stand in one table."""

    def check(self) -> None:
        counts = {
            layer.classes for layer in self.network.layers if isinstance(layer, DetectionHead)
        }
        if len(counts) > 1:
            raise self.network.net.error(
                f"the heads have unlike classes, {' and '.join(map(str, sorted(counts)))}:"
                f" expected one number in the layout {self.name}",
                hint="the layouts rows and raw have an output per head",
            )

    def written_boxes(self, writer: Writer, heads: Sequence[OnnxHead]) -> tuple[Value, Value]:
        """Write boxes [N, K, 4] in pixels of the input, and scores [N, K, classes]."""
        boxes, scores = [], []
        for head, layer in detectors(heads):
            with writer.part(f"{layer_name(head.node)}_boxes"):
                found = layer.onnx_boxes(writer, head.activated, self.network.input)
                boxes.append(found.boxes * writer.constant(self.size))
                scores.append(leaf_scores(found, layer))
        with writer.part(self.name):
            return writer.concat(1, *boxes), writer.concat(1, *scores)

    def found_boxes(self, heads: Sequence[Head]) -> tuple[Tensor, Tensor]:
        """Return the same by torch."""
        tables = [rows_of(head, self.network) for head in heads]
        boxes = torch.cat([table.boxes for table in tables], 1)
        scores = torch.cat([table.probabilities for table in tables], 1)
        return boxes * boxes.new_tensor(self.size), scores


def leaf_scores(found: OnnxBoxes, layer: DetectionHead) -> Value:
    """Write scores: class times objectness, down a tree those of the leaves only."""
    scores = found.objectness * found.classes
    if layer.leaves is None:
        return scores
    return scores * scores.writer.constant(np.array(layer.leaves, np.float32), "leaves")


def rows_of(head: Head, network: Executor, *, leaves: bool = True) -> Detections:
    """Return every box of a head in 0..1 of the input, as arrays [N, K, ...].

    Its probabilities are scores; down a tree those of the leaves, unless all are asked for.
    """
    layer, count = head.node.layer, len(head.activated)
    assert isinstance(layer, DetectionHead)
    found = layer.every_box(head.activated, network.input)
    scores = found.probabilities
    if leaves and layer.leaves is not None:
        scores = scores * scores.new_tensor(layer.leaves)
    arrays = (found.boxes, found.objectness, scores)
    return Detections(*(array.unflatten(0, (count, -1)) for array in arrays))


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
                found = layer.onnx_boxes(writer, head.activated, self.network.input)
                scores = self.scores(layer, found)
                table = writer.concat(2, found.boxes, found.objectness, scores)
                if writer.batch == 1:
                    shape = writer.integers(*table.shape[1:])
                    table = table.op("Reshape", shape)
            outputs.append(name_value(table, f"{head.node.layer.section.name}_{head.node.index}"))
        return outputs

    def scores(self, layer: DetectionHead, found: OnnxBoxes) -> Value:
        """Write the scores of a head's boxes."""
        return found.objectness * found.classes

    def outputs_of(self, heads: Sequence[Head]) -> list[Tensor] | None:
        tables = [rows_of(head, self.network, leaves=self.leaves) for head in heads]
        rows = [torch.cat((t.boxes, t.objectness[..., None], t.probabilities), 2) for t in tables]
        return [table[0] if len(table) == 1 else table for table in rows]


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
        return [torch.cat((cxcywh_to_xyxy(boxes), best, torch.full_like(best, torch.nan)), 2)]

    def boxes_of(self, heads: Sequence[Head]) -> list[Detections]:
        return [best_class(boxes) for boxes in super().boxes_of(heads)]


def best_class(found: Detections) -> Detections:
    """Return boxes whose scores but the best are 0."""
    best = torch.zeros_like(found.probabilities)
    best.scatter_(1, found.classes[:, None], found.scores[:, None])
    return replace(found, probabilities=best)


def corners(boxes: Value) -> Value:
    """Write left, top, right, bottom of boxes [N, K, 4]."""
    centre, half = boxes.take(2, 0, 2), boxes.take(2, 2, 4) / 2
    return boxes.writer.concat(2, centre - half, centre + half)


class Nms(OneTable):
    """`output0` [M, 7]: image, left, top, right, bottom in pixels, class, score, after suppression.

    The standard NonMaxSuppression does it, class by class, by plain IoU.
    """

    name = "nms"
    summary = "output0 [found, 7]: image, x1, y1, x2, y2 in pixels, class, score, suppressed inside"

    def write(self, writer: Writer, heads: Sequence[OnnxHead]) -> list[Value]:
        boxes, scores = self.written_boxes(writer, heads)
        with writer.part(self.name):
            columns = scores.transpose(0, 2, 1)
            chosen = boxes.op(
                "NonMaxSuppression",
                columns,
                writer.integers(int(boxes.shape[1])),
                writer.constant([self.limits.nms]),
                writer.constant([self.limits.thresh]),
                center_point_box=1,
            )
            places = chosen.gather(1, (0, 2))  # image and box
            found = corners(boxes).op("GatherND", places)
            score = columns.op("GatherND", chosen).op("Reshape", writer.integers(-1, 1))
            image, kind = (chosen.gather(1, (i,)).cast(np.float32) for i in (0, 1))
            table = writer.concat(1, image, found, kind, score)
        return [name_value(table, "output0")]

    def outputs_of(self, heads: Sequence[Head]) -> None:
        return None


class Raw(Layout):
    """The map that goes into each head [N, C, H, W], under the name of the layer before it."""

    name = "raw"
    summary = "what goes into each head, as the layer before it gives it; for RKNN, Hailo, TensorRT"
    boxes = False

    def write(self, writer: Writer, heads: Sequence[OnnxHead]) -> list[Value]:
        return [head.raw for head in heads]

    def outputs_of(self, heads: Sequence[Head]) -> list[Tensor]:
        return [head.raw for head in heads]


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


def choose_layout(network: Executor, name: str | None, limits: Limits) -> Layout:
    """Return the layout of a name; by default `merged` for a detector and `values` for others.

    Raises DarknetError if there is none of that name, or the network has nothing for it.
    """
    detects = any(isinstance(layer, DetectionHead) for layer in network.layers)
    chosen = name or (Merged.name if detects else Values.name)
    if chosen not in LAYOUTS:
        raise UsageError(f"layout {chosen}: expected one of {', '.join(LAYOUTS)}")
    layout = LAYOUTS[chosen](network, limits)
    if layout.boxes and not detects:
        raise network.net.error(
            f"the network finds no boxes: expected the layout {Values.name}, not {chosen}"
        )
    layout.check()
    return layout
