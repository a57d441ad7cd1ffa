"""SimOTA assigns as the official YOLOX does, for recorded random boxes."""

from __future__ import annotations

import numpy as np
import pytest
import record_simota
import torch
from conftest import HERE
from torch import Tensor

from pydarknet.training.losses import simota
from pydarknet.training.losses.iou import Box
from pydarknet.training.losses.simota import Assignment, Candidates, Rule, Truth, assign

RECORDED = HERE / "reference" / "yolox" / "simota.npz"  # by scripts/record_simota.py


def box(rows: np.ndarray | list[list[float]]) -> Box:
    """Return rows [K, 4] as boxes [K]."""
    return Box(*torch.as_tensor(rows, dtype=torch.float32).view(-1, 4).unbind(1))


def batch(boxes: Box) -> Box:
    """Return boxes of one image as those of a mini-batch of one."""
    return Box(*(part[None] for part in boxes))


def assigned(one: record_simota.Case) -> Assignment:
    """Return what is assigned in a case."""
    column, row, stride = torch.from_numpy(one.cells).unbind(1)
    cells = Box((column + 0.5) * stride, (row + 0.5) * stride, stride, stride)
    objectness, classes = torch.from_numpy(one.objectness), torch.from_numpy(one.classes)
    candidates = Candidates(
        cells, batch(box(one.boxes)), objectness.sigmoid()[None], classes.sigmoid()[None]
    )
    kinds = torch.from_numpy(one.kinds)[None]
    truth = Truth(batch(box(one.truth)), kinds, torch.ones_like(kinds, dtype=torch.bool))
    return assign(candidates, truth, Rule())


def test_pairs_are_those_of_the_official_head():
    recorded = np.load(RECORDED)
    ends = recorded["counts"].astype(int).cumsum()
    assert len(ends) == 1000

    for number, wanted in enumerate(np.split(recorded["pairs"], ends[:-1])):
        one = record_simota.case(np.random.RandomState(number), number)
        found = assigned(one)
        assert torch.stack([found.place, found.row], 1).tolist() == wanted.tolist(), number


def test_cases_have_no_truth_and_truth_within_a_cell_and_boxes_that_several_take(monkeypatch):
    taken, cheapest = [], simota.cheapest

    def kept(cost: Tensor, count: Tensor) -> tuple[Tensor, Tensor]:
        """Keep the costs of what each true box takes, and infinity for what it does not."""
        rank = cost.argsort(1).argsort(1)
        taken.append(cost.where(rank < count[:, None], torch.inf))
        return cheapest(cost, count)

    monkeypatch.setattr(simota, "cheapest", kept)
    some = [record_simota.case(np.random.RandomState(number), number) for number in range(200)]
    for one in some:
        assigned(one)

    assert sum(len(one.truth) == 0 for one in some) == 20
    assert sum((one.truth[:, 2:] < 8).all() for one in some if len(one.truth)) > 40
    assert sum(bool((costs < torch.inf).sum(0).max() > 1) for costs in taken) > 60
    assert sum(bool(((costs >= 1e6) & (costs < torch.inf)).any()) for costs in taken) >= 5


ROW = [[4.0, 4, 8, 8], [12.0, 4, 8, 8], [20.0, 4, 8, 8], [28.0, 4, 8, 8]]  # four cells of 8 x 8


def assigned_in_row(
    boxes: list[list[float]], truth: list[list[list[float]]], objectness: list[float]
) -> list[tuple[int, int, int, float]]:
    """Return image, place, row and IoU, of a row of four cells and one class, of each image.

    `truth` are the same number of boxes for each image; those without a width are not usable.
    """
    images = len(truth)
    predicted = Box(*(part.expand(images, 4) for part in box(boxes)))
    rows = torch.tensor(truth)
    kinds = torch.zeros(rows.shape[:2], dtype=torch.int64)
    found = assign(
        Candidates(
            box(ROW),
            predicted,
            torch.tensor(objectness).expand(images, 4),
            torch.ones(images, 4, 1),
        ),
        Truth(Box(*rows.unbind(2)), kinds, rows[..., 2] > 0),
        Rule(),
    )
    return list(zip(*(part.tolist() for part in found), strict=True))


def test_a_true_box_takes_as_many_as_its_largest_overlaps_add_up_to():
    # cells 0 to 2 are near x = 12; IoU with it: 1, 1, 1/2: k = 2, the more probable of equals
    boxes = [[12.0, 4, 8, 8], [12.0, 4, 8, 8], [12.0, 4, 4, 8], [12.0, 4, 8, 8]]

    found = assigned_in_row(boxes, [[[12.0, 4, 8, 8]]], [0.25, 0.5, 0.75, 1])

    # costs: -ln .5 = .69; -ln .5 / 2 = .35; -ln .75 / 2 - 3 ln .5 = 2.2
    assert found == [(0, 0, 0, 1.0), (0, 1, 0, 1.0)]


def test_a_box_that_two_take_goes_to_the_one_for_which_it_is_cheaper():
    # IoU of box 1 with the two: 1 and 6 / 10; all others overlap none
    boxes = [[100.0, 4, 8, 8], [12.0, 4, 8, 8], [100.0, 4, 8, 8], [100.0, 4, 8, 8]]

    found = assigned_in_row(boxes, [[[14.0, 4, 8, 8], [12.0, 4, 8, 8]]], [0.5] * 4)

    assert found == [(0, 1, 1, 1.0)]


def test_each_image_has_its_own_truth_and_rows_that_are_not_usable_have_none():
    truth = [[[4.0, 4, 8, 8], [0.0, 0, 0, 0]], [[0.0, 0, 0, 0], [28.0, 4, 8, 8]]]

    assert assigned_in_row(ROW, truth, [0.5] * 4) == [(0, 0, 0, 1.0), (1, 3, 1, 1.0)]


@pytest.mark.parametrize(("x", "places"), [(15.999, [0]), (16.0, []), (-8.0, [])])
def test_cells_are_near_less_than_the_radius_away(x, places):
    # the centre of cell 0 is at 4, a cell and a half of 8 are 12; the others are not predicted here
    near = simota.cells_near(
        box(ROW[:1]), Box(*(part[:, None] for part in box([[x, 4, 8, 8]]))), 1.5
    )

    assert near[0].nonzero()[:, 0].tolist() == places


def test_without_a_cell_near_nothing_is_assigned():
    assert assigned_in_row(ROW, [[[60.0, 4, 8, 8]]], [0.5] * 4) == []
