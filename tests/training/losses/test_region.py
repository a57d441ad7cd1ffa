"""What [region] loses in both lineages."""

from __future__ import annotations

from math import log

import pytest
import torch
from conftest import both_lineages
from loss_cases import delta, head_loss, head_of, inputs_of, loss_of

from pydarknet.errors import CfgError
from pydarknet.layers import Shape

# On a map of one cell this anchor is half the image; zeros give its middle and probabilities .5.
HEAD = "[region]\nclasses=2\nnum=1\nanchors=.5,.5\nsoftmax=1\n"
ZEROS = [0.0] * 7
MIDDLE = (0.5, 0.5, 0.5, 0.5)
CORNER = (0.25, 0.75, 0.25, 0.5)
FAR = (999999, 999999, 999999, 999999)
SLOPE = 0.25  # of the logistic at 0
TREE = "animal -1\nthing -1\ncat 0\ndog 0\n"


def cell(net, options="", **how):
    """Return a network that is one cell of a head."""
    return net(f"{HEAD}{options}", c=7, h=1, w=1, **how)


@pytest.fixture
def tree(net, tmp_path):
    """Return a network of two cells with the tree, in a lineage."""
    path = tmp_path / "t.tree"
    path.write_text(TREE)
    text = f"[region]\nclasses=4\nnum=1\nanchors=.5,.5\ntree={path}\n"
    return lambda dialect, options="": net(text + options, c=9, h=1, w=2, dialect=dialect)


@both_lineages
def test_without_truth_objectness_is_taught_to_be_none(net, dialect):
    loss = loss_of(cell(net, dialect=dialect), ZEROS, [])

    assert delta(loss) == [0, 0, 0, 0, -0.5 * SLOPE, 0, 0]


@pytest.mark.parametrize(("dialect", "cost"), [("pjreddie", 0.25), ("alexeyab", 0.25 * SLOPE**2)])
def test_slopes_count_in_the_cost_of_the_fork_alone(net, dialect, cost):
    assert float(loss_of(cell(net, dialect=dialect), ZEROS, []).cost) == cost


@pytest.mark.parametrize(("dialect", "small"), [("pjreddie", 2 - 0.25 * 0.5), ("alexeyab", 1)])
def test_small_boxes_count_more_in_the_original_alone(net, dialect, small):
    loss = loss_of(cell(net, dialect=dialect), ZEROS, [(*CORNER, 1)])

    places = [small * (0.25 - 0.5) * SLOPE, small * (0.75 - 0.5) * SLOPE]
    sides = [small * log(0.25 / 0.5), 0]
    expected = [*places, *sides, 0.5 * SLOPE, -0.5, 0.5]
    assert delta(loss) == pytest.approx(expected, abs=1e-6)


@both_lineages
def test_scales_weigh_boxes_objects_and_classes(net, dialect):
    options = "coord_scale=2\nobject_scale=3\nclass_scale=4"

    loss = loss_of(cell(net, options, dialect=dialect), ZEROS, [(0.5, 0.75, 1, 1, 0)])

    steps = [0, 2 * 0.25 * SLOPE, 2 * log(2), 2 * log(2)]  # a box of area 1 weighs 1 in both
    assert delta(loss) == pytest.approx([*steps, 3 * 0.5 * SLOPE, 2, -2], abs=1e-6)


@both_lineages
def test_the_last_truth_of_a_slot_has_all_of_it(net, dialect):
    loss = loss_of(cell(net, dialect=dialect), ZEROS, [(*CORNER, 0), (*MIDDLE, 1)])

    assert delta(loss) == [0, 0, 0, 0, 0.5 * SLOPE, -0.5, 0.5]


def test_without_softmax_classes_come_beside_each_other_in_the_original(net):
    network = net("[region]\nclasses=2\nnum=1\nanchors=.5,.5", c=7, h=1, w=1)

    loss = loss_of(network, ZEROS, [(*MIDDLE, 0), (*MIDDLE, 1)])

    assert delta(loss)[5:] == [0.5, 0.5]
    assert "Class: 0.250000" in loss.line()  # the second is not counted, but in the number of two


