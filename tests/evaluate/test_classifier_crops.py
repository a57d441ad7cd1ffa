"""What of an image a classifier is shown."""

from __future__ import annotations

import pytest
import torch

from pydarknet.evaluate import classifier_crops
from pydarknet.modules.transforms import resize

POOL = "[avgpool]\n[softmax]\n"  # the mean of red, green and blue, as probabilities


def example_image() -> torch.Tensor:
    """Return 40 rows of 60 columns, each pixel other than all others."""
    return torch.arange(3 * 40 * 60, dtype=torch.float32).view(3, 40, 60) / 7200


def test_the_original_shows_the_largest_square_of_the_middle(net):
    [view] = classifier_crops.center_view(example_image(), net(POOL, h=16, w=16))

    torch.testing.assert_close(view, resize(example_image()[:, :, 10:50], 16, 16))


def test_the_fork_cuts_the_middle_of_what_the_width_leaves(net):
    [view] = classifier_crops.center_view(
        example_image(), net(POOL, h=16, w=16, dialect="alexeyab")
    )

    torch.testing.assert_close(view, resize(example_image(), 24, 16)[:, :, 4:20])


def test_ten_crops_are_five_and_their_mirror_images_corners_repeated(net):
    shown = classifier_crops.ten_crops(example_image(), net(POOL, h=16, w=16))

    large = resize(example_image(), 48, 48)
    assert [tuple(view.shape) for view in shown] == [(3, 16, 16)] * 10
    torch.testing.assert_close(shown[2], large[:, :16, :16])
    torch.testing.assert_close(shown[4], large[:, 32:, 32:])
    torch.testing.assert_close(shown[7], large.flip(-1)[:, :16, :16])
    torch.testing.assert_close(shown[0], large[:, :1, :1].expand(3, 16, 16))


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        ("pjreddie", [(149, 224), (170, 256), (192, 288), (213, 320)]),
        ("alexeyab", [(224, 336), (288, 432), (320, 480), (352, 528), (384, 576)]),
    ],
)
def test_several_sizes_are_of_the_longer_or_the_shorter_side(net, dialect, expected):
    shown = classifier_crops.multi_scale_views(example_image(), net(POOL, dialect=dialect))

    assert [tuple(view.shape[1:]) for view in shown[::2]] == expected
    torch.testing.assert_close(shown[1], shown[0].flip(-1))


def test_whole_images_are_as_wide_as_their_shorter_side_needs(net):
    [view] = classifier_crops.whole_image_view(example_image(), net(POOL, h=16, w=20))

    assert tuple(view.shape) == (3, 20, 30)
