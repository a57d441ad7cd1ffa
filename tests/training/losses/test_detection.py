"""What [detection] loses, the head of YOLOv1."""

from __future__ import annotations

import pytest
import torch
from conftest import both_lineages
from loss_cases import delta, head_loss, head_of, inputs_of

from pydarknet.errors import CfgError
from pydarknet.layers import Shape
from pydarknet.training import Loss

# Two classes, two confidences, two boxes of a single cell.
GIVEN = [0.25, 0.5, 0.5, 0.75, 0.5, 0.5, 0.5, 0.5, 0, 0, 0.25, 0.25]
TRUTH = [1, 0, 1, 0.5, 0.5, 0.5, 0.25]  # an object, of class 1, and its box
NOTHING = [0.0] * 7
HEAD = "[detection]\nclasses=2\nside=1\nnum=2\ncoords=4\n"


@pytest.fixture
def loss_of(net):
    """Return what a head with options loses of numbers and a truth."""

    def teach(
        options: str = "",
        given: list[float] = GIVEN,
        truth: list[float] = TRUTH,
        dialect: str = "pjreddie",
        seen: int = 20000,
        seed: int = 0,
    ) -> Loss:
        network = net(HEAD + options, inputs=len(given), dialect=dialect)
        head = head_of(network, given)
        size = Shape(c=3, h=8, w=8)
        told = inputs_of(torch.tensor([truth]), size, seen=seen, seed=seed)
        return head_loss(head, told)

    return teach


@both_lineages
def test_empty_cells_learn_that_nothing_is_there(loss_of, dialect):
    loss = loss_of("noobject_scale=.5", truth=NOTHING, dialect=dialect)

    assert delta(loss) == [0, 0, -0.25, -0.375] + [0] * 8
    assert float(loss.cost) == 0.25**2 + 0.375**2


@both_lineages
def test_the_box_that_overlaps_most_learns_the_truth(loss_of, dialect):
    loss = loss_of(dialect=dialect)

    assert delta(loss) == [-0.25, 0.5, 0.5, -0.75, 0, 0, 0, -0.25, 0, 0, 0, 0]


def test_scales_weigh_classes_confidences_and_boxes(loss_of):
    loss = loss_of("class_scale=2\nobject_scale=4\nnoobject_scale=.5\ncoord_scale=8")

    assert delta(loss) == [-0.5, 1, 2, -0.375, 0, 0, 0, -2, 0, 0, 0, 0]


def test_of_boxes_that_overlap_nothing_the_nearest_in_numbers_learns(loss_of):
    away = [0, 0, 0.5, 0.75, 3, 3, 0.1, 0.1, 2, 2, 0.1, 0.1]

    loss = loss_of(given=away)

    assert delta(loss)[2:4] == [-0.5, 0.25]
    assert delta(loss)[8:10] == [-1.5, -1.5]


def test_the_nearest_in_numbers_may_lie_on_the_other_side(loss_of):
    # 1.5 before the middle and 1 behind it
    loss = loss_of(given=[0, 0, 0.5, 0.75, -1, -1, 0.1, 0.1, 1.5, 1.5, 0.1, 0.1])

    assert delta(loss)[8:10] == [-1, -1]


def test_each_image_has_the_box_that_overlaps_most_or_else_the_nearest(net):
    away = [0, 0, 0.5, 0.75, 3, 3, 0.1, 0.1, 2, 2, 0.1, 0.1]
    head = head_of(net(HEAD, inputs=12), [*GIVEN, *away])

    loss = head_loss(head, inputs_of(torch.tensor([TRUTH, TRUTH]), Shape(c=3, h=8, w=8)))

    assert [delta(loss)[2:4], delta(loss)[14:16]] == [[0.5, -0.75], [-0.5, 0.25]]


