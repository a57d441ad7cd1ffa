"""What [cost] loses."""

from __future__ import annotations

import pytest
import torch
from conftest import both_lineages
from loss_cases import delta, head_loss, head_of, inputs_of

from pydarknet.layers import Shape

GIVEN = [0.5, 3.0, -2.0, 1.0]
TRUTH = [1.0, 1.0, 0.0, 1.0]


@pytest.fixture
def loss_of(net):
    """Return what a layer with options loses of numbers and a truth."""

    def teach(options, truth=TRUTH, **how):
        head = head_of(net(f"[cost]\n{options}", inputs=4, **how), GIVEN)
        told = inputs_of(torch.tensor([truth]), Shape(c=3, h=8, w=8))
        return head_loss(head, told)

    return teach


@both_lineages
@pytest.mark.parametrize(
    ("type", "steps", "cost"),
    [
        ("sse", [0.5, -2, 2, 0], 0.25 + 4 + 4),
        ("smooth", [0.5, -1, 1, 0], 0.25 + 3 + 3),  # 2 * 2 - 1
    ],
)
def test_the_input_learns_its_difference_to_the_truth(loss_of, dialect, type, steps, cost):
    loss = loss_of(f"type={type}", dialect=dialect)

    assert (delta(loss), float(loss.cost)) == (steps, cost)


@pytest.mark.parametrize(
    ("options", "steps", "cost"),
    [
        ("type=L1", [1, -1, 1, -1], 0.5 + 2 + 2 + 0),  # what is right counts as too large
        ("type=seg", [0.5, -2, 2, 0], 0.25 + 4 + 4),
        ("type=seg\nnoobj=.5", [0.5, -2, 1, 0], 0.25 + 4 + 2),
        ("type=wgan", [1, 1, -1, 1], -0.5 - 3 - 2 - 1),
        ("smooth=.5", [0.125, -2.375, 2.125, -0.375], 0.125**2 + 2.375**2 + 2.125**2 + 0.375**2),
        ("thresh=2", [0.5, -2, 2, 0], 0.25 + 4 + 4),  # steps under 2 / 4 are left out
        ("thresh=8", [0, -2, 2, 0], 0.25 + 4 + 4),
    ],
)
def test_the_original_has_types_of_its_own(loss_of, options, steps, cost):
    loss = loss_of(options)

    assert (delta(loss), float(loss.cost)) == (steps, cost)


@both_lineages
def test_smooth_has_one_step_for_all_differences_of_1_and_more(loss_of, dialect):
    loss = loss_of("type=smooth", truth=[1.5, 2.0, 0.0, 1.0], dialect=dialect)

    assert (delta(loss), float(loss.cost)) == ([1, -1, 1, 0], 1 + 1 + 3)  # of 1, -1, 2 and 0


@both_lineages
def test_masked_learns_nothing_where_the_truth_says_nothing(loss_of, dialect):
    loss = loss_of("type=masked", truth=[1.0, -1234.0, 0.0, -1234.0], dialect=dialect)

    assert (delta(loss), float(loss.cost)) == ([0.5, 0, 2, 0], 0.25 + 4)


@both_lineages
def test_scale_counts_in_the_step_alone(loss_of, dialect):
    loss = loss_of("scale=2", dialect=dialect)

    assert (delta(loss), float(loss.cost)) == ([1, -4, 4, 0], 8.25)


@both_lineages
def test_ratio_changes_nothing(loss_of, dialect):
    assert delta(loss_of("ratio=.5", dialect=dialect)) == [0.5, -2, 2, 0]


def test_a_map_learns_in_its_shape(net):
    head = head_of(net("[cost]", c=2, h=1, w=2), GIVEN)

    loss = head_loss(head, inputs_of(torch.tensor([TRUTH]), Shape(c=3, h=8, w=8)))

    assert loss.delta.tolist() == [[[[0.5, -2]], [[2, 0]]]]
