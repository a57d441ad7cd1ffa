"""What [softmax] and [logistic] lose."""

from __future__ import annotations

from math import log

import pytest
import torch
from conftest import both_lineages
from loss_cases import delta, head_loss, head_of, inputs_of

from pydarknet.errors import CfgError
from pydarknet.layers import Shape


@pytest.fixture
def loss_of(net):
    """Return what a classifier loses of zeros, whose probabilities are all alike."""

    def teach(text, truth, **options):
        head = head_of(net(text, inputs=len(truth), **options), [0.0] * len(truth))
        told = inputs_of(torch.tensor([truth]), Shape(c=3, h=8, w=8))
        return head_loss(head, told)

    return teach


@both_lineages
def test_classes_learn_their_difference_to_the_truth(loss_of, dialect):
    loss = loss_of("[softmax]", [0.0, 1, 0, 0], dialect=dialect)

    assert delta(loss) == [-0.25, 0.75, -0.25, -0.25]
    assert float(loss.cost) == pytest.approx(log(4))


def test_every_class_that_is_true_at_all_counts_whole(loss_of):
    loss = loss_of("[softmax]", [0.1, 0.9, 0, 0])

    assert float(loss.cost) == pytest.approx(2 * log(4))


@pytest.mark.parametrize("section", ["[softmax]", "[logistic]", "[cost]"])
def test_data_for_heads_of_another_kind_are_refused(net, section):
    head = head_of(net(section, inputs=4, dialect="pjreddie"), [0.0] * 4)
    boxes = inputs_of(torch.zeros(1, 2, 5), Shape(c=3, h=8, w=8))

    with pytest.raises(CfgError, match="learns 4 numbers an image, and the data have 10 true ones"):
        head_loss(head, boxes)


def test_noloss_learns_and_costs_nothing(loss_of):
    loss = loss_of("[softmax]\nnoloss=1", [0.0, 1, 0, 0])

    assert (delta(loss), float(loss.cost)) == ([0] * 4, 0)


def test_the_temperature_divides_no_delta(loss_of):
    assert delta(loss_of("[softmax]\ntemperature=2", [0.0, 1])) == [-0.5, 0.5]


def test_in_a_tree_a_truth_of_minus_1234_says_nothing(loss_of, tmp_path):
    path = tmp_path / "t.tree"
    path.write_text("a -1\nb -1\nc 0\nd 0\n")

    loss = loss_of(f"[softmax]\ntree={path}", [0.0, 1, -1234, -1234])

    assert delta(loss) == [-0.5, 0.5, 0, 0]
    assert float(loss.cost) == pytest.approx(log(2))


def test_a_map_learns_in_its_shape(net):
    head = head_of(net("[softmax]", c=2, h=1, w=1), [0, 0])

    loss = head_loss(head, inputs_of(torch.tensor([[1.0, 0]]), Shape(c=3, h=8, w=8)))

    assert loss.delta.shape == (1, 2, 1, 1)


def test_logistic_counts_both_of_yes_and_no(loss_of):
    loss = loss_of("[logistic]", [1.0, 0, 0.5])

    assert delta(loss) == [0.5, -0.5, 0]
    assert float(loss.cost) == pytest.approx(3 * log(2), rel=1e-6)


@pytest.mark.parametrize(("raw", "truth"), [(200, 0.0), (-200, 1.0)])
def test_logistic_stays_finite_where_it_is_certain(net, raw, truth):
    head = head_of(net("[logistic]", inputs=1), [raw])

    loss = head_loss(head, inputs_of(torch.tensor([[truth]]), Shape(c=3, h=8, w=8)))

    assert float(loss.cost) == pytest.approx(-log(1e-7), rel=1e-6)


def test_nothing_is_told(loss_of):
    assert loss_of("[softmax]", [0.0, 1]).line() == ""


@both_lineages
def test_smooth_labels_give_a_share_to_each_class_of_the_group(loss_of, dialect):
    loss = loss_of("[softmax]\nlabel_smooth_eps=.2", [0.0, 1, 0, 0], dialect=dialect)

    assert delta(loss) == [0.05 - 0.25, 0.85 - 0.25, 0.05 - 0.25, 0.05 - 0.25]
    assert float(loss.cost) == pytest.approx(log(4))


def test_smooth_labels_leave_what_a_tree_does_not_ask(net, tmp_path):
    path = tmp_path / "t.tree"
    path.write_text("animal -1\nthing -1\ncat 0\ndog 0\n")
    network = net(f"[softmax]\ntree={path}\nlabel_smooth_eps=.2", inputs=4)
    told = inputs_of(torch.tensor([[0.0, 1, -1234, -1234]]), Shape(c=3, h=8, w=8))

    loss = head_loss(head_of(network, [0.0] * 4), told)

    assert delta(loss) == [0.1 - 0.5, 0.9 - 0.5, 0, 0]
