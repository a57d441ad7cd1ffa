"""The sizes of images that are fitted."""

import pytest

from pydarknet.image.geometry import letterbox_size, min_size


@pytest.mark.parametrize(
    ("image", "network", "expected"),
    [
        ((90, 70), (48, 48), (48, 37)),  # 70 * 48 // 90 = 37.3
        ((50, 120), (64, 48), (20, 48)),  # 50 * 48 // 120
        ((768, 576), (416, 416), (416, 312)),
        ((64, 48), (64, 48), (64, 48)),
        ((3000, 2), (416, 416), (416, 1)),  # 2 * 416 // 3000 = 0: there the C has no image left
        ((2, 3000), (416, 416), (1, 416)),
    ],
)
def test_letterbox_divides_integers(image, network, expected):
    assert letterbox_size(*image, *network) == expected


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ((80, 64), (60, 48)),  # 80 * 48 // 64
        ((50, 70), (48, 67)),  # 70 * 48 // 50 = 67.2
        ((9, 9), (48, 48)),
    ],
)
def test_a_shorter_side_divides_integers(image, expected):
    assert min_size(*image, 48) == expected
