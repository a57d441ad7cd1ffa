"""What [detection] loses, the head of YOLOv1."""

from __future__ import annotations

from typing import Final, NamedTuple

import torch
from torch import Tensor

from ...layers.detection import DetectionLayer
from ...network import Head
from .base import DeltaLoss, LossInputs, delta_loss, head_by_head, number_text
from .iou import Box, iou

EARLY: Final = 64000  # images, until which `random` draws the boxes that learn


class Parts(NamedTuple):
    """The parts of a head or of its deltas: views of them, a row an image and cell."""

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


class Found(NamedTuple):
    """The cells with a truth, and the prediction of each that is to learn it: all int64 [K]."""

    image: Tensor
    cell: Tensor
    chosen: Tensor

    @property
    def places(self) -> tuple[Tensor, Tensor]:
        """What indexes cells."""
        return self.image, self.cell


@delta_loss(DetectionLayer)
@head_by_head
def detection_loss(layer: DetectionLayer, head: Head, inputs: LossInputs) -> DeltaLoss:
    """Teach confidence everywhere; in cells with a truth classes, and box of the best prediction.

    Darknet: src/detection_layer.c forward_detection_layer
    """
    given = Parts.of(layer, head.activated.detach())
    truth = inputs.truth.to(head.raw.device).view(*given.classes.shape[:2], -1)
    places = (truth[..., 0].int() != 0).nonzero(as_tuple=True)
    goals, target = truth[places][:, 1:].tensor_split([layer.classes], 1)  # [K, classes], [K, 4]
    overlaps, chosen = responsible(layer, given.boxes[places][..., :4], target, inputs)
    found = Found(places[0], places[1], chosen)
    overlap = overlaps.gather(1, chosen[:, None])[:, 0]
    flat = torch.zeros_like(head.activated)
    learn(layer, Parts.of(layer, flat), given, found, (goals, target, overlap))
    figures = statistics(given, found, goals, overlap)
    return DeltaLoss(
        delta=flat.view_as(head.raw),
        cost=flat.square().sum(),
        line=lambda: log_line(figures, len(chosen)),
    )


def learn(
    layer: DetectionLayer,
    delta: Parts,
    given: Parts,
    found: Found,
    truth: tuple[Tensor, Tensor, Tensor],
) -> None:
    """Write what cells learn of their truth: classes, box, and its overlap with the prediction."""
    goals, target, overlap = truth
    sure = overlap if layer.rescore else torch.ones_like(overlap)
    delta.objects.copy_(-layer.noobject_scale * given.objects)
    delta.objects[tuple(found)] = layer.object_scale * (sure - given.objects[tuple(found)])
    delta.classes[found.places] = layer.class_scale * (goals - given.classes[found.places])
    steps = rooted(layer, target) - given.boxes[tuple(found)][:, :4]
    delta.boxes[(*found, slice(4))] = layer.coord_scale * steps


def responsible(
    layer: DetectionLayer, told: Tensor, target: Tensor, inputs: LossInputs
) -> tuple[Tensor, Tensor]:
    """Return IoU of predictions [K, n, 4] with their cell's truth, and which of them learns it.

    The one of most IoU, or the nearest in numbers where none overlaps; `forced` and `random`
    choose otherwise.

    Darknet: src/detection_layer.c forward_detection_layer
    Quirk: FORCED_BOX
    """
    boxes, truth = decoded(layer, told, squared=layer.sqrt), decoded(layer, target, squared=False)
    truth = Box(*(side[:, None] for side in truth))
    overlap = iou(boxes, truth)
    apart = sum((a - b).square() for a, b in zip(boxes, truth, strict=True))
    assert isinstance(apart, Tensor)
    chosen = torch.where((overlap > 0).any(1), overlap.argmax(1), apart.argmin(1))
    if layer.forced:
        small = truth.w[:, 0] * truth.h[:, 0] < 0.1
        chosen = torch.where(small, min(1, layer.num - 1), 0)
    if layer.random and inputs.seen < EARLY:
        drawn = torch.randint(layer.num, chosen.shape, generator=inputs.generator)
        chosen = drawn.to(chosen.device)
    return overlap, chosen


def decoded(layer: DetectionLayer, told: Tensor, *, squared: bool) -> Box:
    """Return boxes whose centres are in sides of the image from those in cells."""
    x, y, w, h = told.unbind(-1)
    if squared:
        w, h = w.square(), h.square()
    return Box(x / layer.cells, y / layer.cells, w, h)


def rooted(layer: DetectionLayer, target: Tensor) -> Tensor:
    """Return truths [K, 4] as the head tells them: with `sqrt`, roots of sides."""
    return torch.cat([target[:, :2], target[:, 2:].sqrt()], 1) if layer.sqrt else target


def statistics(given: Parts, found: Found, goals: Tensor, overlap: Tensor) -> Tensor:
    """Return mean IoU, class of the truth, all classes, confidence with truth, and of all, [5]."""
    classes = given.classes[found.places]
    named = (classes * (goals != 0)).sum(1)
    parts = (overlap, named, classes, given.objects[tuple(found)], given.objects)
    return torch.stack([part.mean() for part in parts])


def log_line(figures: Tensor, count: int) -> str:
    """Return the line that the C prints.

    Darknet: src/detection_layer.c forward_detection_layer
    """
    overlap, named, classes, objects, anything = map(number_text, figures.tolist())
    return (
        f"Detection Avg IOU: {overlap}, Pos Cat: {named}, All Cat: {classes},"
        f" Pos Obj: {objects}, Any Obj: {anything}, count: {count}"
    )
