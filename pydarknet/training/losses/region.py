"""What [region] loses in the original."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from ...layers.region import Region
from ...network import Head
from .base import DeltaLoss, LossInputs, delta_loss, head_by_head, number_text, zero_loss
from .iou import Box, iou
from .matcher import Matches
from .slots import Grid, Slots, best_overlaps
from .targets import Truths, cells, truths_of
from .yolo import on

EARLY: Final = 12800  # images, until which every box is also drawn to its anchor
FAR: Final = 100000  # truths beyond it are a class without a box
ROWS: Final = 30  # of an image's truths, which the original reads


@delta_loss(Region)
@head_by_head
def region_loss(layer: Region, head: Head, inputs: LossInputs) -> DeltaLoss:
    """Teach objectness everywhere, and where truths are box, objectness and classes.

    Darknet: src/region_layer.c forward_region_layer
    """
    if layer.onlyforward:
        return zero_loss(head)
    values = head.activated.detach().unflatten(1, (layer.num, -1))
    truths = truths_of(inputs, layer, layer.classes, most=ROWS, place=layer.coords, map=layer.map)
    teacher = Teacher(layer, squashed(layer, values), truths)
    teacher.teach(early=inputs.seen < EARLY)
    return teacher.loss(head)


def squashed(layer: Region, values: Tensor) -> Tensor:
    """Return values [N, num, entries, H, W] whose mask coefficients, if any, are squashed too.

    Darknet: src/region_layer.c forward_region_layer_gpu
    Quirk: REGION_MASKS
    """
    if layer.coords == 4:
        return values
    masks = torch.sigmoid(values[:, :, 4 : layer.coords])
    return torch.cat([values[:, :, :4], masks, values[:, :, layer.coords :]], 2)


class Teacher:
    """Writes what slots learn into `delta`, [N, num, entries, H, W], without slopes yet."""

    def __init__(self, layer: Region, values: Tensor, truths: Truths) -> None:
        self.layer, self.all_truths = layer, truths
        cells = values.new_tensor([values.shape[4], values.shape[3]])
        self.grid = Grid(values, values.new_tensor(layer.anchor_sizes) / cells, torch.exp)
        self.delta = torch.zeros_like(values)
        self.lone = lone_truths(layer, truths)
        self.truths = truths.without(self.lone >= 0)
        self.boxed = (self.lone < 0).to(values.device)[:, None, None, None]  # [N, 1, 1, 1]
        self.named = values.new_zeros(())  # the probabilities that classes of truths were given
        self.lessons = 0  # how many classes were taught
        self.matches = self.matched()

    def teach(self, *, early: bool) -> None:
        """Teach every slot; the later lesson counts where there are two."""
        overlap, which = best_overlaps(self.grid.boxes(), on(self.grid, self.truths.boxes))
        self.teach_background(overlap, which)
        if early:
            self.draw_to_anchors()
        self.teach_lone()
        self.teach_given()

    def teach_background(self, overlap: Tensor, which: Tensor) -> None:
        """Teach slots that there is nothing; those that overlap a truth are let alone."""
        layer, objects = self.layer, self.grid.values[:, :, self.layer.coords]
        nothing = -layer.noobject_scale * objects
        goal = layer.noobject_scale * (1 - objects) if layer.background else nothing
        apart = torch.where(overlap > layer.thresh, 0.0, goal)
        self.delta[:, :, layer.coords] = torch.where(self.boxed, apart, nothing)

    def draw_to_anchors(self) -> None:
        """Teach every slot, a little, the middle of its cell and the size of its anchor."""
        values, boxed = self.grid.values, self.boxed[:, :, None]
        self.delta[:, :, :2] = 0.01 * (0.5 - values[:, :, :2]) * boxed
        self.delta[:, :, 2:4] = -0.01 * values[:, :, 2:4] * boxed

    def teach_lone(self) -> None:
        """Teach classes without a box, each to the slot of its image that believes in it most.

        Darknet: src/region_layer.c forward_region_layer (onlyclass)
        """
        for image in (self.lone >= 0).nonzero()[:, 0]:
            row = self.lone[image][None]
            slots = self.believer(image[None], self.all_truths.classes[image, row])
            matches = Matches.of(slots, self.all_truths, row, self.delta.device)
            self.let_alone(matches.slots)
            self.name(matches)

    def believer(self, image: Tensor, classes: Tensor) -> Slots:
        """Return the slot of an image whose objectness times probability of a class is most."""
        tree, first = self.layer.hierarchy, self.layer.coords + 1
        assert tree is not None
        path = tree.ancestors[int(classes)]
        values = self.grid.values[int(image)]
        trust = values[:, first + path[path >= 0]].prod(1) * values[:, self.layer.coords]
        place = torch.unravel_index(trust.argmax().cpu(), trust.shape)
        return Slots(image, *(part[None] for part in place))

    def let_alone(self, slots: Slots) -> None:
        """Teach slots nothing of objectness."""
        self.delta[slots.image, slots.anchor, self.layer.coords, slots.row, slots.column] = 0.0

    def matched(self) -> Matches:
        """Give each truth to the anchor of its cell that is most like it, as a shape.

        Darknet: src/region_layer.c forward_region_layer (bias_match)
        """
        image, row = self.truths.listed
        truth = Box(*(side[image, row] for side in self.truths.boxes))
        down, across = cells(truth, self.grid.width, self.grid.height)
        sides = self.grid.anchors
        if not self.layer.bias_match:
            sides = self.grid.values[image, :, 2:4, down, across].exp() * sides  # [K, num, 2]
        w, h = sides.unbind(-1)
        zero, told = w.new_zeros(()), on(self.grid, truth)
        likeness = iou(Box(zero, zero, w, h), Box(zero, zero, told.w[:, None], told.h[:, None]))
        slots = Slots(image, likeness.argmax(1).cpu(), down, across)
        return Matches.of(slots, self.truths, row, self.delta.device)

    def teach_given(self) -> None:
        """Teach slots the truths they are given; the last of a slot's counts.

        Darknet: src/region_layer.c delta_region_box, delta_region_mask
        """
        layer, matches = self.layer, self.matches
        values = self.grid.values[matches.slots.entries]
        objects = layer.object_scale * (self.goal() - values[:, layer.coords])
        parts = [self.box_steps(values), *self.mask_steps(values), objects[:, None]]
        steps = torch.cat(parts, 1)
        for turn in matches.turns:
            index = matches.slots.at(turn).entries
            self.delta[index] = torch.cat([steps[turn], self.delta[index][:, steps.shape[1] :]], 1)
            self.name(matches.at(turn))

    def goal(self) -> Tensor:
        """Return what the objectness of slots with a truth is to be, [K]."""
        overlap = self.overlap()
        if self.layer.background:
            return torch.zeros_like(overlap)
        return overlap if self.layer.rescore else torch.ones_like(overlap)

    def overlap(self) -> Tensor:
        """Return the IoU of predictions and the truths they are given, [K]."""
        return iou(self.grid.boxes_at(self.matches.slots), self.matches.truth)

    def box_steps(self, values: Tensor) -> Tensor:
        """Return steps toward truths' boxes, [K, 4]; small boxes count more."""
        truth = self.matches.truth
        targets = self.grid.targets(truth, self.matches.slots, torch.log)
        small = (2 - truth.w * truth.h)[:, None]
        return self.layer.coord_scale * small * (targets - values[:, :4])

    def mask_steps(self, values: Tensor) -> list[Tensor]:
        """Return steps toward truths' mask coefficients, if the head has any.

        Quirk: REGION_MASKS
        """
        if self.layer.coords == 4:
            return []
        image, row = self.truths.listed
        masks = self.truths.rows[image, row, 5 : self.layer.coords + 1].to(values.device)
        return [int(self.layer.mask_scale) * (masks - values[:, 4 : self.layer.coords])]

    def name(self, matches: Matches) -> None:
        """Teach slots the classes of truths, and those above them in a tree.

        Darknet: src/region_layer.c delta_region_class
        """
        first, index = self.layer.coords + 1, matches.slots.entries
        before, given = self.delta[index], self.grid.values[index][:, first:]
        hits, reached = marks(self.layer, matches)
        names, told = self.names(before[:, first:], given, hits, reached)
        self.delta[index] = torch.cat([before[:, :first], names], 1)
        self.named += told.sum()
        self.lessons += len(matches)

    def names(
        self, before: Tensor, given: Tensor, hits: Tensor, reached: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return class deltas, and the probabilities told: none where a class comes beside others.

        Quirk: SECOND_CLASS
        """
        scale = self.layer.class_scale
        steps = torch.where(reached, scale * (hits.float() - given), before)
        told = torch.where(hits, given, 1.0).prod(1)
        if self.layer.softmax or self.layer.hierarchy:
            return steps, told
        known = before[:, :1] != 0
        beside = torch.where(hits, scale * (1 - given), before)
        return torch.where(known, beside, steps), told * ~known[:, 0]

    def sloped(self) -> Tensor:
        """Return the deltas with those of squashed entries times the logistic's derivative.

        Darknet: src/region_layer.c backward_region_layer_gpu
        """
        steep = torch.ones_like(self.delta)
        squashed = [0, 1, *range(4, self.layer.coords)]
        squashed += [] if self.layer.background else [self.layer.coords]
        values = self.grid.values[:, :, squashed]
        steep[:, :, squashed] = values * (1 - values)
        return self.delta * steep

    def loss(self, head: Head) -> DeltaLoss:
        """Return what the head loses: its cost is told before slopes count.

        Quirk: REGION_COST
        """
        return self.reported(head, self.sloped(), self.delta.square().sum())

    def reported(self, head: Head, delta: Tensor, cost: Tensor) -> DeltaLoss:
        """Return the loss with the line that the C prints."""
        figures, count = self.figures(), len(self.matches)
        return DeltaLoss(
            delta=delta.reshape(head.raw.shape), cost=cost, line=lambda: log_line(figures, count)
        )

    def figures(self) -> Tensor:
        """Return mean IoU, class, objectness, all objectness and the part of IoU above .5, [5]."""
        overlap, objects = self.overlap(), self.grid.values[:, :, self.layer.coords]
        given, most = objects[tuple(self.matches.slots)], overlap > 0.5
        everywhere = (objects * self.boxed).mean()
        named = self.named / self.lessons
        return torch.stack([overlap.mean(), named, given.mean(), everywhere, most.float().mean()])


def lone_truths(layer: Region, truths: Truths) -> Tensor:
    """Return the row of each image's first truth that is a class without a box; -1 if none.

    Darknet: src/region_layer.c forward_region_layer (onlyclass)
    Quirk: LONE_CLASS
    """
    far = truths.usable & (truths.rows[..., :2] > FAR).all(2)
    if layer.hierarchy is None or not far.any():
        return torch.full((len(far),), -1)
    return torch.where(far.any(1), far.int().argmax(1), -1)


def marks(layer: Region, matches: Matches) -> tuple[Tensor, Tensor]:
    """Return which classes are a truth's or above it, and which it teaches, bool [K, classes].

    In a tree those are the members of its group and of the groups above it; else all.

    Darknet: src/region_layer.c delta_region_class
    """
    hits = matches.hits(layer.classes)
    if layer.hierarchy is None:
        return hits, torch.ones_like(hits)
    device = hits.device
    path = layer.hierarchy.ancestors.to(device)[matches.classes]  # [K, depth]
    groups = layer.hierarchy.groups.to(device)
    hits = flags(path, layer.classes)
    taught = torch.where(path >= 0, groups[path], -1)
    return hits, flags(taught, len(layer.hierarchy.sizes))[:, groups]


def flags(places: Tensor, count: int) -> Tensor:
    """Return bool [K, count], true at the places of each row; a place of -1 is none."""
    found = torch.zeros(len(places), count + 1, dtype=torch.bool, device=places.device)
    return found.scatter_(1, places % (count + 1), True)[:, :count]


def log_line(figures: Tensor, count: int) -> str:
    """Return the line that the C prints.

    Darknet: src/region_layer.c forward_region_layer
    """
    overlap, named, objects, anything, recall = map(number_text, figures.tolist())
    return (
        f"Region Avg IOU: {overlap}, Class: {named}, Obj: {objects}, No Obj: {anything},"
        f" Avg Recall: {recall},  count: {count}"
    )
