"""What every layout of an ONNX file has: it writes its outputs, and says what they must be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from ..boxes.detections import Detections
from ..boxes.settings import Limits
from ..graph.executor import Executor
from ..graph.head import Head
from ..graph.onnx_network import INPUT, OnnxHead, layer_name
from ..layers import DetectionHead, OnnxBoxes, detection_heads
from ..modules.onnx_writer import Value, Writer


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

    def limits_of(self, layer: DetectionHead) -> dict[str, float]:
        """Return the limits of a head's scores in the file; none if they are as computed."""
        return {}

    def check(self) -> None:
        """Raise DarknetError for a network that the layout cannot express."""

    def boxes_of(self, heads: Sequence[Head]) -> list[Detections]:
        """Return the boxes of each image by torch, in 0..1 of the input, with scores."""
        tables = [rows_of(head, self.network, leaves=self.leaves) for head in heads]
        most = max(table.probabilities.shape[-1] for table in tables)
        tables = [replace(t, probabilities=widen(t.probabilities, most)) for t in tables]
        images = range(len(tables[0].boxes))
        return [Detections.cat([table.take(image) for table in tables]) for image in images]

    @property
    def exact(self) -> bool:
        """Whether no score is 0 for what a rounding decides."""
        return all(head.exact for head in detection_heads(self.network.layers))

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
                scores.append(self.written_scores(found, head, layer))
        with writer.part(self.name):
            return writer.concat(1, *boxes), writer.concat(1, *scores)

    def written_scores(self, found: OnnxBoxes, head: OnnxHead, layer: DetectionHead) -> Value:
        """Write the scores [N, K, classes] of a head's boxes."""
        return leaf_scores(found, layer)

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


def widen(scores: Tensor, classes: int) -> Tensor:
    """Return scores [..., classes]: a head that has fewer gives 0 to the others."""
    return torch.nn.functional.pad(scores, (0, classes - scores.shape[-1]))


def best_class(found: Detections) -> Detections:
    """Return boxes whose scores but the best are 0."""
    best = torch.zeros_like(found.probabilities)
    best.scatter_(1, found.classes[:, None], found.scores[:, None])
    return replace(found, probabilities=best)


def corners(boxes: Value) -> Value:
    """Write left, top, right, bottom of boxes [N, K, 4]."""
    centre, half = boxes.take(2, 0, 2), boxes.take(2, 2, 4) / 2
    return boxes.writer.concat(2, centre - half, centre + half)
