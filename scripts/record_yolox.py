#!/usr/bin/env python3
"""Record the official YOLOX: its losses and gradients, whole networks, and 300 steps of training.

git clone https://github.com/Megvii-BaseDetection/YOLOX /tmp/YOLOX
python scripts/record_yolox.py /tmp/YOLOX tests/reference/yolox

The tests make the same numbers from the same seeds, by the functions below.
"""

from __future__ import annotations

import argparse
import importlib
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from official_yolox import official_head
from torch import Tensor, nn

CLASSES: Final = 3
SIZE: Final = (96, 64)  # of the input: width and height
STRIDES: Final = (8, 16, 32)
TERMS: Final = ("iou", "obj", "cls", "l1")
SIDE: Final = 64  # of the images of whole networks
SMALL: Final = {"width": 1 / 32, "strides": [8, 16], "in_channels": [256, 512]}
IMAGES: Final = 4  # of a step
NARROW, DAMPED = 1 / 8, 0.7  # the width of the networks of each kind, and the gain of theirs
KINDS: Final[dict[str, tuple[float, dict[str, Any]]]] = {
    "nano": (0.33, {"depthwise": True}),
    "m": (0.67, {}),
    "l": (1.0, {}),
    "x": (1.33, {}),
}
RUNS: Final = {20: 0.01, 300: 0.0001}  # steps and their rate
MOMENTUM: Final = 0.9
DECAY: Final = 0.0005


