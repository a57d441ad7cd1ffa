"""The outputs for a frame are averaged with those for the frames before it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pydarknet.boxes.settings import settings
from pydarknet.inference.averages import FrameAverage

YOLO = "[yolo]\nclasses=1\nmask=0\nanchors=8,8\nnum=1\n"
CFG = f"[convolutional]\nfilters=6\nsize=1\nactivation=linear\n\n{YOLO}"


@pytest.fixture
def network(net):
    made = net(CFG, c=3, h=2, w=2)
    made.initialize()
    return made


def image(level: int) -> np.ndarray:
    return np.full((2, 2, 3), level, np.uint8)


def scores(found) -> list[float]:
    return sorted(box.objectness for one in found for box in one)


def test_a_frame_has_the_mean_of_itself_and_those_before_it(network):
    chosen = settings(network, thresh=0.0, nms=0.0)
    average = FrameAverage(network, 2)
    alone = [network.find_boxes([image(n)], chosen)[0].objectness for n in (0, 100, 250)]

    first = average.find_boxes([image(0)], chosen)
    more = average.find_boxes([image(100), image(250)], chosen)

    assert torch.equal(first[0].objectness, alone[0])
    for found, pair in zip(more, ((0, 1), (1, 2)), strict=True):
        mean = (alone[pair[0]] + alone[pair[1]]) / 2
        assert torch.allclose(found.objectness.sort().values, mean.sort().values, atol=1e-6)


def test_an_average_of_one_frame_changes_nothing(network):
    chosen = settings(network, thresh=0.0)

    for level in (0, 200):
        once = FrameAverage(network, 1).find_boxes([image(level)], chosen)
        assert scores(once) == scores(network.find_boxes([image(level)], chosen))
