"""What [Gaussian_yolo] loses beside what the fork's [yolo] does."""

from __future__ import annotations

from math import exp, log, pi, sqrt

import pytest
import torch
from loss_cases import check_map, check_max, delta, loss_of

from pydarknet.training.losses.gaussian_yolo import likelihood_deltas

# In a network of 32 x 32 the anchor is half the image; zeros give its middle, .5, .5 and sigmas .5.
ZEROS = [0.0] * 11
MIDDLE = (0.5, 0.5, 0.5, 0.5)
NARROW = (0.5, 0.5, 0.25, 0.5)


@pytest.fixture
def cell(net):
    """Return a network that is one cell of a head with these options."""
    return lambda options="": net(
        f"[Gaussian_yolo]\nclasses=2\nnum=1\nanchors=16,16\n{options}",
        c=11,
        h=1,
        w=1,
        dialect="alexeyab",
    )


def likelier(off, sigma=0.5, weight=2 - 0.25 * 0.5):
    """Return the steps of a coordinate `off` its target, and of its sigma, by the formula."""
    density = exp(-0.5 * (off / sigma) ** 2) / (sqrt(2 * pi) * (sigma + 0.3))
    pull = 0.5 * weight * density / (density + 1e-9)
    return pull * off / sigma**2, pull * ((off / sigma) ** 2 / sigma - 1 / (sigma + 0.3))


def test_coordinates_and_their_uncertainty_become_likelier(cell):
    loss = loss_of(cell("iou_normalizer=1"), ZEROS, [(*NARROW, 0)])

    still, wide = likelier(0), likelier(log(0.25 / 0.5))
    assert delta(loss)[:8] == pytest.approx([*still, *still, *wide, *still], abs=1e-5)


@pytest.mark.parametrize("off", [3.0, -3.3, 8.0])  # the density is 8e-9, 2e-10 and 0
def test_far_from_the_mean_a_target_pulls_less(off):
    mean, sigma, target, weight = (torch.tensor([[one]]) for one in (1.0, 0.5, 1 + off, 1.75))

    steps = likelihood_deltas(mean, sigma, target, weight)

    assert [one.item() for one in steps] == pytest.approx(likelier(off, weight=1.75), rel=1e-4)


def test_uc_normalizer_scales_uncertainties_alone(cell):
    loss = loss_of(cell("iou_normalizer=1\nuc_normalizer=.5"), ZEROS, [(*NARROW, 0)])

    step, unsure = likelier(log(0.25 / 0.5))
    assert delta(loss)[4:6] == pytest.approx([step, unsure / 2], abs=1e-5)


def test_an_iou_loss_moves_coordinates_alone(cell):
    loss = loss_of(cell("iou_loss=iou\niou_normalizer=1"), ZEROS, [(*NARROW, 0)])

    _, unsure = likelier(log(0.25 / 0.5))
    assert delta(loss)[4:6] == pytest.approx([-2, unsure], abs=1e-5)  # as [yolo]'s


def test_boxes_are_divided_by_the_number_of_their_classes(cell):
    loss = loss_of(cell("iou_normalizer=1"), ZEROS, [(*NARROW, 0), (*NARROW, 1)])

    step, unsure = likelier(log(0.25 / 0.5))
    assert delta(loss)[4:6] == pytest.approx([2 * step / 2, 2 * unsure / 2], abs=1e-5)


def test_a_slot_counts_as_taught_by_the_delta_of_class_0(cell):
    certain = [0.0] * 9 + [200, 0]  # the delta of class 0 is 0, so all are taught afresh

    loss = loss_of(cell(), certain, [(*MIDDLE, 0), (*MIDDLE, 1)])

    assert delta(loss)[9:] == [-1, 0.5]


@pytest.mark.parametrize(
    ("point", "cells"),
    [("center", [0.5, -0.5]), ("left_top", [0.5, -0.5]), ("right_bottom", [-0.5, 0.5])],
)
def test_the_point_chooses_the_cell(net, point, cells):
    text = f"[Gaussian_yolo]\nclasses=2\nnum=1\nanchors=16,16\nyolo_point={point}\nignore_thresh=1"
    network = net(text, c=11, h=1, w=2, dialect="alexeyab")

    # from .2 to .6 of the width: the centre .4 and the left lie in the left cell
    loss = loss_of(network, [0.0] * 22, [(0.4, 0.5, 0.4, 0.5, 0)])

    assert delta(loss)[16:18] == cells


