"""The loss of [yolo] in the original."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ...graph.head import Head
from ...layers.yolo import Yolo
from .base import DeltaLoss, LossInputs, delta_loss, number_text
from .iou import iou
from .matcher import Matches, best_anchors, matches_of
from .negatives import Written, with_negatives
from .pull import Pull
from .slots import Grid, best_ious
from .targets import ground_truth_of


@delta_loss(Yolo)
@with_negatives
def yolo_loss(layer: Yolo, head: Head, inputs: LossInputs) -> Written:
    """Return deltas of objectness for all slots, and of box and classes for matched ones.

    Darknet: src/yolo_layer.c forward_yolo_layer
    """
    pull = Pull.of(layer)
    grid = grid_of(layer, head, inputs)
    truth = ground_truth_of(inputs, layer, layer.classes, most=layer.max, map=layer.map)
    there = truth.on(grid.device)
    overlap, index = best_ious(grid.boxes(), there.boxes)  # [N, anchors, H, W]
    delta = torch.zeros_like(grid.values)  # [N, anchors, 5 + classes, H, W]
    toward_zero = pull.toward_zero(grid.values[:, :, 4])
    delta[:, :, 4] = torch.where(overlap > layer.ignore_thresh, 0.0, toward_zero)
    close = Matches.where(overlap > layer.truth_thresh, index, there)
    write_deltas(delta, grid, close, pull)
    matches = matches_of(layer, truth, best_anchors(layer, truth, inputs.size), grid)
    write_deltas(delta, grid, matches, pull)
    return outcome(layer, head, grid, delta, [close, matches])


def outcome(
    layer: Yolo, head: Head, grid: Grid, delta: Tensor, matched: Sequence[Matches]
) -> Written:
    """Return a head whose deltas are written; its line is about the last of the matches."""
    figures = match_figures(grid, matched[-1])

    def loss() -> DeltaLoss:
        return DeltaLoss(
            delta=delta.view_as(head.raw),
            cost=delta.square().sum(),
            line=lambda: f"Region {head.node.index} {log_line(figures, len(matched[-1]))}",
        )

    return Written(layer, delta[:, :, 4], matched, loss)


def grid_of(layer: Yolo, head: Head, inputs: LossInputs) -> Grid:
    """Return the output of a head as a grid of boxes."""
    values = head.activated.detach().unflatten(1, (layer.boxes, -1))  # [N, anchors, entries, H, W]
    return Grid.of(values, layer.anchor_sizes, (inputs.size.w, inputs.size.h), layer.sides)


def write_deltas(delta: Tensor, grid: Grid, matches: Matches, pull: Pull) -> None:
    """Write the deltas of matched slots. Where a slot matches several boxes, the last one counts.

    Classes add up: a slot that has a class already keeps it beside the new one.

    Darknet: src/yolo_layer.c delta_yolo_box, delta_yolo_class
    Quirk: SECOND_CLASS
    """
    slots, truth = matches.slots, matches.truth
    values = grid.values[slots.entries]  # [K, 5 + classes]
    small = (2 - truth.w * truth.h)[:, None]  # 1..2: small boxes count more
    boxes = small * (grid.targets(truth, slots, torch.log) - values[:, :4])
    objectness, classes = pull.toward(1, values[:, 4:5]), values[:, 5:]
    one_hot = matches.one_hot(classes.shape[1])
    toward_one, toward_zero = pull.toward(1, classes), pull.toward_zero(classes)
    for turn in matches.turns:
        index = slots.at(turn).entries
        before = delta[index][:, 5:]
        # the C asks the delta of class 0 whether the slot has a class already
        others = torch.where(before[:, :1] != 0, before, toward_zero[turn])
        class_deltas = torch.where(one_hot[turn], toward_one[turn], others)
        delta[index] = torch.cat([boxes[turn], objectness[turn], class_deltas], 1)


def match_figures(grid: Grid, matches: Matches) -> Tensor:
    """Return the figures of a head's line, [6]; see `averages`."""
    values = grid.values[matches.slots.entries]
    overlap = iou(grid.boxes_at(matches.slots), matches.truth)
    return averages(overlap, values[:, 4], values[:, 5:], matches, grid.values[:, :, 4])


def averages(
    overlap: Tensor, objectness: Tensor, classes: Tensor, matches: Matches, all_objectness: Tensor
) -> Tensor:
    """Return means over matched slots, [6]; NaN if no slot is matched.

    They are the IoU, the probability of the true class, the objectness, that of all slots, and the
    shares of slots whose IoU exceeds .5 and .75.
    """
    true_class = (classes * matches.one_hot(classes.shape[1])).sum(1)
    parts = (overlap, true_class, objectness, all_objectness, overlap > 0.5, overlap > 0.75)
    return torch.stack([part.float().mean() for part in parts])


def log_line(figures: Tensor, count: int) -> str:
    """Return the line that the C prints for a yolo head, without its index.

    Darknet: src/yolo_layer.c forward_yolo_layer
    """
    overlap, true_class, objectness, anywhere, half, most = map(number_text, figures.tolist())
    return (
        f"Avg IOU: {overlap}, Class: {true_class}, Obj: {objectness}, No Obj: {anywhere},"
        f" .5R: {half}, .75R: {most},  count: {count}"
    )
