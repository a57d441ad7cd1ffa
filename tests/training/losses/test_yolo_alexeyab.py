"""What the fork's [yolo] loses beside what the original's does."""

from __future__ import annotations

from math import exp, log

import pytest
import torch
from loss_cases import delta, loss_of

from pydarknet.errors import CfgError
from pydarknet.training.losses.iou import Box
from pydarknet.training.losses.iou_gradients import overlap_delta
from pydarknet.training.losses.yolo_alexeyab import clip_deltas, confident_slots

# In a network of 32 x 32 this anchor is half the image; zeros give its middle, .5 and .5.
HEAD = "[yolo]\nclasses=2\nnum=1\nanchors=16,16\n"
ZEROS = [0.0] * 7
MIDDLE = (0.5, 0.5, 0.5, 0.5)
NARROW = (0.5, 0.5, 0.25, 0.5)


@pytest.fixture
def cell(net):
    """Return a network that is one cell of a head with these options."""
    return lambda options="", classes=2: net(
        f"[yolo]\nclasses={classes}\nnum=1\nanchors=16,16\n{options}",
        c=5 + classes,
        h=1,
        w=1,
        dialect="alexeyab",
    )


def test_box_steps_are_three_quarters_by_default(cell):
    loss = loss_of(cell(), ZEROS, [(*NARROW, 0)])

    small = 2 - 0.25 * 0.5
    assert delta(loss)[2] == pytest.approx(0.75 * small * log(0.25 / 0.5), abs=1e-6)


def test_box_steps_of_a_slots_truths_add_up(cell):
    loss = loss_of(cell("iou_normalizer=1"), ZEROS, [(*NARROW, 0), (*NARROW, 0)])

    small = 2 - 0.25 * 0.5
    assert delta(loss)[2] == pytest.approx(2 * small * log(0.25 / 0.5), abs=1e-6)


def test_boxes_taught_and_those_taught_again_are_counted(cell):
    loss = loss_of(cell(), ZEROS, [(*NARROW, 0), (*NARROW, 0), (*MIDDLE, 1)])

    assert loss.boxes.tolist() == [3, 2]
    assert loss.boxes.dtype == torch.int64


def test_a_box_whose_steps_are_all_0_does_not_count_as_taught(cell):
    loss = loss_of(cell(), ZEROS, [(*MIDDLE, 0), (*MIDDLE, 0)])

    assert loss.boxes.tolist() == [2, 0]


def test_a_second_class_is_learnt_beside_the_first(cell):
    loss = loss_of(cell(), ZEROS, [(*MIDDLE, 0), (*MIDDLE, 1)])

    assert delta(loss)[5:] == [0.5, 0.5]


@pytest.mark.parametrize(
    ("raw", "classes"),
    [
        ([200, 0], [0.0, 0.5]),  # class 0 is certain: its delta of 0 is no matter to class 1
        ([0, -200], [-0.5, 1.0]),  # class 1 is impossible: its delta is 0, so all are taught afresh
    ],
)
def test_a_slot_counts_as_taught_by_the_delta_of_the_truths_own_class(cell, raw, classes):
    loss = loss_of(cell(), [0, 0, 0, 0, 0, *raw], [(*MIDDLE, 0), (*MIDDLE, 1)])

    assert delta(loss)[5:] == classes


def test_objectness_is_that_of_the_last_truth(cell):
    counters = "counters_per_class=100,50"

    loss = loss_of(cell(counters), ZEROS, [(*MIDDLE, 0), (*MIDDLE, 1)])

    assert delta(loss)[4] == 2 * 0.5  # the second class is twice as rare


def test_with_objectness_smooth_the_first_truth_has_the_objectness(cell):
    options = "counters_per_class=100,50\nobjectness_smooth=1\nignore_thresh=.9"
    sure = [0, 0, 0, 0, -200, 0, 0]  # of nothing: the delta of objectness is 0 before truths

    loss = loss_of(cell(options), sure, [(*MIDDLE, 0), (*MIDDLE, 1)])

    assert delta(loss)[4] == 1


def test_rare_classes_count_more_up_to_max_delta(cell):
    options = "counters_per_class=100,0\nmax_delta=3"

    loss = loss_of(cell(options), ZEROS, [(*MIDDLE, 1)])

    assert delta(loss)[4:] == [3 * 0.5, -0.5, 3 * 0.5]


@pytest.mark.parametrize(
    ("options", "classes"),
    [
        ("cls_normalizer=.5", [0.5, -0.5]),
        ("cls_normalizer=.5\ncounters_per_class=1,1", [0.25, -0.5]),
    ],
)
def test_cls_normalizer_counts_only_with_counters(cell, options, classes):
    assert delta(loss_of(cell(options), ZEROS, [(*MIDDLE, 0)]))[5:] == classes


