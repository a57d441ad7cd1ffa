"""Masks in run lengths; the texts are those that pycocotools 2.0.10 wrote."""

from __future__ import annotations

import pytest

from pydarknet.annotations.instances import has_area
from pydarknet.annotations.run_lengths import bounds_of_mask, runs_of

# of [7, 9], rows 2 to 4 in columns 3 to 5 and row 6 in column 6; toBbox gives 3 2 4 5
TEXT = "g0340004N6"
RUNS = [23, 3, 4, 3, 4, 3, 8, 1, 14]


def test_a_text_has_the_runs_of_its_mask():
    assert runs_of(TEXT) == RUNS


@pytest.mark.parametrize("counts", [TEXT, RUNS])
def test_a_mask_has_bounds(counts):
    assert bounds_of_mask([7, 9], counts) == (3, 2, 7, 7)


def test_a_run_over_the_end_of_a_column_reaches_from_edge_to_edge():
    assert bounds_of_mask([4, 3], [3, 2, 7]) == (0, 0, 2, 4)  # pixels 3 and 4 of columns of 4


@pytest.mark.parametrize(
    ("size", "counts"),
    [
        ([7, 9], "g0340004n"),  # ends within a number
        ([7, 9], "!"),
        ([7, 9], 100 * "o"),  # a number without end
        ([2, 2], RUNS),  # more pixels than there are
        ([7, 9], []),
        ([7, 9], [63]),
        ([7, 9], [-1, 5]),
        ([0, 9], [0]),
        ([7], RUNS),
        (None, RUNS),
        ([7, 9], None),
        ([7, 9], ["x"]),
    ],
)
def test_what_is_no_mask_has_none(size, counts):
    assert not has_area(bounds_of_mask(size, counts))
