"""What [yolo] loses: who learns which truth, in which order, and what is told of it."""

from __future__ import annotations

from math import log

import pytest
import torch
from conftest import both_lineages
from loss_cases import delta, head_loss, head_of, inputs_of, loss_of, rows

from pydarknet.errors import CfgError
from pydarknet.layers import Shape

# In a network of 32 x 32 this anchor is half the image; zeros give its middle, .5 and .5.
HEAD = "[yolo]\nclasses=2\nnum=1\nanchors=16,16\n"
ZEROS = [0.0] * 7
MIDDLE = (0.5, 0.5, 0.5, 0.5)
CORNER = (0.25, 0.75, 0.25, 0.5)


def cell(net, text=HEAD, **options):
    """Return a network that is one cell of a head."""
    return net(text, c=7, h=1, w=1, **options)


@both_lineages
def test_without_truth_objectness_is_taught_to_be_none(net, dialect):
    loss = loss_of(cell(net, dialect=dialect), ZEROS, [])

    assert delta(loss) == [0, 0, 0, 0, -0.5, 0, 0]
    assert float(loss.cost) == 0.25


def test_the_truths_slot_learns_its_box_objectness_and_class(net):
    loss = loss_of(cell(net), ZEROS, [(*CORNER, 1)])

    small = 2 - 0.25 * 0.5
    box = [small * (0.25 - 0.5), small * (0.75 - 0.5), small * log(0.25 / 0.5), 0]
    assert delta(loss) == pytest.approx([*box, 0.5, -0.5, 0.5], abs=1e-6)


def test_the_cost_is_the_sum_of_the_squares_of_deltas(net):
    loss = loss_of(cell(net), ZEROS, [(*MIDDLE, 0)])

    assert delta(loss) == [0, 0, 0, 0, 0.5, 0.5, -0.5]
    assert float(loss.cost) == 0.75


def test_of_two_truths_of_a_slot_the_last_has_the_box(net):
    loss = loss_of(cell(net), ZEROS, [(*CORNER, 0), (*MIDDLE, 0)])

    assert delta(loss)[:4] == [0, 0, 0, 0]


def test_a_second_truth_of_a_slot_adds_its_class(net):
    loss = loss_of(cell(net), ZEROS, [(*MIDDLE, 0), (*MIDDLE, 1)])

    assert delta(loss)[5:] == [0.5, 0.5]


def test_a_second_class_replaces_a_first_class_0_that_was_certain(net):
    certain = [0, 0, 0, 0, 0, 200, 0]  # its delta is 0, which the C takes for a slot untaught

    loss = loss_of(cell(net), certain, [(*MIDDLE, 0), (*MIDDLE, 1)])

    assert delta(loss)[5:] == [-1, 0.5]


@both_lineages
@pytest.mark.parametrize(("thresh", "objectness"), [(0.31, 0), (0.32, -0.5)])
def test_a_slot_that_overlaps_a_truth_enough_is_let_alone(net, dialect, thresh, objectness):
    network = net(f"{HEAD}ignore_thresh={thresh}", c=7, h=1, w=2, dialect=dialect)

    # the right cell predicts .5 to 1, the truth of the left one is .24 to .74, both half as high:
    # .24 * .5 / (.25 + .25 - .12) = .316
    loss = loss_of(network, [0.0] * 14, [(0.49, 0.5, 0.5, 0.5, 0)])

    assert delta(loss)[9] == objectness


def test_a_slot_that_overlaps_a_truth_by_more_than_truth_thresh_learns_it(net):
    network = net(f"{HEAD}truth_thresh=.31", c=7, h=1, w=2)

    loss = loss_of(network, [0.0] * 14, [(0.49, 0.5, 0.5, 0.5, 0)])

    right = delta(loss)[1::2]
    small = 2 - 0.5 * 0.5
    # the target of x is .49 * 2 cells - 1
    assert right == pytest.approx([small * (-0.02 - 0.5), 0, 0, 0, 0.5, 0.5, -0.5], abs=1e-6)


@both_lineages
@pytest.mark.parametrize(("mask", "taught_one"), [("0", False), ("1", True)])
def test_a_truth_belongs_to_the_head_that_has_its_best_anchor(net, dialect, mask, taught_one):
    text = f"[yolo]\nclasses=2\nnum=2\nanchors=4,4, 16,16\nmask={mask}"

    loss = loss_of(cell(net, text, dialect=dialect), ZEROS, [(*MIDDLE, 0)])

    assert (delta(loss)[4] > 0) is taught_one


@both_lineages
def test_of_equally_good_anchors_the_first_is_the_best(net, dialect):
    text = "[yolo]\nclasses=1\nnum=2\nanchors=16,16, 16,16\nignore_thresh=1"

    loss = loss_of(net(text, c=12, h=1, w=1, dialect=dialect), [0.0] * 12, [(*MIDDLE, 0)])

    assert [delta(loss)[4], delta(loss)[10]] == [0.5, -0.5]


@both_lineages
def test_an_anchor_that_stands_twice_in_the_mask_learns_at_its_first_place(net, dialect):
    text = "[yolo]\nclasses=1\nnum=1\nanchors=16,16\nmask=0,0"

    loss = loss_of(net(text, c=12, h=1, w=1, dialect=dialect), [0.0] * 12, [(*MIDDLE, 0)])

    assert [delta(loss)[5], delta(loss)[11]] == [0.5, 0]