@both_lineages
@pytest.mark.parametrize(("match", "slot"), [(0, 1), (1, 0)])
def test_bias_match_compares_anchors_instead_of_predictions(net, dialect, match, slot):
    head = "[region]\nclasses=1\nnum=2\nanchors=.5,.5, .25,.25\nsoftmax=1\nthresh=1"
    text = f"{head}\nbias_match={match}"
    shrunken = [0, 0, -3, -3, 0, 0]  # the first predicts a twentieth of its anchor

    loss = loss_of(net(text, c=12, h=1, w=1, dialect=dialect), shrunken + [0.0] * 6, [(*MIDDLE, 0)])

    assert [delta(loss)[4] > 0, delta(loss)[10] > 0].index(True) == slot


@both_lineages
def test_rescore_teaches_the_overlap_as_objectness(net, dialect):
    loss = loss_of(cell(net, "rescore=1", dialect=dialect), ZEROS, [(0.5, 0.5, 0.3, 0.5, 0)])

    assert delta(loss)[4] == pytest.approx((0.6 - 0.5) * SLOPE, abs=1e-6)


@both_lineages
@pytest.mark.parametrize(("thresh", "objectness"), [(0.31, 0), (0.32, -0.125)])
def test_a_slot_that_overlaps_a_truth_enough_is_let_alone(net, dialect, thresh, objectness):
    text = f"[region]\nclasses=2\nnum=1\nanchors=1,.5\nsoftmax=1\nthresh={thresh}"

    # two cells: the anchor is half the width; IoU with the right one's box is .316, see [yolo]'s
    loss = loss_of(
        net(text, c=7, h=1, w=2, dialect=dialect), [0.0] * 14, [(0.49, 0.5, 0.5, 0.5, 0)]
    )

    assert delta(loss)[9] == objectness


@both_lineages
@pytest.mark.parametrize(("seen", "x"), [(12799, 0.01 * (0.5 - 0.731059) * 0.196612), (12800, 0)])
def test_until_12800_images_all_boxes_are_drawn_to_their_anchors(net, dialect, seen, x):
    raw = [1.0, 0, 1, 0, 0, 0, 0]  # logistic(1) = .731, its slope .197

    loss = loss_of(cell(net, dialect=dialect), raw, [], seen=seen)

    w = -0.01 if seen < 12800 else 0
    assert delta(loss)[:4] == pytest.approx([x, 0, w, 0], abs=1e-6)


def test_with_background_the_original_teaches_it_where_nothing_is(net):
    loss = loss_of(cell(net, "background=1"), ZEROS, [])

    assert delta(loss)[4] == pytest.approx(1 - 1 / 3, abs=1e-6)  # a softmax of three, no slope


def test_with_background_a_truth_is_none(net):
    loss = loss_of(cell(net, "background=1"), ZEROS, [(*MIDDLE, 0)])

    assert delta(loss)[4] == pytest.approx(-1 / 3, abs=1e-6)


def test_a_tree_teaches_the_groups_of_a_class_and_of_those_above_it(tree):
    network = tree("alexeyab", "thresh=1")

    loss = loss_of(network, [0.0] * 18, [(0.25, 0.5, 0.5, 0.5, 3)])

    assert delta(loss)[10::2] == [0.5, -0.5, -0.5, 0.5]  # an animal, no thing; no cat, a dog
    assert "Class: 0.250000" in loss.line()  # .5 * .5


def test_a_tree_teaches_nothing_below_a_class(tree):
    loss = loss_of(tree("alexeyab"), [0.0] * 18, [(0.25, 0.5, 0.5, 0.5, 0)])

    assert delta(loss)[10::2] == [0.5, -0.5, 0, 0]


@pytest.mark.parametrize(
    ("dialect", "objects"),
    [("pjreddie", [-0.5 * SLOPE, 0]), ("alexeyab", [0, 0])],
)
def test_a_class_without_a_box_goes_to_the_slot_that_believes_in_it_most(tree, dialect, objects):
    raw = [0.0] * 18
    raw[11] = 1  # the right cell believes more in an animal

    loss = loss_of(tree(dialect), raw, [(0.25, 0.5, 0.5, 0.5, 0), (*FAR, 2), (*FAR, 3)])

    likely = 0.731059
    assert delta(loss)[8:10] == objects
    assert delta(loss)[10::2] == [0, 0, 0, 0]
    expected = [1 - likely, likely - 1, 0.5, -0.5]
    assert delta(loss)[11::2] == pytest.approx(expected, abs=1e-6)