def test_of_five_numbers_of_a_box_the_fifth_is_not_learnt(net):
    given = [0.25, 0.5, 0.5, 0.75, *[0.5] * 4, 9, 0, 0, 0.25, 0.25, 9]
    head = head_of(net(HEAD.replace("coords=4", "coords=5"), inputs=14), given)

    loss = head_loss(head, inputs_of(torch.tensor([TRUTH]), Shape(c=3, h=8, w=8)))

    assert delta(loss) == [-0.25, 0.5, 0.5, -0.75, 0, 0, 0, -0.25, 0, *[0] * 5]


def test_rescore_teaches_the_overlap_as_confidence(loss_of):
    assert delta(loss_of("rescore=1"))[2] == 0  # half of the box is the truth


def test_with_sqrt_sides_are_told_as_roots(loss_of):
    loss = loss_of("sqrt=1", truth=[1, 0, 1, 0.5, 0.5, 0.25, 0.25])

    assert delta(loss)[4:8] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("sides", "confidences"),
    [
        ((0.3, 0.3), [-0.5, 0.25]),
        ((0.5, 0.5), [0.5, -0.75]),
        ((0.1, 1.0), [0.5, -0.75]),  # .1 as a float32 is not less than the C's double
    ],
)
def test_forced_gives_small_truths_to_the_second_box_and_others_to_the_first(
    loss_of, sides, confidences
):
    loss = loss_of("forced=1", truth=[1, 0, 1, 0.5, 0.5, *sides])

    assert delta(loss)[2:4] == confidences


def test_forced_has_but_the_first_box_where_there_is_one(net):
    head = head_of(net("[detection]\nside=1\ncoords=4\nforced=1", inputs=6), [0.0] * 6)
    truth = torch.tensor([[1, 1, 0.5, 0.5, 0.1, 0.1]])

    loss = head_loss(head, inputs_of(truth, Shape(c=3, h=8, w=8)))

    assert delta(loss)[1] == 1


def test_forced_gives_small_truths_to_the_second_of_three_boxes(net):
    head = head_of(net(HEAD.replace("num=2", "num=3") + "forced=1", inputs=17), [0.0] * 17)
    truth = torch.tensor([[1, 0, 1, 0.5, 0.5, 0.3, 0.3]])

    loss = head_loss(head, inputs_of(truth, Shape(c=3, h=8, w=8)))

    assert delta(loss)[2:5] == [0, 1, 0]


def test_random_draws_the_box_by_the_generator(loss_of):
    def drawn(seed: int) -> bool:
        torch.manual_seed(1)  # which has no say
        return delta(loss_of("random=1", seed=seed))[2] > 0

    assert {drawn(seed) for seed in range(8)} == {True, False}


def test_random_draws_no_longer_after_64000_images(loss_of):
    drawn = {delta(loss_of("random=1", seed=seed, seen=64000))[2] > 0 for seed in range(8)}

    assert drawn == {True}


def test_the_line_tells_means(loss_of):
    assert loss_of().line() == (
        "Detection Avg IOU: 0.500000, Pos Cat: 0.500000, All Cat: 0.375000, Pos Obj: 0.500000,"
        " Any Obj: 0.625000, count: 1"
    )


def test_without_objects_the_line_tells_no_numbers(loss_of):
    assert loss_of(truth=NOTHING).line() == (
        "Detection Avg IOU: -nan, Pos Cat: -nan, All Cat: -nan, Pos Obj: -nan,"
        " Any Obj: 0.625000, count: 0"
    )


def test_data_for_heads_of_another_kind_are_refused(loss_of):
    with pytest.raises(CfgError, match=r"\[detection\] learns 7 numbers an image, and the data"):
        loss_of(truth=[0.0] * 5)


def test_smooth_labels_are_of_a_softmax(loss_of):
    loss = loss_of("softmax=1\nlabel_smooth_eps=.2", [0.0, 0.0, *GIVEN[2:]])

    assert delta(loss)[:2] == [0.1 - 0.5, 0.9 - 0.5]


def test_smooth_labels_without_a_softmax_are_refused(loss_of):
    with pytest.raises(CfgError) as error:
        loss_of("label_smooth_eps=.2")

    assert str(error.value) == (
        "net.cfg:9: [detection] label_smooth_eps = .2: expected softmax=1 with it"
    )
