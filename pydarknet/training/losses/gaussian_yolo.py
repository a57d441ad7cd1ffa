"""The loss of [Gaussian_yolo], the fork's head that predicts an uncertainty per coordinate."""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor

from ...graph.head import Head
from ...layers.gaussian_yolo import SHIFTS, GaussianYolo
from .base import DeltaLoss, LossInputs, delta_loss
from .class_deltas import ClassDeltas
from .iou import Box, giou, iou
from .iou_gradients import overlap_delta
from .matcher import Matches, average_box_deltas, matches_of, responsible_anchors
from .negatives import Written, with_negatives
from .pull import Pull
from .slots import Grid, Slots, best_ious
from .targets import ground_truth_of
from .yolo import averages, log_line
from .yolo_alexeyab import clip_deltas, confident_slots, scale_deltas

COORDINATES: Final = (0, 2, 4, 6)  # the entries x, y, w, h; each is followed by its uncertainty
OBJECTNESS: Final = 8
SIGMA_CONST: Final = 0.3  # the C's name; it is added to each uncertainty


@delta_loss(GaussianYolo)
@with_negatives
def gaussian_yolo_loss(layer: GaussianYolo, head: Head, inputs: LossInputs) -> Written:
    """Return deltas of objectness for all slots, and of all entries for matched ones.

    Darknet: src/gaussian_yolo_layer.c forward_gaussian_yolo_layer (AlexeyAB)
    """
    values = head.activated.detach().unflatten(1, (layer.boxes, -1))
    grid = Grid.of(values, layer.anchor_sizes, (inputs.size.w, inputs.size.h), torch.exp)
    truth = ground_truth_of(inputs, layer, layer.classes, most=layer.max, map=layer.map)
    there = truth.on(grid.device)
    boxes = point_to_centre(layer, grid.boxes(COORDINATES))
    overlap, index = best_ious(boxes, there.boxes)  # [N, anchors, H, W]
    points = centre_to_point(layer, truth.boxes)
    anchors = responsible_anchors(layer, truth, inputs.size)
    matches = matches_of(layer, truth, anchors, grid, points)
    writer = DeltaWriter(layer, grid)
    writer.write_near(Matches.where(writer.write_background(overlap), index, there))
    close = Matches.where(overlap > layer.truth_thresh, index, there)
    writer.write_close(close, overlap[tuple(close.slots)][:, None])
    writer.write(matches)
    average_box_deltas(writer.delta, [close, matches], boxes=8, objectness=None)
    objectness = writer.delta[:, :, OBJECTNESS]
    return Written(layer, objectness, [close, matches], lambda: writer.loss(head, matches))


def point_to_centre(layer: GaussianYolo, box: Box) -> Box:
    """Return boxes with x and y of their centre, given those with x and y of the head's point.

    Darknet: src/gaussian_yolo_layer.c get_gaussian_yolo_box (AlexeyAB)
    """
    shift = SHIFTS[layer.yolo_point]
    return Box(box.x + box.w * shift, box.y + box.h * shift, box.w, box.h)


def centre_to_point(layer: GaussianYolo, box: Box) -> Box:
    """Return boxes with x and y of the head's point, the centre or a corner, given their centre."""
    shift = SHIFTS[layer.yolo_point]
    return Box(box.x - box.w * shift, box.y - box.h * shift, box.w, box.h)


