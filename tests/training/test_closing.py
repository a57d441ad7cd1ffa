"""The line with which a training ends."""

from pathlib import Path

import pytest

from pydarknet.training.closing import closing_line


@pytest.mark.parametrize(
    ("weights", "precisions", "left_out", "line"),
    [
        (Path("a"), [], "", "weights: a; no image and no line of labels was left out"),
        (None, [], "lines: 2", "weights: none; lines: 2"),
        (
            Path("a"),
            [[9, 0.25], [5, 0.5]],
            "x: 1",
            "weights: a; best mAP 50.00% after batch 5: b; x: 1",
        ),
    ],
)
def test_it_says_weights_the_best_and_what_was_left_out(weights, precisions, left_out, line):
    assert closing_line(weights, precisions, Path("b"), left_out) == line