def test_images_with_and_without_boxes_stand_in_one_batch(tree):
    loss = loss_of(tree("alexeyab"), [0.0] * 36, [(*FAR, 0)], [(0.25, 0.5, 0.5, 0.5, 0)])

    assert delta(loss)[8:10] == [0, 0]
    assert delta(loss)[26:28] == [0.5 * SLOPE, -0.5 * SLOPE]
    assert "No Obj: 0.250000" in loss.line()  # of all slots, but counted in the second image alone
    assert loss.line().endswith("count: 1")


def test_the_original_reads_30_truths_of_an_image(net):
    truths = [(*MIDDLE, 0)] * 30 + [(*MIDDLE, 1)]

    assert delta(loss_of(cell(net), ZEROS, truths))[5:] == [0.5, -0.5]


def test_masks_learn_coefficients_of_the_truth(net):
    network = net(
        "[region]\nclasses=1\nnum=1\nanchors=.5,.5\ncoords=6\nmask_scale=2", c=8, h=1, w=1
    )
    head = head_of(network, [0.0] * 8)
    # x, y, w, h, a number that nobody reads, two coefficients, of which the last is the class too
    truth = torch.tensor([[[*MIDDLE, 9, 1, 0]]])

    loss = head_loss(head, inputs_of(truth, Shape(c=3, h=32, w=32)))

    assert delta(loss)[4:6] == [2 * 0.5 * SLOPE, 2 * -0.5 * SLOPE]


def test_truths_without_masks_are_refused_where_masks_are_learnt(net):
    network = net("[region]\nclasses=1\nnum=1\nanchors=.5,.5\ncoords=6", c=8, h=1, w=1)

    problem = r"\[region\] reads ground truth of 7 numbers per box: got 5"
    with pytest.raises(CfgError, match=problem):
        loss_of(network, [0.0] * 8, [(*MIDDLE, 0)])


@pytest.mark.parametrize(("dialect", "cost"), [("pjreddie", 0), ("alexeyab", 0.25 * SLOPE**2)])
def test_with_onlyforward_nothing_is_learnt(net, dialect, cost):
    loss = loss_of(cell(net, "onlyforward=1", dialect=dialect), ZEROS, [])

    assert delta(loss) == [0] * 7
    assert float(loss.cost) == cost


@both_lineages
def test_smooth_labels_give_a_share_to_each_class_of_the_softmax(net, dialect):
    loss = loss_of(cell(net, "label_smooth_eps=.2", dialect=dialect), ZEROS, [(*MIDDLE, 1)])

    assert delta(loss)[5:] == pytest.approx([0.1 - 0.5, 0.9 - 0.5])


def test_the_background_has_its_share_of_smooth_labels(net):
    options = "background=1\nlabel_smooth_eps=.3\nobject_scale=2"

    loss = loss_of(cell(net, options), ZEROS, [(*MIDDLE, 1)])

    # a softmax of three: .1, .1 and .8
    assert delta(loss)[4:] == pytest.approx([2 * (0.1 - 1 / 3), 0.1 - 1 / 3, 0.8 - 1 / 3], abs=1e-6)


def test_the_background_has_its_share_beside_a_single_class_too(net):
    text = HEAD.replace("classes=2", "classes=1") + "background=1\nlabel_smooth_eps=.3"

    loss = loss_of(net(text, c=6, h=1, w=1), [0.0] * 6, [(*MIDDLE, 0)])

    # a softmax of two: .15 and .85
    assert delta(loss)[4:] == pytest.approx([0.15 - 0.5, 0.85 - 0.5], abs=1e-6)


def test_a_background_beside_a_tree_has_no_share(tree):
    network = tree("pjreddie", "background=1\nlabel_smooth_eps=.2")

    loss = loss_of(network, [0.0] * 8 + [0.5] * 2 + [0.0] * 8, [(0.25, 0.5, 0.5, 0.5, 3)])

    # the background is told to be none; of each group of two one is .9, the other .1
    assert delta(loss)[8::2] == pytest.approx([-0.5, 0.4, -0.4, -0.4, 0.4], abs=1e-6)