def test_counters_must_be_as_many_as_classes(cell):
    network = cell("counters_per_class=1,2,3")

    with pytest.raises(CfgError, match=r"\[yolo\] 3 counters_per_class: expected 2, classes"):
        loss_of(network, ZEROS, [(*MIDDLE, 0)])


def test_delta_normalizer_scales_the_step_and_not_the_cost(cell):
    loss = loss_of(cell("delta_normalizer=.5"), ZEROS, [])

    assert delta(loss)[4] == -0.25
    assert float(loss.cost) == 0.25


@pytest.mark.parametrize(("belief", "objectness"), [(-1.0, 0.0), (-1.2, -0.5)])
def test_a_slot_near_a_truth_is_let_alone_if_it_believes_in_a_class(net, belief, objectness):
    network = net(f"{HEAD}ignore_thresh=.3", c=7, h=1, w=2, dialect="alexeyab")
    raw = [0.0] * 10 + [belief] * 4  # logistic: .27 and .23

    loss = loss_of(network, raw, [(0.49, 0.5, 0.5, 0.5, 0)])

    assert delta(loss)[9] == objectness


def test_label_smoothing_brings_goals_nearer_to_one_half(cell):
    loss = loss_of(cell("label_smooth_eps=.1"), ZEROS, [(*MIDDLE, 0)])

    assert delta(loss)[5:] == [0.45, -0.45]  # goals .95 and .05


def test_iou_thresh_teaches_all_anchors_that_are_like_the_truth(net):
    text = "[yolo]\nclasses=1\nnum=3\nanchors=16,16, 16,12, 4,4\niou_thresh=.7"

    loss = loss_of(net(text, c=18, h=1, w=1, dialect="alexeyab"), [0.0] * 18, [(*MIDDLE, 0)])

    assert delta(loss)[4::6] == [0.5, 0.5, -0.5]


def test_with_iou_thresh_boxes_are_divided_by_the_number_of_their_classes(cell):
    options = "iou_thresh=.9\niou_normalizer=1"

    loss = loss_of(cell(options), ZEROS, [(*NARROW, 0), (*NARROW, 1)])

    small = 2 - 0.25 * 0.5
    assert delta(loss)[2] == pytest.approx(2 * small * log(0.25 / 0.5) / 2, abs=1e-6)


def test_boxes_of_a_slot_that_is_certain_of_an_object_are_not_divided(cell):
    certain = [0, 0, 0, 0, 200, 0, 0]  # the delta of objectness is 0

    loss = loss_of(cell("iou_thresh=.9\niou_normalizer=1"), certain, [(*NARROW, 0), (*NARROW, 1)])

    small = 2 - 0.25 * 0.5
    assert delta(loss)[2] == pytest.approx(2 * small * log(0.25 / 0.5), abs=1e-6)


@pytest.mark.parametrize(
    ("kind", "cost"),
    [
        ("iou", 0.75 * (1 - 0.5) + 0.75),
        ("diou", 0.75 * (1 - 0.5) + 0.75),
        ("ciou", 0.75 * (1 - 0.5) + 0.75),
        ("giou", 0.75 * (1 - 0.5) + 0.75),  # the hull is the prediction: nothing of it is empty
    ],
)
def test_iou_losses_tell_how_little_boxes_overlap(cell, kind, cost):
    loss = loss_of(cell(f"iou_loss={kind}"), ZEROS, [(*NARROW, 0)])

    assert float(loss.cost) == pytest.approx(cost)


def test_without_details_an_iou_loss_tells_the_squares_of_its_deltas(cell):
    loss = loss_of(cell("iou_loss=iou\nshow_details=0"), ZEROS, [(*NARROW, 0)])

    assert float(loss.cost) == pytest.approx(sum(step**2 for step in delta(loss)), rel=1e-5)


def test_the_step_of_an_iou_loss_is_that_of_edges_with_sizes_not_halved(cell):
    loss = loss_of(cell("iou_loss=iou\niou_normalizer=1"), ZEROS, [(*NARROW, 0)])

    # no edge lies inside the truth, not even those that touch: the shared area .125 stays, the
    # union .25 grows by .5 with each edge, and IoU by -(.125 * .5) / .25^2
    assert delta(loss)[:4] == pytest.approx([0, 0, -1 - 1, -1 - 1], abs=1e-6)


def test_steps_of_iou_losses_are_limited_by_max_delta(cell):
    loss = loss_of(cell("iou_loss=iou\niou_normalizer=1\nmax_delta=1.5"), ZEROS, [(*NARROW, 0)])

    assert delta(loss)[2] == -1.5


