"""Which slots learn which truths."""

import pytest
import torch
from loss_cases import inputs_of, rows

from pydarknet.layers import Shape
from pydarknet.training.losses.matcher import (
    Matches,
    average_box_deltas,
    best_anchors,
    matches_of,
    responsible_anchors,
)
from pydarknet.training.losses.slots import Grid, Slots
from pydarknet.training.losses.targets import ground_truth_of

SIZE = Shape(c=3, h=100, w=100)
CONV = "[convolutional]\nfilters=12\nsize=1\nactivation=linear\n"
YOLO = "[yolo]\nclasses=1\nnum=3\nmask=0,1\nanchors=10,10, 20,20, 20,20\n"


@pytest.fixture
def head(nodes):
    """Return a function that makes a yolo head of the fork's with options."""
    return lambda options="": nodes(f"{CONV}{YOLO}{options}", dialect="alexeyab")[-1].layer


def truths(layer, *sides: float):
    """Return squares of such sides in the middle of one image."""
    boxes = [(0.5, 0.5, side, side, 0) for side in sides]
    return ground_truth_of(inputs_of(rows(boxes), SIZE), layer, 1, most=10)


def test_of_equal_anchors_the_first_is_best(head):
    layer = head()

    best = best_anchors(layer, truths(layer, 0.1, 0.3), SIZE)

    assert best.tolist() == [[[True, False, False], [False, True, False]]]


@pytest.mark.parametrize(
    ("thresh", "chosen"),
    [
        (1.0, [False, True, False]),
        (0.2, [True, True, True]),  # 10 x 10 in 20 x 20 is an IoU of 0.25
        (0.25, [False, True, True]),  # which must be exceeded
    ],
)
def test_anchors_like_the_truth_are_chosen_too(head, thresh, chosen):
    layer = head(f"iou_thresh={thresh}")

    assert responsible_anchors(layer, truths(layer, 0.2), SIZE).tolist() == [[chosen]]


def test_chosen_slots_get_the_truths_that_are_said(head):
    layer = head()
    chosen = torch.zeros(1, 2, 1, 2, dtype=torch.bool)
    chosen[0, 1, 0, 1] = True

    matches = Matches.where(chosen, torch.full((1, 2, 1, 2), 1), truths(layer, 0.1, 0.3))

    assert [part.tolist() for part in matches.slots] == [[0], [1], [0], [1]]
    assert matches.truth.w.tolist() == pytest.approx([0.3])
    assert [turn.tolist() for turn in matches.turns] == [[0]]


def test_some_matches_are_those_at_their_positions(head):
    chosen = torch.tensor([True, True]).view(1, 2, 1, 1)
    both = Matches.where(chosen, torch.tensor([0, 1]).view(1, 2, 1, 1), truths(head(), 0.1, 0.3))

    second = both.at(torch.tensor([1]))

    assert [part.tolist() for part in second.slots] == [[0], [1], [0], [0]]
    assert second.truth.w.tolist() == pytest.approx([0.3])
    assert (second.classes.tolist(), second.turns) == ([0], ())


@pytest.mark.parametrize(
    ("mask", "anchors"),
    [
        ("0,2", [0]),  # the second box is most like an anchor that is not in the mask
        ("2,1,1", [1]),  # of an anchor that is named twice, the first
        ("1,0", [1, 0]),
    ],
)
def test_boxes_are_matched_with_their_best_anchor_where_the_mask_names_it(nodes, mask, anchors):
    filters = 6 * len(mask.split(","))
    text = f"[yolo]\nclasses=1\nnum=2\nmask={mask}\nanchors=10,10, 20,20, 30,30\n"
    conv = f"[convolutional]\nfilters={filters}\nsize=1\nactivation=linear\n"
    layer = nodes(conv + text, dialect="alexeyab")[-1].layer  # the third is beyond num
    truth = truths(layer, 0.1, 0.2)
    grid = Grid(torch.zeros(1, layer.boxes, 6, 3, 4), torch.ones(layer.boxes, 2), torch.exp)

    matches = matches_of(layer, truth, best_anchors(layer, truth, SIZE), grid)

    assert matches.slots.anchor.tolist() == anchors
    assert set(matches.slots.row.tolist()) == {1}  # of 3 rows and 4 columns
    assert set(matches.slots.column.tolist()) == {2}


def test_no_chosen_slots_are_no_turn(head):
    none = torch.zeros(1, 2, 1, 2, dtype=torch.bool)

    matches = Matches.where(none, none.long(), truths(head()))

    assert (len(matches), matches.turns) == (0, ())


def one_match(layer) -> Matches:
    """Return the first slot with a small square's truth."""
    slots = Slots(*torch.zeros(4, 1, dtype=torch.int64))
    return Matches.of(slots, truths(layer, 0.1), torch.tensor([0]), torch.device("cpu"))


def test_a_truths_class_is_hit(head):
    matches = one_match(head())

    assert matches.one_hot(2).tolist() == [[True, False]]


@pytest.mark.parametrize(
    ("classes", "divided"),
    [
        ([0.5, 0.5], 2),  # believes in two
        ([0.5, -0.5], 1),
        ([0.5, 0.0], 1),
        ([-0.5, -0.5], 1),  # never by 0
    ],
)
def test_box_deltas_are_divided_by_how_many_classes_a_slot_learns(head, classes, divided):
    matches = one_match(head())
    delta = torch.tensor([8.0, 8, 8, 8, 1, *classes]).view(1, 1, 7, 1, 1)

    average_box_deltas(delta, [matches], 4, None)

    assert delta.flatten().tolist() == [8 / divided] * 4 + [1, *classes]


def test_each_slot_is_divided_by_its_own_classes(head):
    chosen = torch.tensor([True, True]).view(1, 2, 1, 1)
    matches = Matches.where(chosen, torch.zeros(1, 2, 1, 1).long(), truths(head(), 0.1))
    delta = torch.tensor([[8.0, 8, 8, 8, 1, 1, 1], [8, 8, 8, 8, 1, 1, 0]]).view(1, 2, 7, 1, 1)

    average_box_deltas(delta, [matches], 4, None)

    assert delta[0, :, 0].flatten().tolist() == [4, 8]


def test_a_slot_without_an_objectness_is_not_divided(head):
    matches = one_match(head())
    delta = torch.tensor([8.0, 8, 8, 8, 0, 0.5, 0.5]).view(1, 1, 7, 1, 1)

    average_box_deltas(delta, [matches], 4, 4)

    assert delta.flatten().tolist()[:4] == [8, 8, 8, 8]
