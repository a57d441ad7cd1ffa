"""Maps that are made of label files give every box back, through decoding and detector map."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import record_anchor_heads as recorder
import torch
from anchor_heads import HEIGHT, KINDS, WIDTH, Kind

from pydarknet.boxes.map_anchors import anchors_of
from pydarknet.boxes.settings import Decoding, Settings
from pydarknet.evaluate.average_precision import summary
from pydarknet.evaluate.dataset_detections import DatasetDetector, evaluation_mode
from pydarknet.evaluate.matched_dataset import match_dataset
from pydarknet.graph.head import Head
from pydarknet.modules.transforms import save_image

IMAGES = 6
CERTAIN = 12.0  # a score before the logistic or the softmax
NAMES = tuple("abc")


def labels(random: np.random.Generator) -> np.ndarray:
    """Return rows of class, x, y, w, h in 0..1: boxes within the image that do not overlap."""
    count = random.integers(1, 4)
    x = (np.arange(count) + random.uniform(0.45, 0.55, count)) / 3
    y, w, h = (random.uniform(*ends, count) for ends in ((0.4, 0.6), (0.1, 0.28), (0.2, 0.7)))
    return np.column_stack([random.integers(0, len(NAMES), count), x, y, w, h])


def maps_of(kind: Kind, rows: np.ndarray, anchors: np.ndarray, weights: tuple) -> list[np.ndarray]:
    """Return the maps of an image whose boxes each the anchor most like it gives exactly."""
    size = np.array([WIDTH, HEIGHT])
    table = np.zeros((anchors.shape[1], 4 + kind.scores), np.float32)
    table[:, 4:] = -CERTAIN
    if kind.scores > len(NAMES):
        table[:, 4] = CERTAIN  # the background
    for label, *box in rows:
        centre, sides = np.split(np.array(box) * np.tile(size, 2), 2)
        far = np.abs(anchors[:2] - centre[:, None]).sum(0)
        far += np.abs(anchors[2:] - sides[:, None]).sum(0)
        best = int(far.argmin())
        moves = (centre - anchors[:2, best]) / anchors[2:, best]
        table[best, :4] = np.concatenate([moves, np.log(sides / anchors[2:, best])]) * weights
        table[best, 4:] = -CERTAIN
        table[best, 4 + int(label) + kind.scores - len(NAMES)] = CERTAIN
    found, at = [], 0
    for stride in recorder.STRIDES:
        h, w = HEIGHT // stride, WIDTH // stride
        cells = table[at : at + h * w * kind.anchors].reshape(h, w, kind.anchors, -1)
        at += h * w * kind.anchors
        parts = [cells[..., :4], cells[..., 4:]]
        planes = [part.transpose(2, 3, 0, 1).reshape(-1, h, w) for part in parts]
        found.append(np.concatenate(planes)[None])
    return found


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_box_within_the_image_comes_back(net, kind, tmp_path: Path):
    network = net(kind.text(), h=HEIGHT, w=WIDTH)
    network.initialize()
    node, layer = network.nodes[-1], network.layers[-1]
    anchors = anchors_of(layer.maps(node), torch.device("cpu")).numpy()
    random, paths, made = np.random.default_rng(1), [], []
    for number in range(IMAGES):
        rows = labels(random)
        path = tmp_path / f"{number}.png"
        save_image(np.zeros((HEIGHT, WIDTH, 3), np.uint8), path)
        np.savetxt(path.with_suffix(".txt"), rows, fmt=["%d", *["%.6f"] * 4])
        paths.append(str(path))
        made.append(maps_of(kind, rows, anchors, layer.box_weights))

    def heads(_, images) -> list[Head]:
        some = [made.pop(0) for _ in range(len(images))]
        maps = [torch.from_numpy(np.concatenate(each)) for each in zip(*some, strict=True)]
        return [Head.of(node, maps, network.stack[-1](*maps))]

    chosen = Settings(Decoding(thresh=0.005), letterbox=False, nms=0.45)
    with evaluation_mode(network):
        seen = list(DatasetDetector(network, chosen, heads=heads).detect(paths))
    report = summary(match_dataset(seen, NAMES, 0.95, "alexeyab"))

    assert report.mean_average_precision == 1
