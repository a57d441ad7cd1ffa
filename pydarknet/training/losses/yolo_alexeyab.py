"""The loss of [yolo] in the fork."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from ...graph.head import Head
from ...layers.anchor_head import ForkLosses
from ...layers.yolo import YoloAlexeyAB
from .base import DeltaLoss, LossInputs, delta_loss
from .class_deltas import ClassDeltas
from .iou import giou, iou
from .iou_gradients import overlap_delta
from .matcher import Matches, average_box_deltas, matches_of, responsible_anchors
from .negatives import Written, with_negatives
from .pull import Pull
from .slots import Grid, Slots, best_ious
from .targets import ground_truth_of
from .yolo import grid_of

CONFIDENT: Final = 0.25
LINE_NAMES: Final = {"mse": "mse", "giou": "giou"}  # the line calls the others iou


@delta_loss(YoloAlexeyAB)
@with_negatives
def yolo_loss(layer: YoloAlexeyAB, head: Head, inputs: LossInputs) -> Written:
    """Return deltas of objectness for all slots, and of box and classes for matched ones.

    Several anchors may match one box.

    Darknet: src/yolo_layer.c process_batch (AlexeyAB)
    """
    grid = grid_of(layer, head, inputs)
    truth = ground_truth_of(inputs, layer, layer.classes, most=layer.max, map=layer.map)
    there = truth.on(grid.device)
    overlap, index = best_ious(grid.boxes(), there.boxes)  # [N, anchors, H, W]
    close = Matches.where(overlap > layer.truth_thresh, index, there)
    matches = matches_of(layer, truth, responsible_anchors(layer, truth, inputs.size), grid)
    delta = torch.zeros_like(grid.values)  # [N, anchors, 5 + classes, H, W]
    delta[:, :, 4] = background_delta(layer, grid.values[:, :, 4:], overlap)
    writer = DeltaWriter(layer, grid, delta)
    writer.write_close(close, overlap[tuple(close.slots)][:, None])
    writer.write(matches)
    if layer.iou_thresh < 1:
        average_box_deltas(delta, [close, matches], boxes=4, objectness=4)
    return Written(layer, delta[:, :, 4], [close, matches], lambda: writer.loss(head, matches))


def background_delta(layer: YoloAlexeyAB, values: Tensor, overlap: Tensor) -> Tensor:
    """Return the objectness deltas [N, anchors, H, W] of slots that no box is matched with.

    `values` are objectness and class probabilities. A slot that overlaps a box and is confident of
    a class has no delta, or with `objectness_smooth` one toward its IoU.

    Darknet: src/yolo_layer.c process_batch (AlexeyAB)
    """
    objectness, pull = values[:, :, 0], Pull.of(layer)
    near = confident_slots(overlap > layer.ignore_thresh, values[:, :, 1:])
    toward_zero = layer.obj_normalizer * pull.toward_zero(objectness)
    ignored = torch.zeros_like(toward_zero)
    if layer.objectness_smooth:
        ignored = torch.maximum(
            toward_zero, layer.obj_normalizer * pull.toward(overlap, objectness)
        )
    return torch.where(near, ignored, toward_zero)


def confident_slots(near: Tensor, classes: Tensor) -> Tensor:
    """Return which slots of `near` [N, anchors, H, W] have a class above a quarter.

    Darknet: src/yolo_layer.c compare_yolo_class (AlexeyAB)
    Quirk: CLASS_GATE
    """
    slots = Slots(*near.nonzero(as_tuple=True))
    confident = torch.zeros_like(near)
    confident[tuple(slots)] = (classes[slots.entries] > CONFIDENT).any(1)
    return confident


class DeltaWriter:
    """Writes deltas of slots into `delta`, and counts the boxes that it writes twice."""

    def __init__(self, layer: YoloAlexeyAB, grid: Grid, delta: Tensor) -> None:
        self.layer, self.grid, self.delta = layer, grid, delta
        self.pull = Pull.of(layer)
        self.classes = ClassDeltas.of(layer, self.pull, focal=layer.focal_loss)
        self.total = 0
        self.rewritten = torch.zeros((), dtype=torch.int64, device=delta.device)

    def write_close(self, matches: Matches, overlap: Tensor) -> None:
        """Write slots whose IoU with a box, `overlap` [K, 1], exceeds `truth_thresh`."""
        layer, index = self.layer, matches.slots.entries
        values, weight = self.grid.values[index], self.classes.weight(matches)
        one_hot, before = matches.one_hot(layer.classes), self.delta[index]
        target = overlap.square() if layer.objectness_smooth else torch.ones_like(overlap)
        objectness = layer.obj_normalizer * self.pull.toward(target, values[:, 4:5])
        classes = self.class_deltas(before[:, 5:], values[:, 5:], one_hot, weight)
        if layer.objectness_smooth:
            toward_iou = weight * self.pull.toward(target, values[:, 5:])
            classes = torch.where(one_hot, toward_iou, classes)
        boxes = before[:, :4] + self.box_deltas(matches)
        self.count(before)
        self.delta[index] = torch.cat([boxes, objectness, classes], 1)

    def write(self, matches: Matches) -> None:
        """Write matched slots. Boxes of a slot add up; the last one sets its objectness.

        Darknet: src/yolo_layer.c process_batch (AlexeyAB)
        """
        layer, boxes = self.layer, self.box_deltas(matches)
        values, weight = self.grid.values[matches.slots.entries], self.classes.weight(matches)
        one_hot = matches.one_hot(layer.classes)
        toward_one = weight * layer.obj_normalizer * self.pull.toward(1, values[:, 4:5])
        for turn in matches.turns:
            index = matches.slots.at(turn).entries
            before, objectness = self.delta[index], toward_one[turn]
            if layer.objectness_smooth:  # the C leaves what a close box has written
                now = before[:, 4:5]
                objectness = torch.where(now == 0, objectness, now)
            classes = self.class_deltas(
                before[:, 5:], values[turn, 5:], one_hot[turn], weight[turn]
            )
            self.count(before)
            self.delta[index] = torch.cat([before[:, :4] + boxes[turn], objectness, classes], 1)

    def class_deltas(
        self, before: Tensor, output: Tensor, one_hot: Tensor, weight: Tensor
    ) -> Tensor:
        """Return class deltas; a slot whose true class has one already keeps the other classes.

        Quirk: SECOND_CLASS
        """
        again = ((before != 0) & one_hot).any(1, keepdim=True)
        return self.classes.deltas(before, output, one_hot, weight, again)

    def box_deltas(self, matches: Matches) -> Tensor:
        """Return the deltas [K, 4] of box entries.

        Darknet: src/yolo_layer.c delta_yolo_box (AlexeyAB)
        Quirk: IOU_NORMALIZER
        """
        layer, slots, truth = self.layer, matches.slots, matches.truth
        entries = self.grid.values[slots.entries][:, :4]
        weight = layer.iou_normalizer * self.classes.weight(matches)
        if layer.iou_loss == "mse":
            small = (2 - truth.w * truth.h)[:, None]  # 1..2: small boxes count more
            return small * (self.grid.targets(truth, slots, self.inverse_sides) - entries) * weight
        deltas = torch.stack(overlap_delta(layer.iou_loss, self.grid.boxes_at(slots), truth), 1)
        if not layer.new_coords:
            deltas[:, 2:] *= entries[:, 2:].exp()  # (e^x)' = e^x; the C leaves the anchor out
        return clip_deltas(deltas * weight, layer.max_delta)

    def inverse_sides(self, ratio: Tensor) -> Tensor:
        """Return the entries that decode to sides of this many times the anchor's."""
        return (ratio / 4).sqrt() if self.layer.new_coords else ratio.log()

    def count(self, before: Tensor) -> None:
        """Count boxes that are written, and those that have deltas before."""
        self.total += len(before)
        self.rewritten += (before[:, :4] != 0).any(1).sum()

    def loss(self, head: Head, matches: Matches) -> DeltaLoss:
        """Return the loss of the head, once all slots are written."""
        figures = self.figures(matches)
        return DeltaLoss(
            delta=scale_deltas(self.layer, self.delta).view_as(head.raw),
            cost=figures[4],
            line=lambda: self.log_line(head.node.index, len(matches), figures),
            on_stderr=True,
            boxes=torch.stack([torch.full_like(self.rewritten, self.total), self.rewritten]),
        )

    def figures(self, matches: Matches) -> Tensor:
        """Return mean IoU, the printed losses of classes, boxes and all, and the cost, [5].

        Quirk: IOU_COST
        """
        layer, boxes, count = self.layer, self.grid.boxes_at(matches.slots), max(len(matches), 1)
        overlap = iou(boxes, matches.truth)
        rest = self.delta[:, :, 4:].square().sum()
        total = rest + self.delta[:, :, :4].square().sum()
        classes = layer.obj_normalizer * rest
        measure = giou(boxes, matches.truth) if layer.iou_loss == "giou" else overlap
        cost = layer.iou_normalizer * (1 - measure).sum() / count + classes
        if layer.iou_loss == "mse" or not layer.show_details:
            cost = total
        return torch.stack([overlap.sum() / count, classes, total - classes, total, cost])

    def log_line(self, index: int, count: int, figures: Tensor) -> str:
        """Return the line that the C prints."""
        layer, images = self.layer, len(self.delta)
        overlap, classes, boxes, total, _ = figures.tolist()
        details = f"class_loss = {classes / images:f}, iou_loss = {boxes / images:f}, "
        return (
            f"v3 ({LINE_NAMES.get(layer.iou_loss, 'iou')} loss, Normalizer:"
            f" (iou: {layer.iou_normalizer:.2f}, obj: {layer.obj_normalizer:.2f},"
            f" cls: {layer.cls_normalizer:.2f}) Region {index} Avg (IOU: {overlap:f}),"
            f" count: {max(count, 1)}, {details if layer.show_details else ''}"
            f"total_loss = {total / images:f} "
        )


def scale_deltas(layer: ForkLosses, delta: Tensor) -> Tensor:
    """Return deltas times `delta_normalizer`, which no printed cost includes.

    Darknet: src/yolo_layer.c backward_yolo_layer_gpu (AlexeyAB)
    Quirk: DELTA_NORMALIZER
    """
    return delta if layer.delta_normalizer == 1 else delta * layer.delta_normalizer


def clip_deltas(deltas: Tensor, most: float) -> Tensor:
    """Return deltas clipped to -most..most; NaN and infinity become 0.

    Darknet: src/yolo_layer.c fix_nan_inf, clip_value (AlexeyAB)
    """
    return deltas.nan_to_num_(nan=0.0, posinf=0.0, neginf=0.0).clamp_(-most, most)