def test_steps_that_are_no_numbers_are_none(cell):
    endless = [0, 0, 200, 0, 0, 0, 0]  # e^200 is beyond float32

    loss = loss_of(cell("iou_loss=ciou"), endless, [(*NARROW, 0)])

    assert delta(loss)[2] == 0


def test_with_new_coords_sides_are_told_as_half_their_roots(cell):
    loss = loss_of(cell("new_coords=1\niou_normalizer=1"), [0.5] * 7, [(*NARROW, 0)])

    small = 2 - 0.25 * 0.5  # sides .25 / .5 and 1 anchors: the roots of an eighth and a quarter
    assert delta(loss)[2:4] == pytest.approx([small * (0.125**0.5 - 0.5), 0], abs=1e-6)


def test_the_line_tells_count_1_and_no_overlap_without_truths(cell):
    loss = loss_of(cell("iou_loss=diou"), ZEROS, [])

    assert loss.line() == (
        "v3 (iou loss, Normalizer: (iou: 0.75, obj: 1.00, cls: 1.00) Region 0 Avg (IOU: 0.000000),"
        " count: 1, class_loss = 0.250000, iou_loss = 0.000000, total_loss = 0.250000 "
    )


def test_without_details_the_line_has_the_whole_loss_alone(cell):
    loss = loss_of(cell("show_details=0"), ZEROS, [])

    assert loss.line().endswith("count: 1, total_loss = 0.250000 ")


# Close slots: two cells; the right one's box overlaps the left one's truth by .316

PAIR = (0.49, 0.5, 0.5, 0.5)
CLOSE = 0.24 * 0.5 / 0.38  # .24 of the widths .5 and .5 is shared, .76 covered: .316


@pytest.fixture
def right(net):
    """Return a function of options and raw values to the deltas of the right one of two cells."""

    def deltas(options, raw=(0.0,) * 14, kind=1):
        network = net(f"{HEAD}{options}", c=7, h=1, w=2, dialect="alexeyab")
        return delta(loss_of(network, raw, [(*PAIR, kind)]))[1::2]

    return deltas


def test_a_close_slot_learns_the_box_its_objectness_and_its_class(right):
    found = right("truth_thresh=.3\nobj_normalizer=3")

    small = 0.75 * (2 - 0.25)
    # x is .98 of a cell, .02 before the right one; a size of .5 is the anchor's
    expected = [small * (0.98 - 1 - 0.5), 0, 0, 0, 3 * 0.5, -0.5, 0.5]
    assert found == pytest.approx(expected, abs=1e-6)


def test_with_objectness_smooth_a_close_slot_learns_the_square_of_its_overlap(right):
    options = "truth_thresh=.3\nobj_normalizer=3\nobjectness_smooth=1\ncounters_per_class=100,50"

    found = right(options, [0.0] * 10 + [0.5, 0.5, 1, 1])

    true_class = 2 * (CLOSE**2 - 1 / (1 + exp(-1)))  # the class is twice as rare
    expected = [3 * (CLOSE**2 - 0.5), -1 / (1 + exp(-0.5)), true_class]
    assert found[4:] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("first", "objectness"), [(0.0, 0), (-1.2, -0.5)])
def test_a_slot_may_believe_in_the_first_class_alone(right, first, objectness):
    raw = [0.0] * 10 + [first, first, -1.2, -1.2]  # logistic: .5 and .23

    assert right("ignore_thresh=.3", raw)[4] == objectness


def test_with_objectness_smooth_a_slot_near_a_truth_learns_its_overlap(right):
    found = right("ignore_thresh=.3\nobjectness_smooth=1\nobj_normalizer=2")

    assert found[4] == pytest.approx(2 * (CLOSE - 0.5), abs=1e-6)  # more than -2 * .5


# Several slots at once


def test_slots_of_a_batch_are_taught_each_by_its_own_deltas(cell):
    impossible = [0, 0, 0, 0, 0, 0, -200]  # class 1: its delta is 0, so all are taught afresh
    truths = [(*MIDDLE, 0), (*MIDDLE, 1)]

    loss = loss_of(cell(), [*ZEROS, *impossible], truths, truths)

    assert delta(loss)[5:7] == [0.5, 0.5]
    assert delta(loss)[12:] == [-0.5, 1]


def test_each_image_of_a_batch_may_be_taught_again(cell):
    truths = [(*NARROW, 0), (*NARROW, 0)]

    assert loss_of(cell(), [*ZEROS, *ZEROS], truths, truths).boxes.tolist() == [4, 2]


# Normalizers and costs


def test_obj_normalizer_weighs_the_objectness_of_truths(cell):
    assert delta(loss_of(cell("obj_normalizer=3"), ZEROS, [(*MIDDLE, 0)]))[4] == 3 * 0.5