class DeltaWriter:
    """Writes deltas of slots into `delta`, [N, anchors, 9 + classes, H, W]."""

    def __init__(self, layer: GaussianYolo, grid: Grid) -> None:
        self.layer, self.grid = layer, grid
        self.pull = Pull.of(layer)
        self.classes = ClassDeltas.of(layer, self.pull)
        self.delta = torch.zeros_like(grid.values)

    def write_background(self, overlap: Tensor) -> Tensor:
        """Write the objectness of all slots; return which ones near a box need its class too.

        Darknet: src/gaussian_yolo_layer.c forward_gaussian_yolo_layer (AlexeyAB)
        """
        objectness = self.grid.values[:, :, OBJECTNESS]
        classes = self.grid.values[:, :, OBJECTNESS + 1 :]
        near = confident_slots(overlap > self.layer.ignore_thresh, classes)
        toward_zero = self.layer.obj_normalizer * self.pull.toward_zero(objectness)
        ignored = torch.zeros_like(objectness)
        if self.layer.objectness_smooth:
            toward_iou = self.pull.toward(overlap.square(), objectness)
            ignored = self.layer.obj_normalizer * toward_iou
        self.delta[:, :, OBJECTNESS] = torch.where(near, ignored, toward_zero)
        return near & self.layer.objectness_smooth

    def write_near(self, matches: Matches) -> None:
        """Write the classes of slots near a box, for `objectness_smooth`."""
        index = matches.slots.entries
        before, weight = self.delta[index], self.classes.weight(matches)
        classes = self.class_deltas(before, self.grid.values[index], matches, weight)
        self.delta[index] = torch.cat([before[:, : OBJECTNESS + 1], classes], 1)

    def write_close(self, matches: Matches, overlap: Tensor) -> None:
        """Write slots whose IoU with a box, `overlap` [K, 1], exceeds `truth_thresh`."""
        index, smooth = matches.slots.entries, self.layer.objectness_smooth
        values, before = self.grid.values[index], self.delta[index]
        weight = self.classes.weight(matches)
        target = overlap.square() if smooth else torch.ones_like(overlap)
        toward_target = self.pull.toward(target, values[:, OBJECTNESS, None])
        objectness = self.layer.obj_normalizer * toward_target
        classes = self.class_deltas(before, values, matches, weight)
        if smooth:
            one_hot = matches.one_hot(self.layer.classes)
            toward_iou = weight * self.pull.toward(target, values[:, OBJECTNESS + 1 :])
            classes = torch.where(one_hot, toward_iou, classes)
        boxes = before[:, :OBJECTNESS] + self.box_deltas(matches)
        self.delta[index] = torch.cat([boxes, objectness, classes], 1)

    def write(self, matches: Matches) -> None:
        """Write matched slots. Boxes of a slot add up; the last one sets its objectness."""
        box_deltas, weight = self.box_deltas(matches), self.classes.weight(matches)
        values = self.grid.values[matches.slots.entries]
        toward_one = self.pull.toward(1, values[:, OBJECTNESS, None])
        objectness = weight * self.layer.obj_normalizer * toward_one
        for turn in matches.turns:
            index = matches.slots.at(turn).entries
            before = self.delta[index]
            classes = self.class_deltas(before, values[turn], matches.at(turn), weight[turn])
            boxes = before[:, :OBJECTNESS] + box_deltas[turn]
            self.delta[index] = torch.cat([boxes, objectness[turn], classes], 1)

    def class_deltas(
        self, before: Tensor, values: Tensor, matches: Matches, weight: Tensor
    ) -> Tensor:
        """Return class deltas; a slot whose class 0 has one already keeps the other classes.

        Darknet: src/gaussian_yolo_layer.c delta_gaussian_yolo_class (AlexeyAB)
        Quirk: SECOND_CLASS
        """
        before, output = before[:, OBJECTNESS + 1 :], values[:, OBJECTNESS + 1 :]
        one_hot = matches.one_hot(self.layer.classes)
        return self.classes.deltas(before, output, one_hot, weight, before[:, :1] != 0)

    def box_deltas(self, matches: Matches) -> Tensor:
        """Return the deltas [K, 8] of coordinates, each followed by that of its uncertainty.

        Darknet: src/gaussian_yolo_layer.c delta_gaussian_yolo_box (AlexeyAB)
        """
        layer, slots, truth = self.layer, matches.slots, matches.truth
        values = self.grid.values[slots.entries]
        targets = self.grid.targets(centre_to_point(layer, truth), slots, torch.log)
        small = (2 - truth.w * truth.h)[:, None]  # 1..2: small boxes count more
        means, sigmas = likelihood_deltas(values[:, :8:2], values[:, 1:8:2], targets, small)
        if layer.iou_loss != "mse":
            means = self.overlap_deltas(slots, truth)
        means = means * layer.iou_normalizer * self.classes.weight(matches)
        both = torch.stack([means, sigmas * layer.uc_normalizer], 2).flatten(1)
        return clip_deltas(both, layer.max_delta)

    def overlap_deltas(self, slots: Slots, truth: Box) -> Tensor:
        """Return the deltas [K, 4] of the head's point and sides that raise the overlap."""
        boxes = point_to_centre(self.layer, self.grid.boxes_at(slots, COORDINATES))
        delta = centre_to_point(self.layer, overlap_delta(self.layer.iou_loss, boxes, truth))
        values = self.grid.values[slots.entries]
        # (e^x)' = e^x; the C leaves the anchor out
        w, h = delta.w * values[:, 4].exp(), delta.h * values[:, 6].exp()
        return torch.stack([delta.x, delta.y, w, h], 1)

    def loss(self, head: Head, matches: Matches) -> DeltaLoss:
        """Return the loss of the head, once all slots are written."""
        squares = self.delta.square().sum((0, 3, 4)).sum(0)  # [9 + classes]
        figures, parts = self.figures(matches), losses_by_part(squares)
        index, images = head.node.index, len(self.delta)
        return DeltaLoss(
            delta=scale_deltas(self.layer, self.delta).view_as(head.raw),
            cost=squares.sum(),
            line=lambda: (
                f"Region {index} {log_line(figures, len(matches))}, {losses_text(parts, images)}"
            ),
            on_stderr=True,
        )

    def figures(self, matches: Matches) -> Tensor:
        """Return the figures of the line, [6]. With an IoU loss, the GIoU stands for the IoU."""
        boxes = point_to_centre(self.layer, self.grid.boxes_at(matches.slots, COORDINATES))
        overlap = (iou if self.layer.iou_loss == "mse" else giou)(boxes, matches.truth)
        values = self.grid.values[matches.slots.entries]
        objectness, classes = values[:, OBJECTNESS], values[:, OBJECTNESS + 1 :]
        everywhere = self.grid.values[:, :, OBJECTNESS]
        return averages(overlap, objectness, classes, matches, everywhere)


