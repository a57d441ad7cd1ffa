#!/usr/bin/env python3
"""Record torchvision's RetinaNet and SSD: anchors, matches, losses, gradients and boxes.

pip install --no-deps torchvision pillow
python scripts/record_anchor_heads.py tests/reference/anchor_heads

The tests make the same numbers from the same seeds, by the functions below.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, NamedTuple

import numpy as np
import torch
from official_torchvision import torchvision_detection
from torch import Tensor

CLASSES: Final = 3
SIZE: Final = (64, 32)  # of the input: width and height
STRIDES: Final = (8, 16, 32)
SIDES: Final = (16, 32, 48)  # of RetinaNet's anchors, map by map
RATIOS: Final = (0.5, 1.0, 2.0)
SCALES: Final = (0.2, 0.4, 0.6, 0.8)  # of SSD's default boxes, and of the one after the last
TERMS: Final = ("classification", "bbox_regression")
CASES: Final = ("boxes", "one_empty", "crowd", "none", "unreached")


class Case(NamedTuple):
    """Maps [2, A * (4 + scores), h, w], and true boxes [2, T, 5]: class, x, y, w, h in pixels."""

    maps: list[np.ndarray]
    truth: np.ndarray


def cases(anchors: int, scores: int) -> Iterator[tuple[str, Case]]:
    """Yield names and cases for heads of so many anchors a cell, each with so many scores."""
    for number, name in enumerate(CASES):
        random = np.random.RandomState(number)
        shapes = [(anchors * (4 + scores), SIZE[1] // s, SIZE[0] // s) for s in STRIDES]
        maps = [(random.randint(-256, 257, (2, *shape)) / 128) for shape in shapes]
        count = {"crowd": 12, "none": 0}.get(name, 4)
        sides = random.randint(64, 320, (2, count, 2)) / 8
        if name == "unreached":
            sides[0] = 8, 5  # no anchor overlaps such a box by half
        centres = random.randint(64, np.array(SIZE) * 8 - 63, (2, count, 2)) / 8
        classes = random.randint(0, CLASSES, (2, count, 1))
        truth = np.concatenate([classes, centres, sides], 2)
        if name == "one_empty":
            truth[1] = 0
        yield name, Case([one.astype(np.float32) for one in maps], truth.astype(np.float32))


def rows_of(maps: list[Tensor], anchors: int) -> tuple[Tensor, Tensor]:
    """Return deltas [N, P, 4] and scores [N, P, n], in torchvision's order of anchors."""
    found: tuple[list[Tensor], list[Tensor]] = ([], [])
    for x in maps:
        parts = x.split((4 * anchors, x.shape[1] - 4 * anchors), 1)
        for part, rows in zip(parts, found, strict=True):
            cells = part.view(len(x), anchors, -1, *x.shape[2:]).permute(0, 3, 4, 1, 2)
            rows.append(cells.reshape(len(x), -1, part.shape[1] // anchors))
    return torch.cat(found[0], 1), torch.cat(found[1], 1)


def targets_of(truth: np.ndarray, first: int) -> list[dict[str, Tensor]]:
    """Return true boxes as torchvision's: corners, and classes that are counted from `first`."""
    targets = []
    for rows in torch.from_numpy(truth):
        rows = rows[rows[:, 3] > 0]
        corners = torch.cat([rows[:, 1:3] - rows[:, 3:] / 2, rows[:, 1:3] + rows[:, 3:] / 2], 1)
        targets.append({"boxes": corners, "labels": rows[:, 0].long() + first})
    return targets


def images_of(count: int, size: tuple[int, int]) -> Any:
    """Return what torchvision's anchor generators take for images of a size, height and width."""
    return SimpleNamespace(tensors=torch.zeros(count, 3, *size), image_sizes=[size] * count)


class Kind(NamedTuple):
    """A head of torchvision: anchors a cell, scores an anchor, and what makes its numbers.

    `first` is the number of the first class. `lose` returns its losses, given true boxes, maps'
    rows, anchors and matches.
    """

    anchors: int
    scores: int
    first: int
    generator: Any
    matcher: Any
    coder: Any
    lose: Any

    def numbers(self, maps: list[Tensor], truth: np.ndarray) -> Numbers:
        """Return the losses of maps, and what belongs to them."""
        shape = maps[0].shape[2] * STRIDES[0], maps[0].shape[3] * STRIDES[0]
        anchors = self.generator(images_of(len(truth), shape), maps)
        deltas, scores = rows_of(maps, self.anchors)
        targets = targets_of(truth, self.first)
        matched = matches_of(self.matcher, targets, anchors)
        outputs = {"cls_logits": scores, "bbox_regression": deltas}
        losses = self.lose(targets, outputs, anchors, matched)
        return Numbers(losses, matched, anchors, deltas, scores)

    def loss(self, maps: list[Tensor], truth: np.ndarray) -> Tensor:
        """Return the sum of the losses of maps."""
        found: Tensor = sum(self.numbers(maps, truth).losses[term] for term in TERMS)
        return found


class Numbers(NamedTuple):
    """Losses by name, matches of each image, anchors, and the rows of maps."""

    losses: dict[str, Tensor]
    matched: list[Tensor]
    anchors: list[Tensor]
    deltas: Tensor
    scores: Tensor


def kinds(detection: Any) -> dict[str, Kind]:
    """Return both heads by the names of our sections."""
    utilities, coder = detection._utils, detection._utils.BoxCoder
    sizes = tuple((side,) for side in SIDES)
    retina = detection.retinanet.RetinaNetHead(4, len(RATIOS), CLASSES)
    boxes = detection.anchor_utils.DefaultBoxGenerator(
        [[2]] * len(STRIDES), scales=list(SCALES), steps=list(STRIDES)
    )
    weighted = coder((10.0, 10.0, 5.0, 5.0))
    ssd = SimpleNamespace(box_coder=weighted, neg_to_pos_ratio=3)
    return {
        "retina": Kind(
            len(RATIOS),
            CLASSES,
            0,
            detection.anchor_utils.AnchorGenerator(sizes, (RATIOS,) * len(SIDES)),
            utilities.Matcher(0.5, 0.4, allow_low_quality_matches=True),
            coder((1.0, 1.0, 1.0, 1.0)),
            retina.compute_loss,
        ),
        "ssd": Kind(
            boxes.num_anchors_per_location()[0],
            1 + CLASSES,
            1,
            boxes,
            utilities.SSDMatcher(0.5),
            weighted,
            lambda *given: detection.ssd.SSD.compute_loss(ssd, *given),
        ),
    }


def record(kind: Kind) -> dict[str, np.ndarray]:
    """Return a head's anchors and, of each case, matches, both losses and the gradients."""
    found: dict[str, np.ndarray] = {}
    for name, case in cases(kind.anchors, kind.scores):
        maps = [torch.from_numpy(one).requires_grad_() for one in case.maps]
        numbers = kind.numbers(maps, case.truth)
        found |= numbers_of(name, maps, numbers.matched, numbers.losses)
        found.setdefault("anchors", numbers.anchors[0].numpy())
        if name == CASES[0]:
            found["boxes"] = decoded(kind.coder, numbers.deltas, numbers.anchors)
            scores = numbers.scores.detach()
            found["chances"] = (scores.softmax(-1) if kind.first else scores.sigmoid()).numpy()
    return found


def matches_of(matcher: Any, targets: list[dict[str, Tensor]], anchors: list[Tensor]) -> Any:
    """Return the row of the true box that each anchor learns, of each image."""
    from torchvision.ops import box_iou  # type: ignore[import-not-found, unused-ignore]

    none = torch.full((len(anchors[0]),), -1)
    return [
        matcher(box_iou(target["boxes"], each)) if len(target["boxes"]) else none
        for target, each in zip(targets, anchors, strict=True)
    ]


def numbers_of(
    name: str, maps: list[Tensor], matched: list[Tensor], losses: dict[str, Tensor]
) -> dict[str, np.ndarray]:
    """Return the numbers of a case: what is matched, the losses and their gradients."""
    sum(losses[term] for term in TERMS).backward()
    found = {
        f"{name}.matched": torch.stack(matched).numpy().astype(np.int8),
        f"{name}.terms": np.array([losses[term].item() for term in TERMS]),
    }
    for level, one in enumerate(maps):
        assert one.grad is not None
        found[f"{name}.gradient.{level}"] = one.grad.numpy()
    return found


def decoded(coder: Any, deltas: Tensor, anchors: list[Tensor]) -> np.ndarray:
    """Return the boxes [2, P, 4] of deltas, corners cut to the image."""
    from torchvision.ops import clip_boxes_to_image

    each = [
        clip_boxes_to_image(coder.decode_single(some.detach(), boxes), (SIZE[1], SIZE[0]))
        for some, boxes in zip(deltas, anchors, strict=True)
    ]
    found: np.ndarray = torch.stack(each).numpy()
    return found


def main() -> None:
    """Write both recordings."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    detection = torchvision_detection()
    for name, kind in kinds(detection).items():
        np.savez_compressed(folder / f"{name}.npz", **record(kind))


if __name__ == "__main__":
    main()
