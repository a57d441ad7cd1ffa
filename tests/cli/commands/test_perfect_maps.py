"""Maps that are made of label files give their boxes back: by decoding, and by detector map."""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

import pydarknet
from pydarknet.cli.main import main

COLORS = ("red", "green", "blue")
WIDTH, HEIGHT, STRIDE, CLASSES = 128, 96, 4, 3
CFG = (
    f"[net]\nwidth={WIDTH}\nheight={HEIGHT}\nchannels=3\n"
    f"[local]\nfilters={CLASSES + 4}\nsize=1\nstride={STRIDE}\nactivation=linear\n"
    f"[centernet]\nclasses={CLASSES}\n"
)


def labels_of(image: int) -> np.ndarray:
    """Return seven boxes within an image, as rows of a label file with six digits."""
    random = np.random.RandomState(image)
    sides = random.uniform(0.05, 0.5, (7, 2))
    centres = random.uniform(sides / 2, 1 - 1 / 24 - sides / 2)  # not in the last row of cells
    classes = np.arange(7)[:, None] % CLASSES
    return np.concatenate([classes, centres, sides], 1).round(6)


def perfect_map(labels: np.ndarray) -> np.ndarray:
    """Return what [centernet] should read: logits of heat, then sizes and offsets in cells."""
    columns, rows = WIDTH // STRIDE, HEIGHT // STRIDE
    found = np.zeros((CLASSES + 4, rows, columns), np.float32)
    found[:CLASSES] = -9
    for kind, x, y, w, h in labels:
        column, row = int(x * columns), int(y * rows)
        found[int(kind), row, column] = 9
        found[CLASSES:, row, column] = w * columns, h * rows, x * columns - column, y * rows - row
    return found


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Write images in pure red, green and blue, their labels, and a network that sees colours.

    Each place of its map has weights of its own: for a colour, those of a perfect map.
    """
    monkeypatch.chdir(tmp_path)
    maps = []
    for image, color in enumerate(COLORS):
        pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        pixels[:, :, 2 - image] = 255  # OpenCV's are blue, green, red
        cv2.imwrite(f"{color}.png", pixels)
        labels = labels_of(image)
        maps.append(perfect_map(labels).reshape(CLASSES + 4, -1))
        lines = [f"{int(kind)} {x} {y} {w} {h}\n" for kind, x, y, w, h in labels.tolist()]
        Path(f"{color}.txt").write_text("".join(lines))
    Path("valid.txt").write_text("".join(f"{color}.png\n" for color in COLORS))
    Path("names").write_text("a\nb\nc\n")
    Path("run.data").write_text(f"classes={CLASSES}\nvalid=valid.txt\nnames=names\n")
    Path("run.cfg").write_text(CFG)
    weights = np.stack(maps, 2).transpose(1, 0, 2)  # [places, filters, colours]
    biases = np.zeros(weights.size // 3, np.float32)
    header = struct.pack("<3iQ", 0, 2, 0, 0)
    Path("run.weights").write_bytes(header + biases.tobytes() + weights.tobytes())


@pytest.mark.usefixtures("folder")
def test_every_box_within_an_image_comes_back():
    network = pydarknet.load_network("run.cfg", "run.weights", device="cpu")

    for image, color in enumerate(COLORS):
        found = network.detect(f"{color}.png", thresh=0.5)

        wanted = labels_of(image)
        order = [np.abs(wanted[:, 1:] - box.box).sum(1).argmin() for box in found]
        assert sorted(order) == list(range(7))
        assert [box.class_index for box in found] == wanted[order, 0].tolist()
        boxes = np.array([box.box for box in found])
        np.testing.assert_allclose(boxes, wanted[order, 1:], atol=1e-5)


@pytest.mark.usefixtures("folder")
def test_detector_map_finds_all_at_an_iou_of_95_percent(capfd):
    words = ["detector", "map", "run.data", "run.cfg", "run.weights", "-iou_thresh", "0.95"]

    assert main([*words, "-nogpu"]) == 0

    out = capfd.readouterr().out
    assert " mean average precision (mAP@0.95) = 1.000000, or 100.00 % " in out
