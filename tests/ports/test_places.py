"""The names of many convolutions, written briefly."""

from __future__ import annotations

import pytest

from pydarknet.ports.places import spread, yolox


def test_ranges_are_spread_one_inside_the_other():
    assert spread("a.0-1.b.2-3 c") == ("a.0.b.2", "a.0.b.3", "a.1.b.2", "a.1.b.3", "c")


@pytest.mark.parametrize("blocks", [1, 2, 3, 4])
def test_a_yolox_has_two_convolutions_for_each_residual_block(blocks):
    places = yolox(blocks)

    stages = 8  # four of the backbone, four of the neck; three convolutions each besides blocks
    others = 1 + 4 + 2 + 4 + 3 * 8  # stem, halving, pyramid, neck between stages, heads
    assert len(places) == 3 * stages + 2 * (blocks * (1 + 3 + 3 + 1 + 4)) + others
    assert len(set(places)) == len(places)


def test_two_convolutions_stand_for_one_of_three_by_three_where_they_are_depthwise():
    plain, depthwise = yolox(1), yolox(1, depthwise=True)

    # 4 halve in the backbone, 2 in the neck; 12 blocks; 4 in each of 3 heads
    assert len(depthwise) - len(plain) == 4 + 2 + 12 + 12
    assert "backbone.bu_conv1.dconv" in depthwise
