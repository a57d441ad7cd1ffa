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


def images_of() -> Any:
    """Return what torchvision's anchor generators take for two images."""
    return SimpleNamespace(
        tensors=torch.zeros(2, 3, SIZE[1], SIZE[0]), image_sizes=[(SIZE[1], SIZE[0])] * 2
    )


def record_retina(detection: Any) -> dict[str, np.ndarray]:
    """Return RetinaNet's anchors and, of each case, matches, both losses and the gradients."""
    sizes = tuple((side,) for side in SIDES)
    generator = detection.anchor_utils.AnchorGenerator(sizes, (RATIOS,) * len(SIDES))
    head = detection.retinanet.RetinaNetHead(4, len(RATIOS), CLASSES)
    matcher = detection._utils.Matcher(0.5, 0.4, allow_low_quality_matches=True)
    found: dict[str, np.ndarray] = {}
    for name, case in cases(len(RATIOS), CLASSES):
        maps = [torch.from_numpy(one).requires_grad_() for one in case.maps]
        anchors = generator(images_of(), maps)
        deltas, scores = rows_of(maps, len(RATIOS))
        targets = targets_of(case.truth, 0)
        matched = matches_of(matcher, targets, anchors)
        outputs = {"cls_logits": scores, "bbox_regression": deltas}
        losses = head.compute_loss(targets, outputs, anchors, matched)
        found |= numbers_of(name, maps, matched, losses, ("classification", "bbox_regression"))
        found.setdefault("anchors", anchors[0].numpy())
        if name == CASES[0]:
            coder = detection._utils.BoxCoder((1.0, 1.0, 1.0, 1.0))
            found["boxes"] = decoded(coder, deltas, anchors)
            found["chances"] = scores.detach().sigmoid().numpy()
    return found


def record_ssd(detection: Any) -> dict[str, np.ndarray]:
    """Return the same of SSD."""
    generator = detection.anchor_utils.DefaultBoxGenerator(
        [[2]] * len(STRIDES), scales=list(SCALES), steps=list(STRIDES)
    )
    each = generator.num_anchors_per_location()[0]
    coder = detection._utils.BoxCoder((10.0, 10.0, 5.0, 5.0))
    matcher = detection._utils.SSDMatcher(0.5)
    model = SimpleNamespace(box_coder=coder, neg_to_pos_ratio=3)
    found: dict[str, np.ndarray] = {}
    for name, case in cases(each, 1 + CLASSES):
        maps = [torch.from_numpy(one).requires_grad_() for one in case.maps]
        anchors = generator(images_of(), maps)
        deltas, scores = rows_of(maps, each)
        targets = targets_of(case.truth, 1)
        matched = matches_of(matcher, targets, anchors)
        outputs = {"cls_logits": scores, "bbox_regression": deltas}
        losses = detection.ssd.SSD.compute_loss(model, targets, outputs, anchors, matched)
        found |= numbers_of(name, maps, matched, losses, ("classification", "bbox_regression"))
        found.setdefault("anchors", anchors[0].numpy())
        if name == CASES[0]:
            found["boxes"] = decoded(coder, deltas, anchors)
            found["chances"] = scores.detach().softmax(-1).numpy()
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
    name: str, maps: list[Tensor], matched: list[Tensor], losses: Any, terms: tuple[str, ...]
) -> dict[str, np.ndarray]:
    """Return the numbers of a case: what is matched, the losses and their gradients."""
    sum(losses[term] for term in terms).backward()
    found = {
        f"{name}.matched": torch.stack(matched).numpy().astype(np.int8),
        f"{name}.terms": np.array([losses[term].item() for term in terms]),
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
    np.savez_compressed(folder / "retina.npz", **record_retina(detection))
    np.savez_compressed(folder / "ssd.npz", **record_ssd(detection))


if __name__ == "__main__":
    main()
