"""The image of a training: where its points lie, and that they are drawn."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pydarknet.errors import DataError
from pydarknet.training.learner import Step
from pydarknet.training.loss_chart import BLUE, LossChart


def step(batch: int, average: float) -> Step:
    """Return an iteration of an average loss."""
    return Step(batch, average, average, 0.001, 64)


@pytest.mark.parametrize(
    ("batch", "share", "place"),
    [
        (0, 0.0, (70, 930)),
        (100, 1.0, (930, 70)),
        (50, 0.5, (500, 500)),
        (50, 7.0, (500, 70)),  # more than the top is the top
    ],
)
def test_a_point_lies_by_its_iteration_and_value(tmp_path, batch, share, place):
    assert LossChart((tmp_path / "c.png",), 100, 20.0).place(batch, share) == place


def test_losses_are_a_curve(tmp_path):
    chart = LossChart((tmp_path / "c.png",), 200, 20.0)
    for batch in range(1, 101):
        chart.add(step(batch, 10.0))

    image = cv2.cvtColor(cv2.imread(str(tmp_path / "c.png")), cv2.COLOR_BGR2RGB)
    # half of the height, from the first iteration to the hundredth of two hundred
    np.testing.assert_array_equal(image[500, 300], BLUE)
    assert not np.array_equal(image[500, 700], BLUE)


def test_the_picture_is_drawn_at_every_hundredth_iteration(tmp_path):
    chart = LossChart((tmp_path / "c.png",), 200, 20.0)
    chart.add(step(99, 1.0))
    assert not (tmp_path / "c.png").exists()

    chart.add(step(100, 1.0))

    assert (tmp_path / "c.png").exists()


def test_a_picture_that_cannot_be_written_leaves_the_other(tmp_path):
    (tmp_path / "a.png").mkdir()

    with pytest.raises(DataError, match=r"a\.png: Is a directory"):
        LossChart((tmp_path / "a.png", tmp_path / "b.png"), 200, 20.0).draw()

    assert (tmp_path / "b.png").is_file()