def test_boxes_of_rare_classes_count_more(cell):
    options = "iou_normalizer=.5\ncounters_per_class=100,50"

    loss = loss_of(cell(options), ZEROS, [(*NARROW, 1)])

    small = 2 - 0.25 * 0.5
    assert delta(loss)[2] == pytest.approx(0.5 * 2 * small * log(0.25 / 0.5), abs=1e-6)


@pytest.mark.parametrize(
    ("new", "raw", "sides", "slope"),
    [
        (0, [0, 0, 0.5, -0.25], (exp(0.5), exp(-0.25)), (exp(0.5), exp(-0.25))),  # (e^x)' = e^x
        (1, [0.5, 0.5, 0.6, 0.4], (1.2**2, 0.8**2), (1, 1)),  # which the C leaves out
    ],
)
def test_the_step_of_an_iou_loss_is_normalized_and_goes_through_the_exponent(
    cell, new, raw, sides, slope
):
    options = f"new_coords={new}\niou_loss=iou\niou_normalizer=.5\nmax_delta=9"

    loss = loss_of(cell(options), [*raw, 0.5, 0.5, 0.5], [(*NARROW, 0)])

    ours = Box(*torch.tensor([0.5, 0.5, sides[0] / 2, sides[1] / 2]))
    step = [float(part) for part in overlap_delta("iou", ours, Box(*torch.tensor(NARROW)))]
    expected = [0.5 * step[0], 0.5 * step[1], 0.5 * step[2] * slope[0], 0.5 * step[3] * slope[1]]
    assert delta(loss)[:4] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(("kind", "overlap"), [("iou", 1 / 7), ("giou", 1 / 7 - 2 / 9)])
def test_the_cost_of_giou_tells_the_empty_part_of_the_hull(cell, kind, overlap):
    # .0625 shared of .4375; a hull of .5625, of which .125 is empty
    loss = loss_of(cell(f"iou_loss={kind}"), ZEROS, [(0.25, 0.25, 0.5, 0.5, 0)])

    assert float(loss.cost) == pytest.approx(0.75 * (1 - overlap) + 0.75)


def test_the_cost_of_an_iou_loss_is_the_mean_of_boxes_and_the_sum_of_the_rest(cell):
    truths = [(*NARROW, 0)]

    loss = loss_of(cell("iou_loss=iou"), [*ZEROS, *ZEROS], truths, truths)

    assert float(loss.cost) == pytest.approx(0.75 * (0.5 + 0.5) / 2 + 2 * 0.75)


def test_the_cost_of_mse_is_the_squares_of_its_deltas(cell):
    loss = loss_of(cell("iou_loss=mse\nshow_details=1"), ZEROS, [(*NARROW, 0)])

    assert float(loss.cost) == pytest.approx(sum(step**2 for step in delta(loss)), rel=1e-5)


def test_what_is_no_number_is_clipped_to_nothing_and_the_rest_to_the_most():
    given = torch.tensor([float("nan"), float("inf"), -float("inf"), 5, -5, 1])

    assert clip_deltas(given, 2.0).tolist() == [0, 0, 0, 2, -2, 1]


def test_each_slot_near_a_truth_is_confident_by_its_own_classes():
    near = torch.tensor([True, True, True, False]).view(4, 1, 1, 1)
    classes = torch.tensor([[0.1, 0.26], [0.25, 0.1], [0.3, 0.3], [0.9, 0.9]])

    found = confident_slots(near, classes.view(4, 1, 2, 1, 1))

    assert found.flatten().tolist() == [True, False, True, False]  # .25 is not above a quarter


def test_with_objectness_smooth_the_first_class_of_a_close_slot_is_its_own(right):
    options = "truth_thresh=.3\nobjectness_smooth=1"

    found = right(options, [0.0] * 10 + [0.5, 0.5, 1, 1], kind=0)

    expected = [CLOSE**2 - 1 / (1 + exp(-0.5)), -1 / (1 + exp(-1))]
    assert found[5:] == pytest.approx(expected, abs=1e-6)


def test_focal_loss_fades_as_the_true_class_grows_certain(cell):
    loss = loss_of(cell("focal_loss=1"), ZEROS, [(*MIDDLE, 0)])

    fading = -(1 - 0.5) * (2 * 0.5 * log(0.5) + 0.5 - 1)  # for p = .5, gamma = 2
    assert delta(loss)[5:] == pytest.approx([0.5 * 0.5 * fading, -0.5 * 0.5 * fading], abs=1e-6)


def test_the_line_tells_the_mean_overlap(cell):
    loss = loss_of(cell(), [*ZEROS, *ZEROS], [(*MIDDLE, 0)], [(*NARROW, 0)])

    assert "Avg (IOU: 0.750000), count: 2," in loss.line()  # 1 and .5
