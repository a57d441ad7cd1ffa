#!/usr/bin/env python3
"""Record the official CenterNet: losses and gradients, boxes, a whole network, training.

git clone https://github.com/xingyizhou/CenterNet /tmp/CenterNet
python scripts/record_centernet.py /tmp/CenterNet tests/reference/centernet

The tests make the same numbers from the same seeds, by the functions below.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from official_centernet import STRIDE, Official, loss_of, official_centernet, targets_of
from torch import Tensor, nn

CLASSES: Final = 3
CHANNELS: Final = (CLASSES, 2, 2)  # of the maps: heat, size, offset
SIZE: Final = (128, 64)  # of the input: width and height
MOST: Final = 100  # boxes of an image
TERMS: Final = ("total", "hm_loss", "wh_loss", "off_loss")
SIDE: Final = 64  # of the images of whole networks
COCO: Final = 80
LAST: Final = ("hm.2.weight", "wh.2.weight", "reg.2.weight")
SEEN: Final = 8  # every so many classes of the whole network's heat are recorded
IMAGES: Final = 4  # of a step
STEPS: Final = 20
RATE: Final = 0.005
MOMENTUM: Final = 0.9
DECAY: Final = 0.0005
PARTS: Final = (1, 4)  # of a step: subdivisions

Case = tuple[str, list[np.ndarray], np.ndarray]


def loss_cases() -> Iterator[Case]:
    """Yield names, maps [2, c, h, w] and true boxes [2, T, 5]: class, x, y, w, h in pixels.

    All numbers are eighths or finer powers of two, so that no sum is rounded.
    """
    boxes = {
        "boxes": random_boxes(0, 4),
        "one_empty": random_boxes(1, 4),
        "crowd": random_boxes(2, 25),
        "none": np.zeros((2, 1, 5)),
        "border": [
            # over two sides, over the other two, all of the image, in its last row of cells
            [(0, 4, 4, 24, 16), (1, 120, 58, 32, 20), (2, 64, 32, 128, 64), (0, 90, 62, 20, 4)],
            # in its last column, as thin as can be, beside each other on a border of cells
            [
                (0, 126.5, 20, 3, 8),
                (1, 50, 30, 0.125, 40),
                (2, 32, 16, 12, 12),
                (2, 28, 16, 12, 12),
            ],
        ],
        "one_cell": [
            # of one class, then of two
            [(1, 41, 21, 30, 18), (1, 42.5, 22, 14, 26), (0, 100, 40, 20, 20), (0, 0, 0, 0, 0)],
            [(1, 41, 21, 30, 18), (2, 42.5, 22, 14, 26), (1, 43, 23, 4, 4), (1, 43, 23, 4, 4)],
        ],
    }
    for number, (name, rows) in enumerate(boxes.items()):
        truth = np.array(rows, np.float32)
        if name == "one_empty":
            truth[1] = 0
        yield name, maps_of(number), truth


def maps_of(seed: int) -> list[np.ndarray]:
    """Return maps of heat, size and offset; some heat is beyond what the loss clamps."""
    random = np.random.RandomState(seed)
    shape = (SIZE[1] // STRIDE, SIZE[0] // STRIDE)
    heat, size, offset = (random.randint(-256, 257, (2, c, *shape)) / 64 for c in CHANNELS)
    heat *= np.where(random.uniform(size=heat.shape) < 0.05, 4, 1)
    return [one.astype(np.float32) for one in (heat, 2 * size, offset / 4)]


def random_boxes(
    seed: int, count: int, size: tuple[int, int] = SIZE, images: int = 2
) -> np.ndarray:
    """Return true boxes [images, count, 5] in pixels, float32; all are eighths of a pixel."""
    random = np.random.RandomState(1000 + seed)
    classes = random.randint(0, CLASSES, (images, count, 1))
    sides = random.randint(32, 5 * size[1], (images, count, 2)) / 8
    centres = random.randint(8, np.array(size) * 8 - 8, (images, count, 2)) / 8
    return np.concatenate([classes, centres, sides], 2).astype(np.float32)


def record_losses(official: Official) -> dict[str, np.ndarray]:
    """Return the terms and the gradients on maps of each case, and its targets of heat."""
    found: dict[str, np.ndarray] = {}
    for name, maps, truth in loss_cases():
        inputs = [torch.from_numpy(one).requires_grad_() for one in maps]
        targets = targets_of(official, truth, SIZE, CLASSES)
        terms = loss_of(official, inputs, targets)
        terms["total"].backward()
        found[f"{name}.terms"] = np.array([terms[term].item() for term in TERMS])
        found[f"{name}.heat"] = targets["hm"].numpy()
        for place, one in enumerate(inputs):
            assert one.grad is not None
            found[f"{name}.gradient.{place}"] = one.grad.numpy()
    return found


def decode_cases() -> Iterator[tuple[str, list[np.ndarray]]]:
    """Yield names and maps [2, c, h, w] whose peaks are many, few, flat, or of the same cells.

    Which of equal ones are the last of the best is left to torch in the case `level`.
    """
    many, flat, few, shared, level = (maps_of(seed) for seed in range(20, 25))
    slope = -9 - np.add.outer(np.arange(16), np.arange(32)) / 16  # whose only peak is a corner
    many[0] += np.random.RandomState(3).permutation(many[0].size).reshape(many[0].shape) / 2**20
    flat[0][:] = slope
    flat[0][0, 1, 3:6, 4:9] = 2.5  # a plateau of 15 peaks, and one beside the border
    flat[0][0, 2, :, 31] = 1.25
    flat[0][1, 0, 5, 5] = flat[0][1, 0, 5, 6] = 0.75
    few[0][:] = slope
    few[0][0, 0, 8, 8], few[0][0, 2, 15, 31] = 3, 1
    shared[0][:] = shared[0][:, :1]  # each peak is one of every class
    shared[0] += np.random.RandomState(4).permutation(shared[0].size).reshape(many[0].shape) / 2**20
    level[0][:] = -1
    named = {"many": many, "flat": flat, "few": few, "shared": shared, "level": level}
    yield from ((name, [one.astype(np.float32) for one in maps]) for name, maps in named.items())


def decoded(official: Official, maps: list[Tensor]) -> np.ndarray:
    """Return what the official code finds: rows left, top, right, bottom, score, class of cells."""
    heat, size, offset = maps
    found: np.ndarray = official.decode.ctdet_decode(heat.sigmoid(), size, offset, K=MOST).numpy()
    return found


def record_boxes(official: Official) -> dict[str, np.ndarray]:
    """Return the rows [2, MOST, 6] of each case of `decode_cases`."""
    return {
        name: decoded(official, [torch.from_numpy(one) for one in maps])
        for name, maps in decode_cases()
    }


def values_of(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Return float32 arrays of these names and shapes, each from a seed that its name gives."""
    return {name: value_of(name, shape) for name, shape in shapes.items()}


