"""What [yolo] loses in the fork."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from ...layers.anchor_head import ForkLosses
from ...layers.yolo import YoloAlexeyAB
from ...network import Head
from .base import DeltaLoss, LossInputs, delta_loss, head_by_head, zero_loss
from .class_deltas import Classes
from .iou import giou, iou
from .iou_gradients import ascent
from .matcher import Matches, averaged, like_anchors, matched
from .slots import Grid, Slots, best_overlaps
from .targets import truths_of
from .yolo import grid_of, on

CLASS_GATE: Final = 0.25
NAMES: Final = {"mse": "mse", "giou": "giou"}  # the others are told as iou


@delta_loss(YoloAlexeyAB)
@head_by_head
def yolo_loss(layer: YoloAlexeyAB, head: Head, inputs: LossInputs) -> DeltaLoss:
    """Teach objectness everywhere, and box and classes where truths are; several anchors each.

    Darknet: src/yolo_layer.c process_batch (AlexeyAB)
    """
    if layer.onlyforward:
        return zero_loss(head)
    grid = grid_of(layer, head, inputs)
    truths = truths_of(inputs, layer, layer.classes, most=layer.max, map=layer.map)
    overlap, which = best_overlaps(grid.boxes(), on(grid, truths.boxes))
    sure = Matches.where(overlap > layer.truth_thresh, which, truths)
    matches = matched(layer, truths, like_anchors(layer, truths, inputs.size), grid)
    delta = torch.zeros_like(grid.values)
    delta[:, :, 4] = background(layer, grid.values[:, :, 4:], overlap)
    teacher = Teacher(layer, grid, delta)
    teacher.teach_sure(sure, overlap[tuple(sure.slots)][:, None])
    teacher.teach(matches)
    if layer.iou_thresh < 1:
        averaged(delta, [sure, matches], boxes=4, objectness=4)
    return teacher.loss(head, matches)


def background(layer: YoloAlexeyAB, values: Tensor, overlap: Tensor) -> Tensor:
    """Return the objectness deltas [N, anchors, H, W] of slots that no truth is given to.

    `values` are objectness and class probabilities. What overlaps a truth is let alone, or with
    `objectness_smooth` taught its IoU, but only if it believes in any class.

    Darknet: src/yolo_layer.c process_batch (AlexeyAB)
    """
    objects = values[:, :, 0]
    near = believing(overlap > layer.ignore_thresh, values[:, :, 1:])
    nothing = -layer.obj_normalizer * objects
    ignored = torch.zeros_like(nothing)
    if layer.objectness_smooth:
        ignored = torch.maximum(nothing, layer.obj_normalizer * (overlap - objects))
    return torch.where(near, ignored, nothing)


def believing(near: Tensor, named: Tensor) -> Tensor:
    """Return the slots of those in `near` whose probability of any class exceeds a quarter.

    Darknet: src/yolo_layer.c compare_yolo_class (AlexeyAB)
    Quirk: CLASS_GATE
    """
    slots = Slots(*near.nonzero(as_tuple=True))
    sure = torch.zeros_like(near)
    sure[tuple(slots)] = (named[slots.entries] > CLASS_GATE).any(1)
    return sure


class Teacher:
    """Writes what slots learn into `delta`, and counts the boxes that are taught twice."""

    def __init__(self, layer: YoloAlexeyAB, grid: Grid, delta: Tensor) -> None:
        self.layer, self.grid, self.delta = layer, grid, delta
        self.classes = Classes.of(layer, focal=layer.focal_loss)
        self.total = 0
        self.rewritten = torch.zeros((), dtype=torch.int64, device=delta.device)

    def teach_sure(self, matches: Matches, overlap: Tensor) -> None:
        """Teach slots that overlap a truth by more than `truth_thresh`; `overlap` is [K, 1]."""
        layer, index = self.layer, matches.slots.entries
        values, more = self.grid.values[index], self.classes.multiplier(matches)
        hits, before = matches.hits(layer.classes), self.delta[index]
        goal = overlap.square() if layer.objectness_smooth else torch.ones_like(overlap)
        objects = layer.obj_normalizer * (goal - values[:, 4:5])
        names = self.named(before[:, 5:], values[:, 5:], hits, more)
        if layer.objectness_smooth:
            names = torch.where(hits, more * (goal - values[:, 5:]), names)
        boxes = before[:, :4] + self.steps(matches)
        self.count(before)
        self.delta[index] = torch.cat([boxes, objects, names], 1)

    def teach(self, matches: Matches) -> None:
        """Teach slots the truths they are given: boxes add up, objectness is the last truth's.

        Darknet: src/yolo_layer.c process_batch (AlexeyAB)
        """
        layer, steps = self.layer, self.steps(matches)
        values, more = self.grid.values[matches.slots.entries], self.classes.multiplier(matches)
        hits = matches.hits(layer.classes)
        objects = more * layer.obj_normalizer * (1 - values[:, 4:5])
        for turn in matches.turns:
            index = matches.slots.at(turn).entries
            before, object_steps = self.delta[index], objects[turn]
            if layer.objectness_smooth:
                now = before[:, 4:5]
                object_steps = torch.where(now == 0, object_steps, now)
            names = self.named(before[:, 5:], values[turn, 5:], hits[turn], more[turn])
            self.count(before)
            self.delta[index] = torch.cat([before[:, :4] + steps[turn], object_steps, names], 1)

    def named(self, before: Tensor, given: Tensor, hits: Tensor, more: Tensor) -> Tensor:
        """Return class deltas; a slot that has a delta for the class learns it beside others.

        Quirk: SECOND_CLASS
        """
        known = ((before != 0) & hits).any(1, keepdim=True)
        return self.classes.taught(before, given, hits, more, known)

    def steps(self, matches: Matches) -> Tensor:
        """Return the steps [K, 4] of what slots tell of their boxes.

        Darknet: src/yolo_layer.c delta_yolo_box (AlexeyAB)
        Quirk: IOU_NORMALIZER
        """
        layer, slots, truth = self.layer, matches.slots, matches.truth
        told = self.grid.values[slots.entries][:, :4]
        more = layer.iou_normalizer * self.classes.multiplier(matches)
        if layer.iou_loss == "mse":
            small = (2 - truth.w * truth.h)[:, None]
            return small * (self.grid.targets(truth, slots, self.unsides) - told) * more
        rise = torch.stack(ascent(layer.iou_loss, self.grid.boxes_at(slots), truth), 1)
        if not layer.new_coords:
            rise[:, 2:] *= told[:, 2:].exp()
        return limited(rise * more, layer.max_delta)

    def unsides(self, ratio: Tensor) -> Tensor:
        """Return what the head must tell of a side so many times its anchor's."""
        return (ratio / 4).sqrt() if self.layer.new_coords else ratio.log()

    def count(self, before: Tensor) -> None:
        """Count boxes that are taught, and those of them that were before."""
        self.total += len(before)
        self.rewritten += (before[:, :4] != 0).any(1).sum()

    def loss(self, head: Head, matches: Matches) -> DeltaLoss:
        """Return what the head loses, after all is taught."""
        figures = self.figures(matches)
        return DeltaLoss(
            delta=normalized(self.layer, self.delta).view_as(head.raw),
            cost=figures[4],
            line=lambda: self.told(head.node.index, len(matches), figures),
            on_stderr=True,
            boxes=torch.stack([torch.full_like(self.rewritten, self.total), self.rewritten]),
        )

    def figures(self, matches: Matches) -> Tensor:
        """Return mean IoU, the losses told of classes, boxes and all, and the cost, [5].

        Quirk: IOU_COST
        """
        layer, boxes, count = self.layer, self.grid.boxes_at(matches.slots), max(len(matches), 1)
        overlap = iou(boxes, matches.truth)
        rest = self.delta[:, :, 4:].square().sum()
        total = rest + self.delta[:, :, :4].square().sum()
        named = layer.obj_normalizer * rest
        reached = giou(boxes, matches.truth) if layer.iou_loss == "giou" else overlap
        cost = layer.iou_normalizer * (1 - reached).sum() / count + named
        if layer.iou_loss == "mse" or not layer.show_details:
            cost = total
        return torch.stack([overlap.sum() / count, named, total - named, total, cost])

    def told(self, index: int, count: int, figures: Tensor) -> str:
        """Return the line of the C, which says how boxes overlapped and what they lost."""
        layer, images = self.layer, len(self.delta)
        overlap, named, boxes, total, _ = figures.tolist()
        details = f"class_loss = {named / images:f}, iou_loss = {boxes / images:f}, "
        return (
            f"v3 ({NAMES.get(layer.iou_loss, 'iou')} loss, Normalizer:"
            f" (iou: {layer.iou_normalizer:.2f}, obj: {layer.obj_normalizer:.2f},"
            f" cls: {layer.cls_normalizer:.2f}) Region {index} Avg (IOU: {overlap:f}),"
            f" count: {max(count, 1)}, {details if layer.show_details else ''}"
            f"total_loss = {total / images:f} "
        )


def normalized(layer: ForkLosses, delta: Tensor) -> Tensor:
    """Return deltas as they are passed on, which no cost tells of.

    Darknet: src/yolo_layer.c backward_yolo_layer_gpu (AlexeyAB)
    Quirk: DELTA_NORMALIZER
    """
    return delta if layer.delta_normalizer == 1 else delta * layer.delta_normalizer


def limited(steps: Tensor, most: float) -> Tensor:
    """Return steps between -most and most; 0 where they are no numbers.

    Darknet: src/yolo_layer.c fix_nan_inf, clip_value (AlexeyAB)
    """
    return steps.nan_to_num_(nan=0.0, posinf=0.0, neginf=0.0).clamp_(-most, most)
