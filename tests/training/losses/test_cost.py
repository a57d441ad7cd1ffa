"""What [cost] loses."""

from __future__ import annotations

import pytest
import torch
from conftest import both_lineages
from lessons import delta, head_of, lesson

from pydarknet.layers import Shape
from pydarknet.training import loss_of

GIVEN = [0.5, 3.0, -2.0, 1.0]
TRUTH = [1.0, 1.0, 0.0, 1.0]


@pytest.fixture
def taught(net):
    """Return what a layer with options loses of numbers and a truth."""

    def teach(options, truth=TRUTH, **how):
        head = head_of(net(f"[cost]\n{options}", inputs=4, **how), GIVEN)
        told = lesson(torch.tensor([truth]), Shape(c=3, h=8, w=8))
        return loss_of(head.node.layer, head, told)

    return teach


@both_lineages
@pytest.mark.parametrize(
    ("type", "steps", "cost"),
    [
        ("sse", [0.5, -2, 2, 0], 0.25 + 4 + 4),
        ("smooth", [0.5, -1, 1, 0], 0.25 + 3 + 3),  # 2 * 2 - 1
    ],
)
def test_the_input_learns_its_difference_to_the_truth(taught, dialect, type, steps, cost):
    loss = taught(f"type={type}", dialect=dialect)

    assert (delta(loss), float(loss.cost)) == (steps, cost)


@pytest.mark.parametrize(
    ("options", "steps", "cost"),
    [
        ("type=L1", [1, -1, 1, -1], 0.5 + 2 + 2 + 0),  # what is right counts as too large
        ("type=seg", [0.5, -2, 2, 0], 0.25 + 4 + 4),
        ("type=seg\nnoobj=.5", [0.5, -2, 1, 0], 0.25 + 4 + 2),
        ("type=wgan", [1, 1, -1, 1], -0.5 - 3 - 2 - 1),
        ("smooth=.5", [0.125, -2.375, 2.125, -0.375], 0.125**2 + 2.375**2 + 2.125**2 + 0.375**2),
        ("thresh=4", [0, -2, 2, 0], 0.25 + 4 + 4),  # steps under 4 / 4 are left out
    ],
)
def test_the_original_has_types_of_its_own(taught, options, steps, cost):
    loss = taught(options)

    assert (delta(loss), float(loss.cost)) == (steps, cost)


@both_lineages
def test_masked_learns_nothing_where_the_truth_says_nothing(taught, dialect):
    loss = taught("type=masked", truth=[1.0, -1234.0, 0.0, -1234.0], dialect=dialect)

    assert (delta(loss), float(loss.cost)) == ([0.5, 0, 2, 0], 0.25 + 4)


@both_lineages
def test_scale_counts_in_the_step_alone(taught, dialect):
    loss = taught("scale=2", dialect=dialect)

    assert (delta(loss), float(loss.cost)) == ([1, -4, 4, 0], 8.25)


@both_lineages
def test_ratio_changes_nothing(taught, dialect):
    assert delta(taught("ratio=.5", dialect=dialect)) == [0.5, -2, 2, 0]


def test_a_map_learns_in_its_shape(net):
    head = head_of(net("[cost]", c=2, h=1, w=2), GIVEN)

    loss = loss_of(head.node.layer, head, lesson(torch.tensor([TRUTH]), Shape(c=3, h=8, w=8)))

    assert loss.delta.tolist() == [[[[0.5, -2]], [[2, 0]]]]