@both_lineages
def test_smooth_labels_of_a_tree_are_of_each_group(tree, dialect):
    loss = loss_of(tree(dialect, "label_smooth_eps=.2"), [0.0] * 18, [(*MIDDLE, 2)])

    got = loss.delta.view(9, 2)[5:].T
    expected = [0.9 - 0.5, 0.1 - 0.5, 0.9 - 0.5, 0.1 - 0.5]  # animal, thing, cat, dog
    torch.testing.assert_close(got[got.abs().sum(1) > 0], torch.tensor([expected]))


def test_the_forks_focal_loss_has_no_smooth_labels(net):
    with pytest.raises(CfgError) as error:
        cell(net, "focal_loss=1\nlabel_smooth_eps=.1", dialect="alexeyab")

    assert str(error.value) == (
        "net.cfg:12: [region] label_smooth_eps = .1: the focal loss of [region] has no smooth"
        " labels: expected one of the two"
    )


# Several cells, anchors and images


@both_lineages
def test_a_slot_that_overlaps_no_truth_is_background_even_for_a_threshold_of_0(net, dialect):
    text = "[region]\nclasses=2\nnum=1\nanchors=.5,.5\nsoftmax=1\nthresh=0"
    raw = [0.0] * 8 + [1.0, 1.0] + [0.0] * 4

    # the left cell's truth, a tenth of the width, ends before the right one's box begins
    loss = loss_of(net(text, c=7, h=1, w=2, dialect=dialect), raw, [(0.25, 0.5, 0.1, 0.5, 0)])

    believed = 0.731059
    assert delta(loss)[9] == pytest.approx(-believed * believed * (1 - believed), abs=1e-6)


@both_lineages
def test_anchors_are_counted_in_cells(net, dialect):
    text = "[region]\nclasses=1\nnum=2\nanchors=.5,.5, 1,.5\nsoftmax=1\nbias_match=1\nthresh=1"

    # of two cells an anchor of one is half the image, as is the truth
    loss = loss_of(
        net(text, c=12, h=1, w=2, dialect=dialect), [0.0] * 24, [(0.25, 0.5, 0.5, 0.5, 0)]
    )

    assert [delta(loss)[8] > 0, delta(loss)[20] > 0] == [False, True]


@both_lineages
@pytest.mark.parametrize("shrunken", [[0, 0, -3, -3, 0, 0], [0, 0, -3, 0, 0, 0]])
def test_predictions_are_those_of_the_truths_own_image(net, dialect, shrunken):
    text = "[region]\nclasses=1\nnum=2\nanchors=.5,.5, .25,.25\nsoftmax=1\nbias_match=0\nthresh=1"
    raw = [0.0] * 12 + [float(one) for one in shrunken] + [0.0] * 6

    loss = loss_of(net(text, c=12, h=1, w=1, dialect=dialect), raw, [(*MIDDLE, 0)], [(*MIDDLE, 0)])

    taught = [step > 0 for step in delta(loss)[4::6]]
    assert taught == [True, False, False, True]  # the second image's first box is too narrow


# Trees


@both_lineages
def test_a_class_without_a_box_may_stand_first(tree, dialect):
    loss = loss_of(tree(dialect), [0.0] * 18, [(*FAR, 1)])

    assert delta(loss)[10::2] == [-0.5, 0.5, 0, 0]


@both_lineages
def test_a_class_without_a_box_goes_where_an_object_is_likeliest(tree, dialect):
    raw = [0.0] * 18
    raw[9] = 1  # the right cell believes more in an object

    assert delta(loss_of(tree(dialect), raw, [(*FAR, 1)]))[11::2] == [-0.5, 0.5, 0, 0]


@both_lineages
def test_boxes_of_an_image_without_truths_are_not_drawn_to_their_anchors(tree, dialect):
    loss = loss_of(tree(dialect), [0.5] * 18, [(*FAR, 0)], seen=0)

    assert delta(loss)[:8] == [0] * 8


