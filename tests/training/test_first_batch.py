"""The images of a batch as files."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from anchor_heads import HEIGHT, RETINA, WIDTH

from pydarknet.dataset.loader import Batch
from pydarknet.dataset.targets import Rows
from pydarknet.training.first_batch import pictures_of_batch, save_batch


@pytest.mark.parametrize("channels", [1, 3])
def test_each_image_is_a_file_with_its_boxes(tmp_path, channels):
    truth = torch.zeros(2, 3, 5)
    truth[0, 0] = torch.tensor([0.5, 0.5, 0.5, 0.5, 1])
    images = torch.zeros(2, channels, 80, 80)
    batch = Batch(7, images, truth, ("dir/a b.png", "c.png"), ())

    files = save_batch(batch, Rows(3, 5, 0.001), ["cat"], tmp_path)

    assert [file.name for file in files] == ["aug_7_0_a_b.jpg", "aug_7_1_c.jpg"]
    first, second = (cv2.imread(str(file)) for file in files)
    edge = (first[40] > 60).any(1).nonzero()[0]
    assert edge.min() in range(18, 23)  # 20 of 80 pixels
    assert edge.max() in range(57, 63)
    assert second.max() < 10


def test_pixels_are_those_of_the_batch(tmp_path):
    images = torch.zeros(1, 3, 16, 16)
    images[0, 0] = 1.0
    batch = Batch(1, images, torch.zeros(1, 3, 5), (str(Path("a.png")),), ())

    [file] = save_batch(batch, Rows(3, 5, 0.001), [], tmp_path)

    np.testing.assert_allclose(cv2.imread(str(file))[8, 8], [0, 0, 255], atol=3)  # BGR


def test_what_heads_show_is_a_file_beside_the_image(net, tmp_path):
    network = net(RETINA.text(), h=2 * HEIGHT, w=2 * WIDTH)
    truth = torch.zeros(1, 3, 5)
    truth[0, 0] = torch.tensor([0.5, 0.5, 0.25, 0.5, 1])  # 16 x 16 pixels
    batch = Batch(3, torch.zeros(1, 3, HEIGHT, WIDTH), truth, ("a.png",), ())

    shown = pictures_of_batch(network, batch)
    files = save_batch(batch, Rows(3, 5, 0.001), ["cat", "dog"], tmp_path, shown)

    assert [file.name for file in files] == ["aug_3_0_a.jpg", "aug_3_0_a_anchors.jpg"]
    [[anchors]] = shown
    np.testing.assert_allclose(anchors.boxes[:, 2:].min(0) * [WIDTH, HEIGHT], [12, 12])
    first, second = (cv2.imread(str(file)) for file in files)
    assert (second > 60).sum() > (first > 60).sum()


def test_a_head_of_peaks_shows_its_heat(net, tmp_path):
    conv = "[convolutional]\nfilters=6\nsize=1\nstride=4\n"
    network = net(f"{conv}[centernet]\nclasses=2\n", h=32, w=32)
    truth = torch.zeros(1, 3, 5)
    truth[0, 0] = torch.tensor([0.5625, 0.3125, 0.5, 0.5, 1])  # its centre is in cell 4, 2 of 8 x 8
    batch = Batch(3, torch.ones(1, 3, 32, 32), truth, ("a.png",), ())

    shown = pictures_of_batch(network, batch)
    files = save_batch(batch, Rows(3, 5, 0.001), ["cat", "dog"], tmp_path, shown)

    assert [file.name for file in files] == ["aug_3_0_a.jpg", "aug_3_0_a_heat.jpg"]
    [[heat]] = shown
    assert np.argwhere(heat.heat == 1).tolist() == [[2, 4]]
    picture = cv2.imread(str(files[1])).astype(int)
    assert picture[8:12, 16:20].min() > 240
    assert 120 < picture[28:, :4].mean() < 136