@both_lineages
def test_truths_behind_one_whose_x_is_0_are_not_read(net, dialect):
    unread = [(*MIDDLE, 0), (0, 0.5, 0.5, 0.5, 0), (*MIDDLE, 1)]

    loss = loss_of(cell(net, dialect=dialect), ZEROS, unread)

    assert delta(loss)[5:] == [0.5, -0.5]


@both_lineages
def test_truths_beyond_max_are_not_read(net, dialect):
    truths = [(*MIDDLE, 0), (*MIDDLE, 1)]

    loss = loss_of(cell(net, f"{HEAD}max=1", dialect=dialect), ZEROS, truths)

    assert delta(loss)[5:] == [0.5, -0.5]


@both_lineages
@pytest.mark.parametrize("name", [2, -1])
def test_a_truth_of_a_class_that_the_head_lacks_counts_for_nothing(net, dialect, name):
    loss = loss_of(cell(net, dialect=dialect), ZEROS, [(*MIDDLE, name)])

    assert delta(loss) == [0, 0, 0, 0, -0.5, 0, 0]


@both_lineages
def test_a_truth_on_the_border_belongs_to_the_last_cell(net, dialect):
    network = net(HEAD, c=7, h=1, w=2, dialect=dialect)

    loss = loss_of(network, [0.0] * 14, [(1.0, 1.0, 0.5, 0.5, 0)])

    assert delta(loss)[8:10] == [-0.5, 0.5]


@both_lineages
def test_a_map_turns_classes_into_others(net, tmp_path, dialect):
    (tmp_path / "classes.map").write_text("1\n0\n")
    text = f"{HEAD}map={tmp_path / 'classes.map'}"

    loss = loss_of(cell(net, text, dialect=dialect), ZEROS, [(*MIDDLE, 0)])

    assert delta(loss)[5:] == [-0.5, 0.5]


def test_a_class_beyond_the_map_counts_for_nothing(net, tmp_path):
    (tmp_path / "short.map").write_text("1\n")
    text = f"{HEAD}map={tmp_path / 'short.map'}"

    loss = loss_of(cell(net, text), ZEROS, [(*MIDDLE, 1)])

    assert delta(loss)[4] == -0.5


def test_a_map_that_is_not_there_is_an_error(net):
    network = cell(net, f"{HEAD}map=no.map")

    with pytest.raises(CfgError, match=r"net\.cfg:6: \[yolo\] Couldn't open file: no\.map"):
        loss_of(network, ZEROS, [(*MIDDLE, 0)])


@both_lineages
def test_images_of_a_batch_learn_their_own_truths(net, dialect):
    loss = loss_of(cell(net, dialect=dialect), ZEROS * 2, [], [(*MIDDLE, 0)])

    assert [delta(loss)[4], delta(loss)[11]] == [-0.5, 0.5]


@both_lineages
def test_with_onlyforward_a_head_learns_nothing_and_costs_nothing(net, dialect):
    loss = loss_of(cell(net, f"{HEAD}onlyforward=1", dialect=dialect), ZEROS, [(*MIDDLE, 0)])

    assert (delta(loss), float(loss.cost), loss.line()) == ([0] * 7, 0, "")


def test_the_line_tells_means_of_what_truths_were_given(net):
    loss = loss_of(cell(net), ZEROS, [(*MIDDLE, 0), (0.5, 0.5, 0.25, 0.5, 1)])

    # IoU 1 and .5, of which one exceeds .5 and one .75
    assert loss.line() == (
        "Region 0 Avg IOU: 0.750000, Class: 0.500000, Obj: 0.500000, No Obj: 0.500000,"
        " .5R: 0.500000, .75R: 0.500000,  count: 2"
    )


@both_lineages
def test_the_original_prints_to_stdout_and_the_fork_to_stderr(net, dialect):
    loss = loss_of(cell(net, dialect=dialect), ZEROS, [])

    assert loss.on_stderr is (dialect == "alexeyab")


def test_a_lesson_reads_the_rows_in_use_once_for_all_heads(net):
    truth = rows([(*MIDDLE, 0)], [(*MIDDLE, 0), (*MIDDLE, 1)])

    read = inputs_of(torch.cat([truth, truth * 0], 1), Shape(c=3, h=32, w=32))

    assert read.rows.shape == (2, 2, 5)
    assert read.rows is read.rows


def test_a_loss_needs_no_gradient(net):
    network = cell(net)
    head = head_of(network, torch.zeros(7))
    head.raw.requires_grad_()

    loss = head_loss(head, inputs_of(rows([]), Shape(c=3, h=32, w=32)))

    assert not loss.delta.requires_grad
    assert loss.delta.shape == head.raw.shape


def test_a_second_truth_adds_its_class_among_three_too(net):
    network = net(HEAD.replace("classes=2", "classes=3"), c=8, h=1, w=1)

    loss = loss_of(network, [0.0] * 8, [(*MIDDLE, 0), (*MIDDLE, 1)])

    assert delta(loss)[5:] == [0.5, 0.5, -0.5]


def test_the_line_tells_objectness_class_and_the_share_of_boxes_beyond_an_overlap(net):
    raw = [0, 0, 0, 0, 1, -1, 0.5]  # logistic: .731, .269, .622

    loss = loss_of(cell(net), raw, [(0.5, 0.5, 0.5, 0.375, 1)])

    assert loss.line() == (  # an overlap of .75 is not beyond .75
        "Region 0 Avg IOU: 0.750000, Class: 0.622459, Obj: 0.731059, No Obj: 0.731059,"
        " .5R: 1.000000, .75R: 0.000000,  count: 1"
    )