def likelihood_deltas(
    mean: Tensor, sigma: Tensor, targets: Tensor, weight: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the deltas [K, 4] of means and sigmas that make targets likelier.

    They are the derivatives of the log of a normal density, in which the C adds `SIGMA_CONST` to
    some of the sigmas only.

    Darknet: src/gaussian_yolo_layer.c delta_gaussian_yolo_box (AlexeyAB)
    """
    off = (targets - mean) / sigma
    density = (-0.5 * off.square()).exp() / (math.sqrt(2 * math.pi) * (sigma + SIGMA_CONST))
    pull = 0.5 * weight * density / (density + 1e-9)  # near 0 where the density is
    return pull * off / sigma, pull * (off.square() / sigma - 1 / (sigma + SIGMA_CONST))


def losses_by_part(squares: Tensor) -> Tensor:
    """Return the printed losses of classes, boxes and uncertainties, and their sum, [4].

    `squares` [9 + classes] are the summed squares of each entry's deltas.

    Darknet: src/gaussian_yolo_layer.c forward_gaussian_yolo_layer (AlexeyAB)
    Quirk: GAUSSIAN_LOSSES
    """
    boxes, uncertainties, classes = squares[:4].sum(), squares[4:8].sum(), squares[8:].sum()
    return torch.stack([classes, boxes, uncertainties, squares.sum()])


def losses_text(parts: Tensor, images: int) -> str:
    """Return the end of the line: the losses per image."""
    classes, boxes, uncertainties, total = (value / images for value in parts.tolist())
    return (
        f"class_loss = {classes:.2f}, iou_loss = {boxes:.2f}, uc_loss = {uncertainties:.2f},"
        f" total_loss = {total:.2f} "
    )