def test_with_objectness_smooth_slots_near_a_truth_learn_its_class(net):
    options = "objectness_smooth=1\nignore_thresh=.3"
    text = f"[Gaussian_yolo]\nclasses=2\nnum=1\nanchors=16,16\n{options}"
    network = net(text, c=11, h=1, w=2, dialect="alexeyab")

    loss = loss_of(network, [0.0] * 22, [(0.49, 0.5, 0.5, 0.5, 1)])

    overlap = 0.24 * 0.5 / 0.38  # of the right cell's prediction
    assert delta(loss)[17::2] == pytest.approx([overlap**2 - 0.5, -0.5, 0.5], abs=1e-6)


def test_a_slot_beyond_truth_thresh_learns_that_a_box_is_there(net):
    text = "[Gaussian_yolo]\nclasses=2\nnum=1\nanchors=16,16\ntruth_thresh=.3"
    network = net(text, c=11, h=1, w=2, dialect="alexeyab")

    loss = loss_of(network, [0.0] * 22, [(0.49, 0.5, 0.5, 0.5, 1)])

    # the right cell's prediction overlaps the box by .24 / .76 = .32, as above
    assert delta(loss)[17::2] == pytest.approx([1 - 0.5, -0.5, 0.5], abs=1e-6)


@pytest.mark.parametrize(
    ("ignore", "classes", "objectness"),
    [
        (0.49, 0.0, 0),  # the first anchor's box overlaps the true one by half, and is ignored
        (0.5, 0.0, -0.5),  # no more than the threshold
        (0.49, -2.0, -0.5),  # it predicts no class: the logistic of -2 is .12
    ],
)
def test_a_slot_near_a_box_is_ignored_if_it_predicts_a_class(net, ignore, classes, objectness):
    text = "[Gaussian_yolo]\nclasses=2\nnum=2\nanchors=16,16, 8,16\ntruth_thresh=.5\n"
    network = net(f"{text}ignore_thresh={ignore}", c=22, h=1, w=1, dialect="alexeyab")

    loss = loss_of(network, [*[0.0] * 9, classes, classes, *ZEROS], [(*NARROW, 0)])

    assert delta(loss)[8] == objectness


def test_obj_normalizer_scales_the_objectness_of_a_match(cell):
    loss = loss_of(cell("obj_normalizer=4"), ZEROS, [(*MIDDLE, 0)])

    assert delta(loss)[8] == 4 * (1 - 0.5)


def test_as_many_boxes_as_max_says_are_learned(cell):
    check_max(cell, ZEROS)


def test_a_map_turns_classes_into_others(cell, tmp_path):
    check_map(cell, ZEROS, tmp_path)


def test_a_missing_truth_tells_no_numbers(cell):
    assert loss_of(cell(), ZEROS, []).line() == (
        "Region 0 Avg IOU: -nan, Class: -nan, Obj: -nan, No Obj: 0.500000, .5R: -nan, .75R: -nan, "
        " count: 0, class_loss = 0.25, iou_loss = 0.00, uc_loss = 0.00, total_loss = 0.25 "
    )


def test_its_line_is_printed_where_the_forks_heads_print(cell):
    assert loss_of(cell(), ZEROS, []).on_stderr


def test_the_line_counts_width_and_height_as_uncertainty(cell):
    loss = loss_of(cell("uc_normalizer=0\niou_normalizer=1"), ZEROS, [(*NARROW, 0)])

    step, _ = likelier(log(0.25 / 0.5))
    assert f"iou_loss = 0.00, uc_loss = {step**2:.2f}" in loss.line()


def test_delta_normalizer_scales_the_step_and_not_the_cost(cell):
    loss = loss_of(cell("delta_normalizer=.5"), ZEROS, [])

    assert delta(loss)[8] == -0.25
    assert float(loss.cost) == 0.25


def test_with_onlyforward_it_learns_nothing(cell):
    loss = loss_of(cell("onlyforward=1"), ZEROS, [(*MIDDLE, 0)])

    assert (delta(loss), float(loss.cost)) == ([0] * 11, 0)
