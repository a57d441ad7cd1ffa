"""What the fork's heads learn of classes."""

import math

import pytest
import torch

from pydarknet.errors import CfgError
from pydarknet.training.losses.class_deltas import (
    ClassDeltas,
    class_weights,
    focal_deltas,
    smooth_targets,
)
from pydarknet.training.losses.iou import Box
from pydarknet.training.losses.matcher import Matches
from pydarknet.training.losses.pull import PLAIN, Pull
from pydarknet.training.losses.slots import Slots

HITS = torch.tensor([[True, False]])
GIVEN = torch.tensor([[0.75, 0.25]])
ONE = torch.ones(1, 1)


def head(nodes, options: str):
    """Return a yolo head of the fork's, of two classes."""
    conv = "[convolutional]\nfilters=7\nsize=1\nactivation=linear\n"
    return nodes(f"{conv}[yolo]\nclasses=2\n{options}", dialect="alexeyab")[-1].layer


@pytest.mark.parametrize(("eps", "goals"), [(0.0, [1, 0]), (0.2, [0.9, 0.1])])
def test_smoothing_brings_goals_nearer_to_one_half(eps, goals):
    torch.testing.assert_close(
        smooth_targets(HITS, eps), torch.tensor([goals], dtype=torch.float32)
    )


def test_rare_classes_count_more(nodes):
    assert class_weights(head(nodes, "counters_per_class=100,25")) == (1, 4)


def test_a_class_that_was_never_counted_counts_as_once(nodes):
    assert class_weights(head(nodes, "counters_per_class=100,0\nmax_delta=20")) == (1, 20)


def test_once_is_what_no_count_counts_as(nodes):
    assert class_weights(head(nodes, "counters_per_class=10,0")) == (1, 10)


def test_without_counters_there_are_no_multipliers(nodes):
    assert class_weights(head(nodes, "")) == ()


def test_counters_of_another_number_than_classes_are_refused(nodes):
    with pytest.raises(CfgError, match="1 counters_per_class: expected 2, classes"):
        class_weights(head(nodes, "counters_per_class=100"))


def test_a_slot_learns_all_classes_at_first():
    taught = ClassDeltas(0.0, (), 1.0).deltas(GIVEN * 0, GIVEN, HITS, ONE, torch.tensor([[False]]))

    assert taught.tolist() == [[0.25, -0.25]]


def test_a_slot_that_has_learnt_before_learns_the_one_class_beside():
    before = torch.tensor([[9.0, 9.0]])

    taught = ClassDeltas(0.0, (), 1.0).deltas(before, GIVEN, HITS, ONE, torch.tensor([[True]]))

    assert taught.tolist() == [[0.25, 9]]


def test_only_the_truths_class_is_multiplied():
    classes = ClassDeltas(0.0, (1.0, 4.0), normalizer=0.5)

    taught = classes.deltas(GIVEN * 0, GIVEN, HITS, 4 * ONE, torch.tensor([[False]]))

    assert taught.tolist() == [[0.5, -0.25]]  # 0.25 * 4 * 0.5


def test_a_second_match_of_a_slot_is_multiplied_by_the_weight_alone():
    classes = ClassDeltas(0.0, (1.0, 4.0), normalizer=0.5)
    before = torch.tensor([[9.0, 9.0]])

    taught = classes.deltas(before, GIVEN, HITS, 4 * ONE, torch.tensor([[True]]))

    assert taught.tolist() == [[1, 9]]  # 0.25 * 4, as in delta_yolo_class


def test_the_forks_focal_deltas_are_of_a_first_match_alone():
    classes = ClassDeltas(0.0, (), 1.0, focal=True)
    both = torch.cat([GIVEN, GIVEN])

    taught = classes.deltas(
        9 + 0 * both, both, HITS.expand(2, 2), torch.ones(2, 1), torch.tensor([[False], [True]])
    )

    assert torch.equal(taught[0], focal_deltas(GIVEN, HITS)[0])
    assert taught[1].tolist() == [0.25, 9]


def test_a_heads_options_are_read(nodes):
    layer = head(nodes, "counters_per_class=100,25\nlabel_smooth_eps=.1\ncls_normalizer=.5\n")

    read = ClassDeltas.of(layer, Pull(0.25, 2.0), focal=True)

    assert read == ClassDeltas(0.1, (1, 4), 0.5, True, Pull(0.25, 2.0))
    assert ClassDeltas.of(layer, PLAIN) == ClassDeltas(0.1, (1, 4), 0.5, False, PLAIN)


@pytest.mark.parametrize(("weights", "each"), [((1.0, 4.0), [[4], [1]]), ((), [[1], [1]])])
def test_each_match_has_the_weight_of_its_class(weights, each):
    none, sides = torch.zeros(2, dtype=torch.int64), torch.ones(2)
    matches = Matches(Slots(*[none] * 4), Box(*[sides] * 4), torch.tensor([1, 0]), ())

    assert ClassDeltas(0.0, weights, 1.0).weight(matches).tolist() == each


def test_what_is_no_number_teaches_nothing():
    given = torch.tensor([[math.nan, 0.25]])

    taught = ClassDeltas(0.0, (), 1.0).deltas(GIVEN * 0, given, HITS, ONE, torch.tensor([[False]]))

    assert taught.tolist() == [[0, -0.25]]


def test_focal_steps_fade_as_the_class_grows_sure():
    unsure, sure = (focal_deltas(torch.tensor([[p, 0.0]]), HITS)[0, 0].item() for p in (0.5, 0.99))

    # half of 1 - p, times -(1 - p) (2 p ln p + p - 1), which is 0.5 (ln 2 + 0.5) where p is 0.5
    assert unsure == pytest.approx(0.25 * 0.5 * (math.log(2) + 0.5), rel=1e-5)
    assert 0 < sure < 1e-5


def test_focal_steps_of_a_class_that_is_not_believed_are_finite():
    # p is 1e-15, so that the factor is -(1)(0 - 1) = 1; halves of 1 - 0 and 0 - 1
    assert focal_deltas(torch.tensor([[0.0, 1.0]]), HITS)[0].tolist() == pytest.approx([0.5, -0.5])


def test_focal_steps_of_each_match_are_its_own():
    output = torch.tensor([[0.5, 0.25], [0.75, 0.9]])
    hits = torch.tensor([[True, False], [False, True]])

    both = focal_deltas(output, hits)

    alone = [focal_deltas(output[row : row + 1], hits[row : row + 1]) for row in (0, 1)]
    assert torch.equal(both, torch.cat(alone))
