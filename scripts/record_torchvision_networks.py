#!/usr/bin/env python3
"""Record torchvision's RetinaNet and SSD as a whole, and SGD around the losses of their heads.

pip install --no-deps torchvision pillow
python scripts/record_torchvision_networks.py tests/reference/anchor_heads

The tests make the same numbers from the same seeds, by the functions below.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import numpy as np
import record_anchor_heads as heads
import torch
from official_torchvision import torchvision_detection
from torch import Tensor, nn

SIDES: Final = {"retina": 128, "ssd": 300}  # of the image that a whole network sees
COLUMNS: Final = 48  # of SSD's default boxes whose numbers are kept
FEW: Final = 20  # scores that compete, of a map or a class
IMAGES: Final = 4  # of a step
STEPS: Final = 20
RATE: Final = 0.01
MOMENTUM: Final = 0.9
DECAY: Final = 0.0005
WIDTHS: Final = (8, 8, 16)  # of the convolutions of the network that learns


def values_of(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Return float32 arrays of these names and shapes, each from a seed that its name gives."""
    return {name: value_of(name, shape) for name, shape in shapes.items()}


def value_of(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return an array whose numbers are like those of a trained network."""
    random = np.random.default_rng(zlib.crc32(name.encode()))
    if name.endswith("running_var"):
        return random.uniform(0.5, 1.5, shape).astype(np.float32)
    if "scale_weight" in name:
        return random.uniform(15, 25, shape).astype(np.float32)
    if len(shape) == 1 and name.endswith("weight"):
        return random.uniform(0.8, 1.2, shape).astype(np.float32)
    values = random.standard_normal(shape, np.float32)
    if len(shape) == 1:
        offset = -4 if "cls_logits" in name else 0  # few chances are above .05
        return values * np.float32(0.1) + np.float32(offset)
    gain = 0.2 if "head" in name else 1.0
    return values * np.float32(gain * np.sqrt(2 / np.prod(shape[1:])))


def shapes_of(model: nn.Module) -> dict[str, tuple[int, ...]]:
    """Return the names and shapes of a state dict's arrays, without the counters of batches."""
    state = model.state_dict().items()
    return {name: tuple(one.shape) for name, one in state if "num_batches" not in name}


def load_values(model: nn.Module) -> None:
    """Give a model the values of its names."""
    values = values_of(shapes_of(model))
    model.load_state_dict({name: torch.from_numpy(one) for name, one in values.items()}, False)


def picture(seed: int, width: int, height: int, images: int = 1) -> np.ndarray:
    """Return images [N, 3, height, width] in 0..1, float32: eighths."""
    shape = (images, 3, height, width)
    return (np.random.default_rng(seed).integers(0, 9, shape) / 8).astype(np.float32)


def columns(count: int) -> np.ndarray:
    """Return which of so many default boxes are kept."""
    return np.sort(np.random.default_rng(1).permutation(count)[:COLUMNS])


def names_of(model: nn.Module) -> dict[str, np.ndarray]:
    """Return names and shapes in arrays; a shape has 4 numbers, 0 for those that it has not."""
    shapes = shapes_of(model)
    padded = [(*shape, *(0,) * (4 - len(shape))) for shape in shapes.values()]
    return {"names": np.array(list(shapes)), "shapes": np.array(padded, np.int16)}


def photograph(side: int) -> np.ndarray:
    """Return an image [side, side, 3] of noise, uint8."""
    return np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)


def pixels(side: int) -> Tensor:
    """Return the same as networks see it: [1, 3, side, side] in 0..1, float32."""
    return torch.from_numpy(photograph(side).transpose(2, 0, 1)[None] / np.float32(255))


def network_of(make: Any, **options: Any) -> Any:
    """Return a network of 91 classes with seeded values, which takes pixels as they are."""
    plain = {"image_mean": [0.0] * 3, "image_std": [1.0] * 3}
    model = make(weights=None, weights_backbone=None, num_classes=91, **plain, **options)
    load_values(model)
    return model.eval()


def found_by(model: Any, side: int) -> np.ndarray:
    """Return what a network finds in the image: corners in pixels, score, class [K, 6]."""
    with torch.no_grad():
        [found] = model(list(pixels(side)))
    rows = [found["boxes"], found["scores"][:, None], found["labels"][:, None].float()]
    return torch.cat(rows, 1).numpy()


