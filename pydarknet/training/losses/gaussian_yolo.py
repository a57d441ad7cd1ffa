"""What [Gaussian_yolo] loses, the fork's head that says how sure it is of each coordinate."""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor

from ...layers.gaussian_yolo import SHIFTS, GaussianYolo
from ...network import Head
from .base import DeltaLoss, LossInputs, delta_loss, head_by_head, zero_loss
from .class_deltas import Classes
from .iou import Box, giou, iou
from .iou_gradients import ascent
from .matcher import Matches, averaged, like_anchors, placed
from .slots import Grid, Slots, best_overlaps
from .targets import truths_of
from .yolo import averages, log_line, on
from .yolo_alexeyab import believing, limited, normalized

PLACES: Final = (0, 2, 4, 6)  # x, y, w, h; what follows each is how unsure it is
OBJECT: Final = 8
SPREAD: Final = 0.3


@delta_loss(GaussianYolo)
@head_by_head
def gaussian_yolo_loss(layer: GaussianYolo, head: Head, inputs: LossInputs) -> DeltaLoss:
    """Teach objectness everywhere, and where truths are box, uncertainty and classes.

    Darknet: src/gaussian_yolo_layer.c forward_gaussian_yolo_layer (AlexeyAB)
    """
    if layer.onlyforward:
        return zero_loss(head)
    values = head.activated.detach().unflatten(1, (layer.boxes, -1))
    size = values.new_tensor([inputs.size.w, inputs.size.h])
    grid = Grid(values, values.new_tensor(layer.anchor_sizes) / size, torch.exp)
    truths = truths_of(inputs, layer, layer.classes, most=layer.max, map=layer.map)
    overlap, which = best_overlaps(centred(layer, grid.boxes(PLACES)), on(grid, truths.boxes))
    points = pointed(layer, truths.boxes)
    matches = placed(layer, truths, like_anchors(layer, truths, inputs.size), grid, points)
    teacher = Teacher(layer, grid)
    near = Matches.where(teacher.background(overlap), which, truths)
    teacher.teach_near(near)
    sure = Matches.where(overlap > layer.truth_thresh, which, truths)
    teacher.teach_sure(sure, overlap[tuple(sure.slots)][:, None])
    teacher.teach(matches)
    averaged(teacher.delta, [sure, matches], boxes=8, objectness=None)
    return teacher.loss(head, matches)


def centred(layer: GaussianYolo, box: Box) -> Box:
    """Return boxes whose x and y are centres of boxes whose x and y are the head's point.

    Darknet: src/gaussian_yolo_layer.c get_gaussian_yolo_box (AlexeyAB)
    """
    shift = SHIFTS[layer.yolo_point]
    return Box(box.x + box.w * shift, box.y + box.h * shift, box.w, box.h)


def pointed(layer: GaussianYolo, box: Box) -> Box:
    """Return boxes whose x and y are the head's point: the centre or a corner."""
    shift = SHIFTS[layer.yolo_point]
    return Box(box.x - box.w * shift, box.y - box.h * shift, box.w, box.h)