def loss_cases() -> Iterator[tuple[str, list[np.ndarray], np.ndarray]]:
    """Yield names, maps [2, 5 + CLASSES, h, w] and true boxes [2, T, 5]: class, x, y, w, h."""
    for number, name in enumerate(("boxes", "one_empty", "crowd", "none", "boxes_l1")):
        random = np.random.RandomState(number)
        maps = [
            random.randint(-256, 257, (2, 5 + CLASSES, SIZE[1] // s, SIZE[0] // s)) / 128
            for s in STRIDES
        ]
        count = {"crowd": 15, "none": 0}.get(name, 4)
        truth = true_boxes(random, 2, count, SIZE)
        if name == "one_empty":
            truth[1] = 0
        yield name, [one.astype(np.float32) for one in maps], truth


def true_boxes(
    random: np.random.RandomState, images: int, count: int, size: tuple[int, int]
) -> np.ndarray:
    """Return true boxes [images, count, 5] in pixels, float32; all are eighths of a pixel."""
    classes = random.randint(0, CLASSES, (images, count, 1))
    sides = random.randint(32, 4 * size[1], (images, count, 2)) / 8
    centres = random.randint(8, np.array(size) * 8 - 8, (images, count, 2)) / 8
    return np.concatenate([classes, centres, sides], 2).astype(np.float32)


def loss_of(head: Any, maps: list[Tensor], truth: Tensor) -> dict[str, Tensor]:
    """Return the total of the official head's loss and its terms, given what its branches give."""
    outputs, columns, rows, strides, raw = [], [], [], [], []
    for level, (x, stride) in enumerate(zip(maps, STRIDES, strict=True)):
        raw.append(x[:, :4].flatten(2).transpose(1, 2).clone())
        found, grid = head.get_output_and_grid(x * 1, level, stride, "torch.FloatTensor")
        outputs.append(found)
        columns.append(grid[:, :, 0])
        rows.append(grid[:, :, 1])
        strides.append(torch.full((1, grid.shape[1]), float(stride)))
    joined = torch.cat(outputs, 1)
    places = columns, rows, strides
    found = head.get_losses(None, *places, truth, joined, raw, torch.float32)
    return dict(zip(("total", *TERMS), map(torch.as_tensor, found[:5]), strict=True))


def record_losses(head_class: Any) -> dict[str, np.ndarray]:
    """Return the terms and the gradients on maps of each case, and the boxes of the first."""
    found: dict[str, np.ndarray] = {}
    for name, maps, truth in loss_cases():
        head = head_class(CLASSES)
        head.use_l1 = name.endswith("l1")
        inputs = [torch.from_numpy(one).requires_grad_() for one in maps]
        terms = loss_of(head, inputs, torch.from_numpy(truth))
        terms["total"].backward()
        found[f"{name}.terms"] = np.array([terms[one].item() for one in ("total", *TERMS)])
        for level, one in enumerate(inputs):
            assert one.grad is not None
            found[f"{name}.gradient.{level}"] = one.grad.numpy()
    return found | {"decoded": decoded_of(head_class(CLASSES))}


def decoded_of(head: Any) -> np.ndarray:
    """Return what the official head gives for the maps of the first case: [2, P, 5 + CLASSES]."""
    _, maps, _ = next(loss_cases())
    head.hw = [one.shape[2:] for one in maps]
    flat = torch.cat([torch.from_numpy(one).flatten(2) for one in maps], 2).transpose(1, 2)
    flat = torch.cat([flat[..., :4], flat[..., 4:].sigmoid()], 2)
    found: np.ndarray = head.decode_outputs(flat, "torch.FloatTensor").numpy()
    return found


def values_of(shapes: Mapping[str, tuple[int, ...]], gain: float = 1) -> dict[str, np.ndarray]:
    """Return float32 arrays of these names and shapes, each from a seed that its name gives.

    With a `gain` below 1 of the weights, numbers stay small in deep networks too.
    """
    return {name: value_of(name, shape, gain) for name, shape in shapes.items()}


def value_of(name: str, shape: tuple[int, ...], gain: float) -> np.ndarray:
    """Return an array whose numbers are like those of a trained network."""
    random = np.random.RandomState(zlib.crc32(name.encode()))
    if name.endswith("running_var"):
        values = random.uniform(0.5, 1.5, shape) * (200**2 if "stem.conv" in name else 1)
    elif len(shape) == 4:
        factor = 4 * gain if "preds" in name else gain  # so that outputs differ from cell to cell
        values = random.standard_normal(shape) * factor * np.sqrt(2 / np.prod(shape[1:]))
    elif name.endswith("bn.weight"):
        values = random.uniform(0.8, 1.2, shape)
    else:
        values = random.standard_normal(shape) * 0.1
    return values.astype(np.float32)


def shapes_of(model: nn.Module) -> dict[str, tuple[int, ...]]:
    """Return the names and shapes of a state dict's arrays, without the counters of batches."""
    state = model.state_dict().items()
    return {name: tuple(one.shape) for name, one in state if "num_batches" not in name}


def load_values(model: nn.Module, gain: float = 1) -> None:
    """Give a model the values of its names."""
    values = values_of(shapes_of(model), gain)
    model.load_state_dict({name: torch.from_numpy(one) for name, one in values.items()}, False)


def picture(seed: int, images: int = 1) -> np.ndarray:
    """Return images [N, 3, SIDE, SIDE] of whole numbers in 0..255, float32."""
    shape = (images, 3, SIDE, SIDE)
    return np.random.RandomState(seed).randint(0, 256, shape).astype(np.float32)


def network_of(
    models: Any, classes: int, depth: float, width: float, gain: float = 1, **more: Any
) -> nn.Module:
    """Return an official network of a depth and a width, with the values of its names."""
    in_channels = [256, 512, 1024]
    backbone = models["yolo_pafpn"].YOLOPAFPN(depth, width, in_channels=in_channels, **more)
    head = models["yolo_head"].YOLOXHead(classes, width, in_channels=in_channels, **more)
    model: nn.Module = models["yolox"].YOLOX(backbone, head)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps = 1e-3
    load_values(model, gain)
    return model.eval()


def record_whole(model: nn.Module) -> dict[str, np.ndarray]:
    """Return the names and shapes of a network, and its output for an image, BGR in 0..255."""
    with torch.no_grad():
        outputs = model(torch.from_numpy(picture(0)))
    return named(shapes_of(model)) | {"outputs": outputs.numpy()}


def named(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Return names, and shapes with zeros after them."""
    padded = [(*shape, *(0,) * (4 - len(shape))) for shape in shapes.values()]
    return {"names": np.array(list(shapes)), "shapes": np.array(padded, np.int16)}


def record_kinds(models: Any) -> dict[str, np.ndarray]:
    """Return the same of networks of each depth, made narrow, and of the one of depthwise ones."""
    found = {}
    for name, (depth, more) in KINDS.items():
        kept = record_whole(network_of(models, CLASSES, depth, NARROW, DAMPED, **more))
        found |= {f"{name}.{key}": one for key, one in kept.items()}
    return found


class Small(nn.Module):
    """Four convolutions, and the official head over two maps."""

    def __init__(self, models: Any) -> None:
        super().__init__()
        conv = models["network_blocks"].BaseConv
        self.backbone = nn.ModuleList(
            [conv(3, 8, 3, 2), conv(8, 8, 3, 2), conv(8, 8, 3, 2), conv(8, 16, 3, 2)]
        )
        self.head = models["yolo_head"].YOLOXHead(CLASSES, **SMALL)

    def forward(self, x: Tensor, truth: Tensor) -> Any:
        maps = []
        for layer in self.backbone:
            x = layer(x)
            maps.append(x)
        return self.head(maps[2:], truth, x)


def step_of(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the images of a step in 0..1, and their true boxes in pixels."""
    random = np.random.RandomState(1000 + number)
    return picture(number, IMAGES) / 255, true_boxes(random, IMAGES, 3, (SIDE, SIDE))


def record_steps(models: Any) -> dict[str, np.ndarray]:
    """Return the losses of each run of SGD, and the names and shapes of what it trains.

    In a long run of a high rate the last digits decide which of two boxes is assigned, some day.
    """
    model = Small(models)
    found = named(shapes_of(model))
    for steps, rate in RUNS.items():
        load_values(model)
        found[f"losses_{steps}"] = np.array(train(model, steps, rate))
    return found


def train(model: Small, steps: int, rate: float) -> list[float]:
    """Train by torch's SGD, where weights of convolutions decay; return the loss of each step."""
    model.train()
    weights = [one for one in model.parameters() if one.dim() == 4]
    others = [one for one in model.parameters() if one.dim() != 4]
    groups = [{"params": weights, "weight_decay": DECAY}, {"params": others}]
    optimizer = torch.optim.SGD(groups, lr=rate, momentum=MOMENTUM)
    losses = []
    for number in range(steps):
        images, truth = map(torch.from_numpy, step_of(number))
        total = model(images, truth)[0]
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        losses.append(total.item())
    return losses


def official_models(clone: Path) -> dict[str, Any]:
    """Return the modules of yolox/models that make networks."""
    models: dict[str, Any] = {"yolo_head": official_head(clone)}
    for name in ("network_blocks", "yolo_pafpn", "yolox"):
        models[name] = importlib.import_module(f"yolox.models.{name}")
    return models


def main() -> None:
    """Write losses.npz, whole.npz, kinds.npz and steps.npz."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clone", type=Path, help="the folder of YOLOX")
    parser.add_argument("out", type=Path, help="the folder to write to")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    models = official_models(arguments.clone)
    head_class = models["yolo_head"].YOLOXHead
    np.savez_compressed(arguments.out / "losses.npz", **record_losses(head_class))
    small = network_of(models, 80, 0.33, 0.5)
    np.savez_compressed(arguments.out / "whole.npz", **record_whole(small))
    np.savez_compressed(arguments.out / "kinds.npz", **record_kinds(models))
    np.savez_compressed(arguments.out / "steps.npz", **record_steps(models))


if __name__ == "__main__":
    main()
