"""What [yolo] loses in the original."""

from __future__ import annotations

import torch
from torch import Tensor

from ...layers.yolo import Yolo
from ...network import Head
from .base import DeltaLoss, LossInputs, delta_loss, head_by_head, number_text, zero_loss
from .iou import Box, iou
from .matcher import Matches, best_anchors, matched
from .slots import Grid, best_overlaps
from .targets import truths_of


@delta_loss(Yolo)
@head_by_head
def yolo_loss(layer: Yolo, head: Head, inputs: LossInputs) -> DeltaLoss:
    """Teach slots without a truth that there is nothing, the others box, objectness and class.

    Darknet: src/yolo_layer.c forward_yolo_layer
    """
    if layer.onlyforward:
        return zero_loss(head)
    grid = grid_of(layer, head, inputs)
    truths = truths_of(inputs, layer, layer.classes, most=layer.max, map=layer.map)
    overlap, which = best_overlaps(grid.boxes(), on(grid, truths.boxes))
    delta = torch.zeros_like(grid.values)
    delta[:, :, 4] = torch.where(overlap > layer.ignore_thresh, 0.0, -grid.values[:, :, 4])
    learn(delta, grid, Matches.where(overlap > layer.truth_thresh, which, truths))
    matches = matched(layer, truths, best_anchors(layer, truths, inputs.size), grid)
    learn(delta, grid, matches)
    figures = statistics(grid, matches)
    return DeltaLoss(
        delta=delta.view_as(head.raw),
        cost=delta.square().sum(),
        line=lambda: f"Region {head.node.index} {log_line(figures, len(matches))}",
    )


def grid_of(layer: Yolo, head: Head, inputs: LossInputs) -> Grid:
    """Return a head's output as boxes."""
    values = head.activated.detach().unflatten(1, (layer.boxes, -1))
    size = values.new_tensor([inputs.size.w, inputs.size.h])
    return Grid(values, values.new_tensor(layer.anchor_sizes) / size, layer.sides)


def on(grid: Grid, boxes: Box) -> Box:
    """Return boxes where the head's output is."""
    return Box(*(side.to(grid.values.device, non_blocking=True) for side in boxes))


def learn(delta: Tensor, grid: Grid, matches: Matches) -> None:
    """Write what slots learn of their truths; of several truths the last has the box.

    Classes add up: a slot that has learnt one before learns another beside it.

    Darknet: src/yolo_layer.c delta_yolo_box, delta_yolo_class
    Quirk: SECOND_CLASS
    """
    slots, truth = matches.slots, matches.truth
    values = grid.values[slots.entries]
    small = (2 - truth.w * truth.h)[:, None]
    boxes = small * (grid.targets(truth, slots, torch.log) - values[:, :4])
    objects, names = 1 - values[:, 4:5], values[:, 5:]
    hits = matches.hits(names.shape[1])
    for turn in matches.turns:
        index = slots.at(turn).entries
        before = delta[index][:, 5:]
        others = torch.where(before[:, :1] != 0, before, -names[turn])
        classes = torch.where(hits[turn], 1 - names[turn], others)
        delta[index] = torch.cat([boxes[turn], objects[turn], classes], 1)


def statistics(grid: Grid, matches: Matches) -> Tensor:
    """Return IoU, class, objectness, all objectness, and the parts of IoU above .5 and .75."""
    values = grid.values[matches.slots.entries]
    overlap = iou(grid.boxes_at(matches.slots), matches.truth)
    return averages(overlap, values[:, 4], values[:, 5:], matches, grid.values[:, :, 4])


def averages(
    overlap: Tensor, objects: Tensor, names: Tensor, matches: Matches, all_objects: Tensor
) -> Tensor:
    """Return the means of what matched slots gave, [6]; no numbers without any."""
    named = (names * matches.hits(names.shape[1])).sum(1)
    parts = (overlap, named, objects, None, overlap > 0.5, overlap > 0.75)
    return torch.stack([(all_objects if p is None else p).float().mean() for p in parts])


def log_line(figures: Tensor, count: int) -> str:
    """Return what the C prints of a yolo head but its index.

    Darknet: src/yolo_layer.c forward_yolo_layer
    """
    overlap, named, objects, anything, half, most = map(number_text, figures.tolist())
    return (
        f"Avg IOU: {overlap}, Class: {named}, Obj: {objects}, No Obj: {anything},"
        f" .5R: {half}, .75R: {most},  count: {count}"
    )
