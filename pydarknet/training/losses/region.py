"""The loss of [region] in the original."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from ...graph.head import Head
from ...layers.region import Region
from ...modules.parameters import constant
from ...modules.transfer import all_on_device, on_device
from .base import DeltaLoss, LossInputs, delta_loss, head_by_head, number_text, zero_loss
from .iou import Box, iou
from .matcher import Matches
from .slots import Grid, Slots, best_ious
from .smoothing import smooth
from .targets import GroundTruth, cells_of, ground_truth_of
from .tree_targets import class_targets

EARLY: Final = 12800  # images; up to it, every box also has deltas toward its anchor
FAR: Final = 100000  # a label whose x and y exceed it is a class without a box
MOST: Final = 30  # boxes of an image that the original reads


@delta_loss(Region)
@head_by_head
def region_loss(layer: Region, head: Head, inputs: LossInputs) -> DeltaLoss:
    """Return deltas of objectness for all slots, and of all entries for matched ones.

    Darknet: src/region_layer.c forward_region_layer
    """
    if layer.onlyforward:
        return zero_loss(head)
    values = head.activated.detach().unflatten(1, (layer.num, -1))
    truth = ground_truth_of(
        inputs, layer, layer.classes, most=MOST, place=layer.coords, map=layer.map
    )
    writer = DeltaWriter(layer, sigmoid_masks(layer, values), truth)
    writer.write(early=inputs.seen < EARLY)
    return writer.loss(head)


def sigmoid_masks(layer: Region, values: Tensor) -> Tensor:
    """Return values [N, num, entries, H, W] with the sigmoid of mask coefficients, if any.

    Darknet: src/region_layer.c forward_region_layer_gpu
    Quirk: REGION_MASKS
    """
    if layer.coords == 4:
        return values
    masks = torch.sigmoid(values[:, :, 4 : layer.coords])
    return torch.cat([values[:, :, :4], masks, values[:, :, layer.coords :]], 2)


class DeltaWriter:
    """Writes deltas of activated values into `delta`, [N, num, entries, H, W]."""

    def __init__(self, layer: Region, values: Tensor, truth: GroundTruth) -> None:
        self.layer, self.labels = layer, truth  # with the classes that have no box
        height, width = values.shape[3:]
        self.grid = Grid.of(values, layer.anchor_sizes, (width, height), torch.exp)
        self.delta = torch.zeros_like(values)
        self.class_rows = rows_without_box(layer, truth)  # [N]
        self.truth = truth.without(self.class_rows >= 0)
        self.there = self.truth.on(values.device)
        boxes = on_device(self.class_rows < 0, values.device)
        self.has_boxes = boxes[:, None, None, None]  # [N, 1, 1, 1]
        self.probabilities = values.new_zeros(())  # of true classes, summed
        self.classes_written = 0
        self.matches = self.best_matches()

    def write(self, *, early: bool) -> None:
        """Write every slot, as the C does: later deltas replace earlier ones."""
        self.write_background(*best_ious(self.grid.boxes(), self.there.boxes))
        if early:
            self.write_anchors()
        self.write_boxless()
        self.write_matches()

    def write_background(self, overlap: Tensor, index: Tensor) -> None:
        """Write objectness toward 0, but none for slots with `overlap` [N, num, H, W] of a box."""
        layer, objectness = self.layer, self.grid.values[:, :, self.layer.coords]
        toward_zero = -layer.noobject_scale * objectness
        target = layer.noobject_scale * (1 - objectness) if layer.background else toward_zero
        apart = torch.where(overlap > layer.thresh, 0.0, target)
        self.delta[:, :, layer.coords] = torch.where(self.has_boxes, apart, toward_zero)

    def write_anchors(self) -> None:
        """Write small deltas toward the centre of each cell and the size of each anchor."""
        values, mask = self.grid.values, self.has_boxes[:, :, None]
        self.delta[:, :, :2] = 0.01 * (0.5 - values[:, :, :2]) * mask
        self.delta[:, :, 2:4] = -0.01 * values[:, :, 2:4] * mask  # e^0 times the anchor

    def write_boxless(self) -> None:
        """Write each class without a box in the slot of its image with the best score of it.

        Darknet: src/region_layer.c forward_region_layer (onlyclass)
        """
        for image in (self.class_rows >= 0).nonzero()[:, 0]:
            row = self.class_rows[image][None]
            slots = self.best_slot(image[None], self.labels.classes[image, row])
            matches = Matches.of(slots, self.labels, row, self.delta.device)
            self.clear_objectness(matches.slots)
            self.write_classes(matches)

    def best_slot(self, image: Tensor, classes: Tensor) -> Slots:
        """Return the slot of an image with the most objectness times probability of a class."""
        tree, first = self.layer.hierarchy, self.layer.coords + 1
        assert tree is not None
        path = tree.path(int(classes))
        values = self.grid.values[int(image)]  # [num, entries, H, W]
        # of a class in a tree: the product down its path
        score = values[:, [first + index for index in path]].prod(1) * values[:, self.layer.coords]
        anchor, row, column = torch.unravel_index(score.argmax().cpu(), score.shape)
        return Slots(image, anchor[None], row[None], column[None])

    def clear_objectness(self, slots: Slots) -> None:
        """Set the objectness deltas of slots to 0."""
        self.delta[slots.image, slots.anchor, self.layer.coords, slots.row, slots.column] = 0.0

    def best_matches(self) -> Matches:
        """Match each box with the anchor of its cell that is most like it in its sides.

        Darknet: src/region_layer.c forward_region_layer (bias_match)
        """
        image, row = self.truth.indices
        truth = Box(*(part[image, row] for part in self.truth.boxes))  # [K]
        rows, columns = cells_of(truth, self.grid.width, self.grid.height)
        w, h = self.sides_at(image, rows, columns).unbind(-1)
        zero = torch.zeros(())
        overlap = iou(Box(zero, zero, w, h), Box(zero, zero, truth.w[:, None], truth.h[:, None]))
        slots = Slots(image, overlap.argmax(1), rows, columns)
        return Matches.of(slots, self.truth, row, self.delta.device)

    def sides_at(self, image: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
        """Return the sides [K, num, 2] that are compared in cells: predicted, or [num, 2] anchors.

        All are on the CPU; for predicted ones this waits for a GPU.
        """
        if self.layer.bias_match:
            anchors = torch.tensor(self.layer.anchor_sizes)
            return anchors / torch.tensor([self.grid.width, self.grid.height])
        cells = all_on_device([image, rows, columns], self.delta.device)
        predicted = self.grid.values[cells[0], :, 2:4, cells[1], cells[2]]
        return (predicted.exp() * self.grid.anchors).cpu()

    def write_matches(self) -> None:
        """Write matched slots; the last box of a slot replaces earlier ones.

        Darknet: src/region_layer.c delta_region_box, delta_region_mask
        """
        layer, matches = self.layer, self.matches
        values = self.grid.values[matches.slots.entries]  # [K, entries]
        objectness = layer.object_scale * (self.objectness_target() - values[:, layer.coords])
        parts = [self.box_deltas(values), *self.mask_deltas(values), objectness[:, None]]
        deltas = torch.cat(parts, 1)  # [K, coords + 1]
        for turn in matches.turns:
            index = matches.slots.at(turn).entries
            classes = self.delta[index][:, deltas.shape[1] :]
            self.delta[index] = torch.cat([deltas[turn], classes], 1)
            self.write_classes(matches.at(turn))

    def objectness_target(self) -> Tensor:
        """Return the target of the objectness of matched slots, [K]."""
        overlap, layer = self.overlap(), self.layer
        if layer.background:
            share = layer.label_smooth_eps / layer.rivals[0] if layer.joined else 0.0
            return torch.full_like(overlap, share)
        return overlap if self.layer.rescore else torch.ones_like(overlap)

    def overlap(self) -> Tensor:
        """Return the IoU of matched slots with their ground truth, [K]."""
        return iou(self.grid.boxes_at(self.matches.slots), self.matches.truth)

    def box_deltas(self, values: Tensor) -> Tensor:
        """Return the deltas of x, y, w and h, [K, 4]."""
        truth = self.matches.truth
        targets = self.grid.targets(truth, self.matches.slots, torch.log)
        small = (2 - truth.w * truth.h)[:, None]  # 1..2: small boxes count more
        return self.layer.coord_scale * small * (targets - values[:, :4])

    def mask_deltas(self, values: Tensor) -> list[Tensor]:
        """Return the deltas of mask coefficients, [K, coords - 4], if the head has any.

        Quirk: REGION_MASKS
        """
        if self.layer.coords == 4:
            return []
        image, row = self.truth.indices
        masks = on_device(self.truth.rows[image, row, 5 : self.layer.coords + 1], values.device)
        return [int(self.layer.mask_scale) * (masks - values[:, 4 : self.layer.coords])]

    def write_classes(self, matches: Matches) -> None:
        """Write the classes of slots, with the classes above them in a tree.

        Darknet: src/region_layer.c delta_region_class
        """
        first, index = self.layer.coords + 1, matches.slots.entries
        before, output = self.delta[index], self.grid.values[index][:, first:]
        target, affected = class_targets(self.layer, matches)
        deltas, probabilities = self.class_deltas(before[:, first:], output, target, affected)
        self.delta[index] = torch.cat([before[:, :first], deltas], 1)
        self.probabilities += probabilities.sum()
        self.classes_written += len(matches)

    def class_deltas(
        self, before: Tensor, output: Tensor, target: Tensor, affected: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return class deltas [K, classes], and the probabilities of true classes [K].

        A probability counts as 0 in a slot that keeps its earlier class beside the new one.

        Quirk: SECOND_CLASS
        """
        scale, goal = self.layer.class_scale, self.goals(target)
        deltas = torch.where(affected, scale * (goal - output), before)
        probabilities = torch.where(target, output, 1.0).prod(1)  # in a tree, down the path
        if self.layer.softmax or self.layer.hierarchy:
            return deltas, probabilities
        again = before[:, :1] != 0
        beside = torch.where(target, scale * (goal - output), before)
        return torch.where(again, beside, deltas), probabilities * ~again[:, 0]

    def goals(self, target: Tensor) -> Tensor:
        """Return the targets of classes as numbers, smooth if the section says so."""
        return smooth(target.float(), self.layer.label_smooth_eps, self.layer.rivals)

    def raw_delta(self) -> Tensor:
        """Return the deltas of raw values: those of sigmoid entries times the derivative.

        Darknet: src/region_layer.c backward_region_layer_gpu
        """
        slope = torch.ones_like(self.delta)
        squashed = [0, 1, *range(4, self.layer.coords)]
        squashed += [] if self.layer.background else [self.layer.coords]
        entries = constant(tuple(squashed), self.delta, torch.int64)
        values = self.grid.values[:, :, entries]
        slope[:, :, entries] = values * (1 - values)
        return self.delta * slope

    def loss(self, head: Head) -> DeltaLoss:
        """Return the loss of the head. Its cost does not include the sigmoid's derivative.

        Quirk: REGION_COST
        """
        return self.loss_with_line(head, self.raw_delta(), self.delta.square().sum())

    def loss_with_line(self, head: Head, delta: Tensor, cost: Tensor) -> DeltaLoss:
        """Return a loss with the line that the C prints."""
        figures, count = self.figures(), len(self.matches)
        return DeltaLoss(
            delta=delta.reshape(head.raw.shape), cost=cost, line=lambda: log_line(figures, count)
        )

    def figures(self) -> Tensor:
        """Return the figures of the line, [5], in the order of `log_line`."""
        overlap, objectness = self.overlap(), self.grid.values[:, :, self.layer.coords]
        matched, recall = objectness[tuple(self.matches.slots)], (overlap > 0.5).float()
        anywhere = objectness * self.has_boxes
        true_class = self.probabilities / self.classes_written
        means = (overlap.mean(), true_class, matched.mean(), anywhere.mean(), recall.mean())
        return torch.stack(means)


def rows_without_box(layer: Region, truth: GroundTruth) -> Tensor:
    """Return the row of each image's first label without a box, int64 [N]; -1 if none.

    Darknet: src/region_layer.c forward_region_layer (onlyclass)
    Quirk: LONE_CLASS
    """
    far = truth.usable & (truth.rows[..., :2] > FAR).all(2)  # [N, T]
    if layer.hierarchy is None or not far.any():
        return torch.full((len(far),), -1)
    return torch.where(far.any(1), far.int().argmax(1), -1)


def log_line(figures: Tensor, count: int) -> str:
    """Return the line that the C prints.

    Darknet: src/region_layer.c forward_region_layer
    """
    overlap, true_class, objectness, anywhere, recall = map(number_text, figures.tolist())
    return (
        f"Region Avg IOU: {overlap}, Class: {true_class}, Obj: {objectness}, No Obj: {anywhere},"
        f" Avg Recall: {recall},  count: {count}"
    )
