"""The loss of [detection], the head of YOLOv1."""

from __future__ import annotations

from typing import Final, NamedTuple

import torch
from torch import Tensor

from ...graph.head import Head
from ...layers.detection import DetectionLayer
from ...modules.transfer import on_device
from .base import DeltaLoss, LossInputs, delta_loss, head_by_head, number_text
from .iou import Box, iou
from .smoothing import smooth

EARLY: Final = 64000  # images; up to it, `random` draws which box is responsible


class Parts(NamedTuple):
    """The parts of a head's output or deltas, as views: one row per image and cell."""

    classes: Tensor  # [N, S * S, classes]
    objects: Tensor  # [N, S * S, n]
    boxes: Tensor  # [N, S * S, n, coords]

    @classmethod
    def of(cls, layer: DetectionLayer, flat: Tensor) -> Parts:
        """Split [N, outputs] as the C lays it out."""
        cells, n = layer.cells**2, layer.num
        sizes = [cells * layer.classes, cells * n, cells * n * layer.coords]
        classes, objects, boxes = flat.split(sizes, 1)
        return cls(
            classes.unflatten(1, (cells, -1)),
            objects.unflatten(1, (cells, -1)),
            boxes.unflatten(1, (cells, n, -1)),
        )


class Responsible(NamedTuple):
    """The cells with a ground truth, and the box of each that should predict it: int64 [K]."""

    image: Tensor
    cell: Tensor
    box: Tensor

    @property
    def cells(self) -> tuple[Tensor, Tensor]:
        """The index of the cells."""
        return self.image, self.cell


class CellTruth(NamedTuple):
    """The ground truth of K cells, and the IoU of their responsible boxes with it."""

    classes: Tensor  # [K, classes], 0 or 1
    box: Tensor  # [K, 4]
    overlap: Tensor  # [K]


@delta_loss(DetectionLayer)
@head_by_head
def detection_loss(layer: DetectionLayer, head: Head, inputs: LossInputs) -> DeltaLoss:
    """Return deltas of all confidences, of cells with a ground truth, and of responsible boxes.

    Darknet: src/detection_layer.c forward_detection_layer
    """
    output = Parts.of(layer, head.activated.detach())
    form = (*output.classes.shape[:2], 1 + layer.classes + 4)
    rows = inputs.targets(layer, output.classes.new_empty(form))
    cells = (rows[..., 0].int() != 0).nonzero(as_tuple=True)
    classes, box = rows[cells][:, 1:].tensor_split([layer.classes], 1)  # [K, classes], [K, 4]
    overlaps, chosen = responsible_boxes(layer, output.boxes[cells][..., :4], box, inputs)
    responsible = Responsible(cells[0], cells[1], chosen)
    truth = CellTruth(classes, box, overlaps.gather(1, chosen[:, None])[:, 0])
    flat = torch.zeros_like(head.activated)
    write_deltas(layer, Parts.of(layer, flat), output, responsible, truth)
    figures = cell_figures(output, responsible, truth)
    return DeltaLoss(
        delta=flat.view_as(head.raw),
        cost=flat.square().sum(),
        line=lambda: log_line(figures, len(chosen)),
    )


def write_deltas(
    layer: DetectionLayer, delta: Parts, output: Parts, responsible: Responsible, truth: CellTruth
) -> None:
    """Write all deltas: of confidences first, then of cells with a ground truth."""
    index, cells = tuple(responsible), responsible.cells
    confidence = truth.overlap if layer.rescore else torch.ones_like(truth.overlap)
    delta.objects.copy_(-layer.noobject_scale * output.objects)
    delta.objects[index] = layer.object_scale * (confidence - output.objects[index])
    goal = smooth(truth.classes, layer.label_smooth_eps, (layer.classes,) * layer.classes)
    delta.classes[cells] = layer.class_scale * (goal - output.classes[cells])
    box_deltas = box_targets(layer, truth.box) - output.boxes[index][:, :4]
    delta.boxes[(*responsible, slice(4))] = layer.coord_scale * box_deltas


def responsible_boxes(
    layer: DetectionLayer, entries: Tensor, target: Tensor, inputs: LossInputs
) -> tuple[Tensor, Tensor]:
    """Return the IoU of boxes with their cell's ground truth, [K, n], and the responsible box, [K].

    `entries` [K, n, 4] predict boxes, `target` [K, 4] is the ground truth. Responsible is the box
    of most IoU, or the nearest in its numbers where none overlaps. `forced` and `random` have
    rules of their own.

    Darknet: src/detection_layer.c forward_detection_layer
    Quirk: FORCED_BOX
    """
    boxes = decode_boxes(layer, entries, roots=layer.sqrt)
    truth = Box(*(part[:, None] for part in decode_boxes(layer, target, roots=False)))  # [K, 1]
    overlap = iou(boxes, truth)
    distance = sum((a - b).square() for a, b in zip(boxes, truth, strict=True))
    assert isinstance(distance, Tensor)
    chosen = torch.where((overlap > 0).any(1), overlap.argmax(1), distance.argmin(1))
    if layer.forced:
        small = truth.w[:, 0] * truth.h[:, 0] < 0.1
        chosen = torch.where(small, min(1, layer.num - 1), 0)
    if layer.random and inputs.seen < EARLY:
        draws = torch.randint(layer.num, chosen.shape, generator=inputs.generator)
        chosen = on_device(draws, chosen.device)
    return overlap, chosen


def decode_boxes(layer: DetectionLayer, entries: Tensor, *, roots: bool) -> Box:
    """Return boxes, with centres in 0..1 of the image less that of their cell's corner.

    With `roots`, entries are square roots of sides.
    """
    x, y, w, h = entries.unbind(-1)
    if roots:
        w, h = w.square(), h.square()
    return Box(x / layer.cells, y / layer.cells, w, h)


def box_targets(layer: DetectionLayer, boxes: Tensor) -> Tensor:
    """Return boxes [K, 4] as the head predicts them: with `sqrt`, by the roots of their sides."""
    return torch.cat([boxes[:, :2], boxes[:, 2:].sqrt()], 1) if layer.sqrt else boxes


def cell_figures(output: Parts, responsible: Responsible, truth: CellTruth) -> Tensor:
    """Return the figures of the line, [5].

    They are the means of IoU, of the true class, of all classes, of the responsible boxes'
    confidence and of all confidences.
    """
    classes = output.classes[responsible.cells]
    true_class = (classes * (truth.classes != 0)).sum(1)
    confidence = output.objects[tuple(responsible)]
    parts = (truth.overlap, true_class, classes, confidence, output.objects)
    return torch.stack([part.mean() for part in parts])


def log_line(figures: Tensor, count: int) -> str:
    """Return the line that the C prints.

    Darknet: src/detection_layer.c forward_detection_layer
    """
    overlap, true_class, classes, confidence, anywhere = map(number_text, figures.tolist())
    return (
        f"Detection Avg IOU: {overlap}, Pos Cat: {true_class}, All Cat: {classes},"
        f" Pos Obj: {confidence}, Any Obj: {anywhere}, count: {count}"
    )