@both_lineages
def test_a_tree_has_no_focal_loss(tree, dialect):
    options = "thresh=1\nfocal_loss=1" if dialect == "alexeyab" else "thresh=1"

    loss = loss_of(tree(dialect, options), [0.0] * 18, [(0.25, 0.5, 0.5, 0.5, 0)])

    assert delta(loss)[10::2] == [0.5, -0.5, 0, 0]


# Classes without softmax


def test_a_second_class_comes_beside_the_first_among_three_too(net):
    network = net("[region]\nclasses=3\nnum=1\nanchors=.5,.5", c=8, h=1, w=1)
    raw = [0.0] * 5 + [1.0, 0, 0]

    loss = loss_of(network, raw, [(*MIDDLE, 0), (*MIDDLE, 1)])

    likely = 0.731059
    assert delta(loss)[5:] == pytest.approx([1 - likely, 0.5, -0.5], abs=1e-6)
    assert "Class: 0.365529" in loss.line()  # half of likely: the second is not counted


def test_a_background_without_softmax_learns_that_a_truth_is_none(net):
    options = "background=1\nlabel_smooth_eps=.3"  # which has no share without a softmax
    network = net(f"[region]\nclasses=2\nnum=1\nanchors=.5,.5\n{options}", c=7, h=1, w=1)

    # the background's output is as it came: 0
    assert delta(loss_of(network, [0.0] * 4 + [0.5, 0, 0], [(*MIDDLE, 0)]))[4] == -0.5


# What is told, and labels without a box


@pytest.mark.parametrize(
    ("width", "overlap", "recall"), [(0.5, 1, 1), (0.25, 0.5, 0)], ids=["all", "half"]
)
def test_the_line_tells_the_share_of_boxes_beyond_half_an_overlap(net, width, overlap, recall):
    loss = loss_of(cell(net), ZEROS, [(0.5, 0.5, width, 0.5, 0)])

    assert loss.line() == (
        f"Region Avg IOU: {overlap:f}, Class: 0.500000, Obj: 0.500000, No Obj: 0.500000,"
        f" Avg Recall: {recall:f},  count: 1"
    )


def test_a_label_is_without_a_box_by_its_centre_alone(tree):
    far = (999999, 999999, 0.5, 0.5)

    assert delta(loss_of(tree("alexeyab"), [0.0] * 18, [(*far, 1)]))[10::2] == [-0.5, 0.5, 0, 0]


def test_each_image_has_its_own_label_without_a_box(tree):
    box = (0.75, 0.5, 0.5, 0.5, 0)

    loss = loss_of(tree("alexeyab"), [0.0] * 36, [box, (*FAR, 0)], [(*FAR, 1)])

    assert delta(loss)[10:18:2] == [0.5, -0.5, 0, 0]
    assert delta(loss)[28::2] == [-0.5, 0.5, 0, 0]


def test_each_coefficient_of_a_mask_is_learnt_from_its_own(net):
    network = net("[region]\nclasses=1\nnum=1\nanchors=.5,.5\ncoords=6", c=8, h=1, w=1)
    head = head_of(network, [0.0] * 4 + [1.0, -1.0, 0, 0])
    truth = torch.tensor([[[*MIDDLE, 9, 1, 0]]])

    loss = head_loss(head, inputs_of(truth, Shape(c=3, h=32, w=32)))

    p = 0.731059  # and 1 - p for -1, with the same slope
    assert delta(loss)[4:6] == pytest.approx([(1 - p) * p * (1 - p), -(1 - p) * p * (1 - p)])


@both_lineages
def test_without_a_tree_a_label_has_a_box_however_far_it_is(net, dialect):
    loss = loss_of(cell(net, dialect=dialect), ZEROS, [(*FAR, 1)])

    assert delta(loss)[4:] == [0.5 * SLOPE, -0.5, 0.5]


def test_a_label_at_the_bound_is_a_box_beyond_the_image(tree):
    bound = (100000, 100000, 0.5, 0.5)

    assert delta(loss_of(tree("alexeyab"), [0.0] * 18, [(*bound, 1)]))[10::2] == [0, 0, 0, 0]