def record_retina(detection: Any) -> dict[str, np.ndarray]:
    """Return the boxes of an image, by torchvision's own limits and where FEW scores compete."""
    side = SIDES["retina"]
    models = [
        network_of(detection.retinanet_resnet50_fpn, min_size=side, max_size=side, **more)
        for more in ({}, {"topk_candidates": FEW})
    ]
    rows, few = (found_by(model, side) for model in models)
    return names_of(models[0]) | {"rows": rows, "few": few}


def record_ssd(detection: Any) -> dict[str, np.ndarray]:
    """Return the same of SSD, and some columns: corners cut to the image, and probabilities."""
    side = SIDES["ssd"]
    models = [network_of(detection.ssd300_vgg16, **more) for more in ({}, {"topk_candidates": FEW})]
    rows, few = (found_by(model, side) for model in models)
    model, x = models[0], pixels(side)
    with torch.no_grad():
        maps = list(model.backbone(x).values())
        found = model.head(maps)
    images = SimpleNamespace(tensors=x, image_sizes=[(side, side)])
    [anchors] = model.anchor_generator(images, maps)
    kept = columns(len(anchors))
    boxes = model.box_coder.decode_single(found["bbox_regression"][0], anchors).clamp(0, side)
    chances = found["cls_logits"][0].softmax(1)
    some = {"boxes": boxes[kept].numpy(), "chances": chances[kept].numpy()}
    return names_of(model) | {"rows": rows, "few": few, **some}


class Small(nn.Module):
    """Three convolutions of stride 2, two poolings, and one convolution for the maps of a head."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        sizes = (3, *WIDTHS)
        self.convolutions = nn.ModuleList(
            nn.Conv2d(a, b, 3, 2, 1) for a, b in zip(sizes, WIDTHS, strict=False)
        )
        self.maps = nn.ModuleList(nn.Conv2d(WIDTHS[-1], channels, 1) for _ in heads.STRIDES)

    def forward(self, x: Tensor) -> list[Tensor]:
        for convolution in self.convolutions:
            x = convolution(x).relu()
        found = []
        for number, convolution in enumerate(self.maps):
            x = nn.functional.max_pool2d(x, 2, 2) if number else x
            found.append(convolution(x))
        return found


def step_of(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the images of a step in 0..1, and their true boxes in pixels: class, x, y, w, h.

    The seeds are of steps where no two default boxes are equally good but for rounding.
    """
    random = np.random.default_rng(4000 + number)
    width, height = heads.SIZE
    sides = random.integers(80, 320, (IMAGES, 3, 2)) / 8
    centres = random.integers(64, (8 * width - 63, 8 * height - 63), (IMAGES, 3, 2)) / 8
    kinds = random.integers(0, heads.CLASSES, (IMAGES, 3, 1))
    truth = np.concatenate([kinds, centres, sides], 2).astype(np.float32)
    return picture(number, width, height, IMAGES), truth


def record_steps(loss_of: Any, channels: int, subdivisions: int) -> np.ndarray:
    """Return the losses of SGD by torch, whose weights of convolutions decay."""
    model = Small(channels)
    load_values(model)
    weights = [one for one in model.parameters() if one.dim() == 4]
    others = [one for one in model.parameters() if one.dim() != 4]
    groups = [{"params": weights, "weight_decay": DECAY}, {"params": others}]
    optimizer = torch.optim.SGD(groups, lr=RATE, momentum=MOMENTUM)
    losses = []
    for number in range(STEPS):
        images, truth = step_of(number)
        optimizer.zero_grad()
        total = 0.0
        each = IMAGES // subdivisions
        for start in range(0, IMAGES, each):
            part = slice(start, start + each)
            loss = loss_of(model(torch.from_numpy(images[part])), truth[part]) / subdivisions
            loss.backward()
            total += loss.item()
        optimizer.step()
        losses.append(total)
    return np.array(losses)


def main() -> None:
    """Write whole_retina.npz, whole_ssd.npz and steps.npz."""
    parser = argparse.ArgumentParser(description="Record whole networks of torchvision, and SGD.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    torch.set_num_threads(1)
    detection = torchvision_detection()
    np.savez_compressed(folder / "whole_retina.npz", **record_retina(detection))
    np.savez_compressed(folder / "whole_ssd.npz", **record_ssd(detection))
    found = {}
    for name, kind in heads.kinds(detection).items():
        channels = kind.anchors * (4 + kind.scores)
        for subdivisions in (1, 4):
            losses = record_steps(kind.loss, channels, subdivisions)
            found[f"{name}.{subdivisions}"] = losses
    np.savez_compressed(folder / "steps.npz", **found)


if __name__ == "__main__":
    main()
