"""The loss of [yolo] with assign=simota: all its heads share the true boxes among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import singledispatch

import torch
from torch import Tensor

from ...graph.head import Head
from ...layers.yolo import Yolo, YoloAlexeyAB
from .base import DeltaLoss, LossInputs, delta_loss, zero_loss
from .iou import Box
from .matcher import Matches
from .negatives import Written, keep_hardest
from .pull import Pull
from .simota import Candidates, Rule, Truth, assign
from .slots import Grid
from .targets import ground_truth_of
from .yolo import grid_of, outcome, write_deltas
from .yolo_alexeyab import DeltaWriter

SLACK = 1e-3  # of a cell: what lies between two cells is in the reach of both


@delta_loss(Yolo, YoloAlexeyAB, when=lambda layer: layer.assign == "simota")
def simota_loss(heads: Sequence[Head], inputs: LossInputs) -> list[DeltaLoss]:
    """Return Darknet's deltas for the boxes that SimOTA chooses, of all heads at once.

    Objectness learns 1 in these and 0 in all others; no box is ignored. Heads with `onlyforward`
    take no part.
    """
    layers = [yolo_of(head) for head in heads]
    part = [place for place, layer in enumerate(layers) if not layer.onlyforward]
    grids = [grid_of(layers[place], heads[place], inputs) for place in part]
    matches = matches_of([layers[place] for place in part], grids, inputs) if part else []
    done = {
        place: write(layers[place], heads[place], grid, some)
        for place, grid, some in zip(part, grids, matches, strict=True)
    }
    keep_hardest(list(done.values()))
    return [
        done[place].loss() if place in done else zero_loss(head) for place, head in enumerate(heads)
    ]


def yolo_of(head: Head) -> Yolo:
    """Return the layer of a head."""
    layer = head.node.layer
    assert isinstance(layer, Yolo)
    return layer


def matches_of(layers: Sequence[Yolo], grids: Sequence[Grid], inputs: LossInputs) -> list[Matches]:
    """Return which slots of each grid should predict which true boxes, by the layers' options."""
    layer = layers[0]
    size = (inputs.size.w, inputs.size.h)
    truth = ground_truth_of(inputs, layer, layer.classes, most=layer.max, map=layer.map)
    truth = truth.on(grids[0].device)
    rule = Rule(radius=layer.radius, candidates=layer.candidates, iou_weight=layer.simota_iou)
    true = Truth(in_pixels(truth.boxes, size), truth.classes, truth.usable)
    reaches = [min((one.reach + SLACK) / layer.radius, 1) for one in layers]
    found = assign(candidates_of(grids, size, reaches), true, rule)
    slots = [grid.values.shape[1] * grid.height * grid.width for grid in grids]
    row = torch.full((len(truth.rows), sum(slots)), -1, device=grids[0].device)
    row[found.image, found.place] = found.row  # of each slot, the true box; -1: none
    parts = (
        rows.view(-1, grid.values.shape[1], grid.height, grid.width)
        for rows, grid in zip(row.split(slots, 1), grids, strict=True)
    )
    return [Matches.where(rows >= 0, rows, truth) for rows in parts]


def candidates_of(
    grids: Sequence[Grid], size: tuple[int, int], reaches: Sequence[float]
) -> Candidates:
    """Return the boxes of all grids, grid by grid, in the order of their slots.

    A box learns no true one that it cannot reach. So its cell is as much smaller as its grid's
    `reaches` says, a share of the radius in which cells are near.
    """
    boxes = zip(*(in_pixels(grid.boxes(), size) for grid in grids), strict=True)
    cells = zip(*map(cells_of, grids, [size] * len(grids), reaches), strict=True)
    return Candidates(
        Box(*(torch.cat([part.flatten() for part in parts]) for parts in cells)),
        Box(*(torch.cat([part.flatten(1) for part in parts], 1) for parts in boxes)),
        torch.cat([grid.values[:, :, 4].flatten(1) for grid in grids], 1),
        torch.cat(
            [grid.values[:, :, 5:].permute(0, 1, 3, 4, 2).flatten(1, 3) for grid in grids], 1
        ),
    )


def in_pixels(boxes: Box, size: tuple[int, int]) -> Box:
    """Return boxes in pixels of an input of this width and height, given them in 0..1."""
    w, h = size
    return Box(boxes.x * w, boxes.y * h, boxes.w * w, boxes.h * h)


def cells_of(grid: Grid, size: tuple[int, int], share: float) -> Box:
    """Return the cell of each slot in pixels, [anchors, H, W]: centre, and a share of its sides."""
    w, h = size[0] / grid.width, size[1] / grid.height
    column = torch.arange(grid.width, device=grid.device)
    row = torch.arange(grid.height, device=grid.device)[:, None]
    sides = torch.full((grid.values.shape[1], 1, 1), share, device=grid.device)  # of one cell
    return Box(*torch.broadcast_tensors((column + 0.5) * w, (row + 0.5) * h, sides * w, sides * h))


@singledispatch
def write(layer: Yolo, head: Head, grid: Grid, matches: Matches) -> Written:
    """Write the deltas of a head, in the original's form."""
    delta, pull = torch.zeros_like(grid.values), Pull.of(layer)
    delta[:, :, 4] = pull.toward_zero(grid.values[:, :, 4])
    write_deltas(delta, grid, matches, pull)
    add_l1(layer, delta, grid, matches, torch.log)
    return outcome(layer, head, grid, delta, [matches])


@write.register
def write_fork(layer: YoloAlexeyAB, head: Head, grid: Grid, matches: Matches) -> Written:
    """Write the deltas of a head, in the fork's form."""
    delta, pull = torch.zeros_like(grid.values), Pull.of(layer)
    delta[:, :, 4] = layer.obj_normalizer * pull.toward_zero(grid.values[:, :, 4])
    writer = DeltaWriter(layer, grid, delta)
    writer.write(matches)
    add_l1(layer, delta, grid, matches, writer.inverse_sides)
    return Written(layer, delta[:, :, 4], [matches], lambda: writer.loss(head, matches))


def add_l1(
    layer: Yolo, delta: Tensor, grid: Grid, matches: Matches, inverse: Callable[[Tensor], Tensor]
) -> None:
    """Add the step of the distance |t - t*| of matched slots' box entries, `l1` times its sign.

    `inverse` gives the entries of sides, as in `Grid.targets`.
    """
    if not layer.l1:
        return
    index = matches.slots.entries
    apart = grid.targets(matches.truth, matches.slots, inverse) - grid.values[index][:, :4]
    values = delta[index]
    values[:, :4] += layer.l1 * apart.sign()
    delta[index] = values