def value_of(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return an array whose numbers are like those of a trained network."""
    random = np.random.RandomState(zlib.crc32(name.encode()))
    if name.endswith("running_var"):
        values = random.uniform(0.5, 1.5, shape)
    elif len(shape) == 4:
        inputs = shape[0] * 4 if shape[2] == 4 else np.prod(shape[1:])  # of a deconvolution
        gain = 0.02 if name in LAST else 1  # so that scores differ, and few are 1
        values = random.standard_normal(shape) * gain * np.sqrt(2 / inputs)
    elif name.endswith("weight"):
        values = random.uniform(0.8, 1.2, shape)
    else:
        values = random.standard_normal(shape) * 0.1
    return values.astype(np.float32)


def shapes_of(model: nn.Module) -> dict[str, tuple[int, ...]]:
    """Return the names and shapes of a state dict's arrays, without the counters of batches."""
    state = model.state_dict().items()
    return {name: tuple(one.shape) for name, one in state if "num_batches" not in name}


def named_shapes(shapes: dict[str, tuple[int, ...]]) -> dict[str, np.ndarray]:
    """Return names and shapes as arrays."""
    padded = [(*shape, *(0,) * (4 - len(shape))) for shape in shapes.values()]
    return {"names": np.array(list(shapes)), "shapes": np.array(padded, np.int16)}


def load_values(model: nn.Module) -> None:
    """Give a model the values of its names."""
    values = values_of(shapes_of(model))
    model.load_state_dict({name: torch.from_numpy(one) for name, one in values.items()}, False)


def picture(seed: int, images: int = 1) -> np.ndarray:
    """Return images [N, 3, SIDE, SIDE] in 0..1, of whole numbers in 0..255, float32."""
    shape = (images, 3, SIDE, SIDE)
    return np.random.RandomState(seed).randint(0, 256, shape).astype(np.float32) / 255


def normalised(image: np.ndarray) -> np.ndarray:
    """Return what the official data set of COCO makes of an image, BGR in 0..1."""
    mean = np.array([0.40789654, 0.44719302, 0.47026115], np.float32)
    std = np.array([0.28863828, 0.27408164, 0.27809835], np.float32)
    return (image - mean[:, None, None]) / std[:, None, None]


def record_whole(official: Official) -> dict[str, np.ndarray]:
    """Return the names and shapes of res_18, its maps and its boxes for an image, BGR in 0..1."""
    resnet = official.resnet
    blocks = resnet.resnet_spec[18]
    model = resnet.PoseResNet(*blocks, {"hm": COCO, "wh": 2, "reg": 2}, 64)
    load_values(model)
    model.eval()
    with torch.no_grad():
        [found] = model(torch.from_numpy(normalised(picture(0))))
    maps = [found[name] for name in ("hm", "wh", "reg")]
    return named_shapes(shapes_of(model)) | {
        "heat": maps[0][:, ::SEEN].numpy(),
        "sides": torch.cat(maps[1:], 1).numpy(),
        "boxes": decoded(official, maps),
    }


class Small(nn.Module):
    """Three convolutions, a deconvolution, and three maps in steps of four pixels."""

    def __init__(self) -> None:
        super().__init__()
        sizes = ((3, 8), (8, 16), (16, 16))
        self.convs = nn.ModuleList(
            [nn.Conv2d(n, m, 3, 2, 1, bias=False) for n, m in sizes]
            + [nn.ConvTranspose2d(16, 16, 4, 2, 1, bias=False)]
        )
        self.norms = nn.ModuleList([nn.BatchNorm2d(m) for m in (8, 16, 16, 16)])
        self.heads = nn.ModuleList(
            [
                nn.Sequential(nn.Conv2d(16, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, n, 1))
                for n in CHANNELS
            ]
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = norm(conv(x)).relu()
        return [head(x) for head in self.heads]


def step_of(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the images of a step in 0..1, and their true boxes in pixels."""
    return picture(number, IMAGES), random_boxes(100 + number, 3, (SIDE, SIDE), IMAGES)


def record_steps(official: Official) -> dict[str, np.ndarray]:
    """Return the losses of SGD with so many parts of each step, and what it trains."""
    model = Small()
    found = named_shapes(shapes_of(model))
    for parts in PARTS:
        load_values(model)
        found[f"losses_{parts}"] = np.array(train(official, model, parts))
    return found


def train(official: Official, model: Small, parts: int) -> list[float]:
    """Train by torch's SGD, where weights of convolutions decay; return the loss of each step."""
    model.train()
    weights = [one for one in model.parameters() if one.dim() == 4]
    others = [one for one in model.parameters() if one.dim() != 4]
    groups = [{"params": weights, "weight_decay": DECAY}, {"params": others}]
    optimizer = torch.optim.SGD(groups, lr=RATE, momentum=MOMENTUM)
    losses = []
    for number in range(STEPS):
        optimizer.zero_grad()
        images, truth = step_of(number)
        total = 0.0
        for some, rows in zip(np.split(images, parts), np.split(truth, parts), strict=True):
            targets = targets_of(official, rows, (SIDE, SIDE), CLASSES)
            loss = loss_of(official, model(torch.from_numpy(some)), targets)["total"] / parts
            loss.backward()
            total += loss.item()
        optimizer.step()
        losses.append(total)
    return losses


def main() -> None:
    """Write losses.npz, boxes.npz, whole.npz and steps.npz."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clone", type=Path, help="the folder of CenterNet")
    parser.add_argument("out", type=Path, help="the folder to write to")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    official = official_centernet(arguments.clone)
    recorders: dict[str, Any] = {
        "losses": record_losses,
        "boxes": record_boxes,
        "whole": record_whole,
        "steps": record_steps,
    }
    for name, record in recorders.items():
        np.savez_compressed(arguments.out / f"{name}.npz", **record(official))


if __name__ == "__main__":
    main()