class Teacher:
    """Writes what slots learn into `delta`, [N, anchors, 9 + classes, H, W]."""

    def __init__(self, layer: GaussianYolo, grid: Grid) -> None:
        self.layer, self.grid = layer, grid
        self.classes = Classes.of(layer)
        self.delta = torch.zeros_like(grid.values)

    def background(self, overlap: Tensor) -> Tensor:
        """Teach slots that there is nothing; return which are near a truth and to learn its class.

        Darknet: src/gaussian_yolo_layer.c forward_gaussian_yolo_layer (AlexeyAB)
        """
        objects, named = self.grid.values[:, :, OBJECT], self.grid.values[:, :, OBJECT + 1 :]
        near = believing(overlap > self.layer.ignore_thresh, named)
        ignored = torch.zeros_like(objects)
        if self.layer.objectness_smooth:
            ignored = self.layer.obj_normalizer * (overlap.square() - objects)
        self.delta[:, :, OBJECT] = torch.where(near, ignored, -self.layer.obj_normalizer * objects)
        return near & self.layer.objectness_smooth

    def teach_near(self, matches: Matches) -> None:
        """Teach slots near a truth its class, where `objectness_smooth` asks for it."""
        index = matches.slots.entries
        before, more = self.delta[index], self.classes.multiplier(matches)
        names = self.named(before, self.grid.values[index], matches, more)
        self.delta[index] = torch.cat([before[:, : OBJECT + 1], names], 1)

    def teach_sure(self, matches: Matches, overlap: Tensor) -> None:
        """Teach slots that overlap a truth by more than `truth_thresh`; `overlap` is [K, 1]."""
        index, smooth = matches.slots.entries, self.layer.objectness_smooth
        values, before = self.grid.values[index], self.delta[index]
        more = self.classes.multiplier(matches)
        goal = overlap.square() if smooth else torch.ones_like(overlap)
        objects = self.layer.obj_normalizer * (goal - values[:, OBJECT, None])
        names = self.named(before, values, matches, more)
        if smooth:
            hits = matches.hits(self.layer.classes)
            names = torch.where(hits, more * (goal - values[:, OBJECT + 1 :]), names)
        boxes = before[:, :OBJECT] + self.steps(matches)
        self.delta[index] = torch.cat([boxes, objects, names], 1)

    def teach(self, matches: Matches) -> None:
        """Teach slots the truths they are given: boxes add up, objectness is the last truth's."""
        steps, more = self.steps(matches), self.classes.multiplier(matches)
        values = self.grid.values[matches.slots.entries]
        objects = more * self.layer.obj_normalizer * (1 - values[:, OBJECT, None])
        for turn in matches.turns:
            index = matches.slots.at(turn).entries
            before = self.delta[index]
            names = self.named(before, values[turn], matches.at(turn), more[turn])
            boxes = before[:, :OBJECT] + steps[turn]
            self.delta[index] = torch.cat([boxes, objects[turn], names], 1)

    def named(self, before: Tensor, values: Tensor, matches: Matches, more: Tensor) -> Tensor:
        """Return class deltas; a slot that has one for class 0 learns a class beside others.

        Darknet: src/gaussian_yolo_layer.c delta_gaussian_yolo_class (AlexeyAB)
        Quirk: SECOND_CLASS
        """
        old, given = before[:, OBJECT + 1 :], values[:, OBJECT + 1 :]
        hits = matches.hits(self.layer.classes)
        return self.classes.taught(old, given, hits, more, old[:, :1] != 0)

    def steps(self, matches: Matches) -> Tensor:
        """Return the steps [K, 8] of what slots tell of their boxes and how unsure they are.

        Darknet: src/gaussian_yolo_layer.c delta_gaussian_yolo_box (AlexeyAB)
        """
        layer, slots, truth = self.layer, matches.slots, matches.truth
        values = self.grid.values[slots.entries]
        targets = self.grid.targets(pointed(layer, truth), slots, torch.log)
        small = (2 - truth.w * truth.h)[:, None]
        told, unsure = likelier(values[:, :8:2], values[:, 1:8:2], targets, small)
        if layer.iou_loss != "mse":
            told = self.rise(slots, truth)
        told = told * layer.iou_normalizer * self.classes.multiplier(matches)
        both = torch.stack([told, unsure * layer.uc_normalizer], 2).flatten(1)
        return limited(both, layer.max_delta)

    def rise(self, slots: Slots, truth: Box) -> Tensor:
        """Return the steps [K, 4] that raise the overlap, of the head's point and sides."""
        boxes = centred(self.layer, self.grid.boxes_at(slots, PLACES))
        step = pointed(self.layer, ascent(self.layer.iou_loss, boxes, truth))
        told = self.grid.values[slots.entries]
        return torch.stack(
            [step.x, step.y, step.w * told[:, 4].exp(), step.h * told[:, 6].exp()], 1
        )

    def loss(self, head: Head, matches: Matches) -> DeltaLoss:
        """Return what the head loses, after all is taught."""
        squares = self.delta.square().sum((0, 3, 4)).sum(0)  # [9 + classes]
        figures, parts = self.figures(matches), losses(squares)
        index, images = head.node.index, len(self.delta)
        return DeltaLoss(
            delta=normalized(self.layer, self.delta).view_as(head.raw),
            cost=squares.sum(),
            line=lambda: (
                f"Region {index} {log_line(figures, len(matches))}, {ending(parts, images)}"
            ),
            on_stderr=True,
        )

    def figures(self, matches: Matches) -> Tensor:
        """Return what the line tells before the losses; where an IoU loss is used, its GIoU."""
        boxes = centred(self.layer, self.grid.boxes_at(matches.slots, PLACES))
        overlap = (iou if self.layer.iou_loss == "mse" else giou)(boxes, matches.truth)
        values = self.grid.values[matches.slots.entries]
        objects, named = values[:, OBJECT], values[:, OBJECT + 1 :]
        return averages(overlap, objects, named, matches, self.grid.values[:, :, OBJECT])


def likelier(
    told: Tensor, unsure: Tensor, targets: Tensor, weight: Tensor
) -> tuple[Tensor, Tensor]:
    """Return steps [K, 4] of coordinates and their uncertainties that make targets likelier.

    Darknet: src/gaussian_yolo_layer.c delta_gaussian_yolo_box (AlexeyAB)
    """
    off = (targets - told) / unsure
    density = (-0.5 * off.square()).exp() / (math.sqrt(2 * math.pi) * (unsure + SPREAD))
    pull = 0.5 * weight * density / (density + 1e-9)
    return pull * off / unsure, pull * (off.square() / unsure - 1 / (unsure + SPREAD))


def losses(squares: Tensor) -> Tensor:
    """Return what is told as lost by classes, boxes and uncertainty, and the sum, [4].

    Darknet: src/gaussian_yolo_layer.c forward_gaussian_yolo_layer (AlexeyAB)
    Quirk: GAUSSIAN_LOSSES
    """
    boxes, unsure, named = squares[:4].sum(), squares[4:8].sum(), squares[8:].sum()
    return torch.stack([named, boxes, unsure, squares.sum()])


def ending(parts: Tensor, images: int) -> str:
    """Return the end of the line, which has the losses of an image."""
    named, boxes, unsure, total = (value / images for value in parts.tolist())
    return (
        f"class_loss = {named:.2f}, iou_loss = {boxes:.2f}, uc_loss = {unsure:.2f},"
        f" total_loss = {total:.2f} "
    )
