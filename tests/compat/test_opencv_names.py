"""The names of layers, and what they name."""

from __future__ import annotations

import pytest

from pydarknet.compat.opencv_names import LayerNames
from pydarknet.errors import DarknetError

NAMES = LayerNames((("conv_0", "bn_0", "leaky_1"), ("permute_1", "yolo_1")), ("yolo_1",))


def test_numbers_begin_after_the_input() -> None:
    assert NAMES.all == ("conv_0", "bn_0", "leaky_1", "permute_1", "yolo_1")
    assert [NAMES.number(name) for name in ("_input", "conv_0", "yolo_1", "none")] == [0, 1, 5, -1]
    assert NAMES.numbers().tolist() == [5]


def test_the_last_name_has_the_output() -> None:
    assert [NAMES.index(name) for name in ("leaky_1", "yolo_1")] == [0, 1]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("bn_0", "bn_0 is inside conv_0, bn_0, leaky_1: expected leaky_1"),
        ("none", 'Requested layer "none" not found'),
    ],
)
def test_other_names_have_none(name: str, said: str) -> None:
    with pytest.raises(DarknetError, match=said):
        NAMES.index(name)
