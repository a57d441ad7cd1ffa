"""The truths of a mini-batch as a head reads them."""

import pytest
import torch
from loss_cases import inputs_of, rows

from pydarknet.errors import CfgError, DarknetError
from pydarknet.layers import Shape
from pydarknet.training.losses.iou import Box
from pydarknet.training.losses.targets import cells_of, ground_truth_of, read_map

HALF = (0.5, 0.5, 0.2, 0.4)


@pytest.fixture
def layer(nodes):
    """A layer to complain in the name of."""
    [node] = nodes("[convolutional]")
    return node.layer


def truths(layer, *boxes, classes: int = 3, **options: object):
    """Return what a head reads of one image's truths."""
    inputs = inputs_of(rows(boxes), Shape(c=3, h=32, w=32))
    return ground_truth_of(inputs, layer, classes, **{"most": 10, **options})


@pytest.mark.parametrize(("index", "usable"), [(0, True), (2, True), (3, False), (-1, False)])
def test_a_truth_of_a_class_that_the_head_lacks_does_not_count(layer, index, usable):
    assert truths(layer, (*HALF, index)).usable.tolist() == [[usable]]


def test_truths_behind_one_whose_x_is_0_do_not_count(layer):
    read = truths(layer, (*HALF, 0), (0, 0.5, 0.2, 0.4, 0), (*HALF, 0))

    assert read.usable.tolist() == [[True]]


def test_each_image_has_truths_up_to_its_own_first_whose_x_is_0(layer):
    ending, whole = [(*HALF, 0), (0, 0.5, 0.2, 0.4, 0), (*HALF, 0)], [(*HALF, 0)] * 3
    inputs = inputs_of(rows(ending, whole), Shape(c=3, h=32, w=32))

    read = ground_truth_of(inputs, layer, 3, most=10)

    assert read.usable.tolist() == [[True, False, False], [True] * 3]


def test_a_truth_whose_y_is_0_counts(layer):
    assert truths(layer, (0.5, 0, 0.2, 0.4, 0)).usable.tolist() == [[True]]


@pytest.mark.parametrize(
    ("classes", "index", "kept"), [(3, -1, 0), (3, 7, 2), (1, 5, 0), (0, 1, 0), (0, -1, 0)]
)
def test_a_class_that_does_not_count_is_an_index_all_the_same(layer, classes, index, kept):
    assert truths(layer, (*HALF, index), classes=classes).classes.tolist() == [[kept]]


def test_no_more_truths_than_the_most_are_read(layer):
    assert truths(layer, *[(*HALF, 0)] * 3, most=2).rows.shape == (1, 2, 5)


def test_boxes_that_do_not_count_are_empty(layer):
    boxes = truths(layer, (*HALF, 0), (*HALF, 9)).boxes

    torch.testing.assert_close(boxes.w, torch.tensor([[0.2, 0]]))


def test_an_image_may_be_left_out(layer):
    assert truths(layer, (*HALF, 0)).without(torch.tensor([True])).usable.tolist() == [[False]]


def test_truths_that_count_are_listed_in_order(layer):
    image, row = truths(layer, (*HALF, 0), (*HALF, 9), (*HALF, 1)).indices

    assert (image.tolist(), row.tolist()) == ([0, 0], [0, 2])


@pytest.mark.parametrize("place", [5, 6])
def test_rows_without_a_class_are_refused(layer, place):
    problem = f"reads ground truth of {place + 1} numbers per box: got 5"
    with pytest.raises(CfgError, match=problem):
        truths(layer, (*HALF, 0), place=place)


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        ("4\n2\n0\n", (4, 2, 0)),
        ("4\n2\n0", (4, 2, 0)),
        ("4\n\n 2 x\nx\n \n\n", (4, 0, 2, 0, 0, 0)),  # by atoi, line by line
        ("", ()),
    ],
)
def test_a_map_has_a_class_a_line(tmp_path, text, classes):
    (tmp_path / "map").write_text(text)

    assert read_map(str(tmp_path / "map")) == classes


def test_a_map_must_be_a_text(tmp_path):
    (tmp_path / "map").write_bytes(b"1\0")

    with pytest.raises(DarknetError, match=r": expected a map of classes$"):
        read_map(str(tmp_path / "map"))


def test_an_empty_map_is_none(layer, tmp_path):
    (tmp_path / "map").write_text("")

    assert truths(layer, (*HALF, 2), map=str(tmp_path / "map")).classes.tolist() == [[2]]


def test_a_map_turns_classes_into_others(layer, tmp_path):
    (tmp_path / "map").write_text("2\n0\n7\n")

    read = truths(layer, *[(*HALF, index) for index in range(3)], map=str(tmp_path / "map"))

    assert read.classes.tolist() == [[2, 0, 2]]  # 7 is beyond the head's: kept within, unusable
    assert read.usable.tolist() == [[True, True, False]]


@pytest.mark.parametrize(
    ("index", "usable"),
    [
        (1, True),
        (2, False),  # the head has no class 3
        (3, False),  # the head has no class 3, whatever it maps to
        (4, False),  # beyond the map
        (9, False),
        (-9, False),
    ],
)
def test_a_truth_counts_if_its_class_and_that_of_the_map_are_the_heads(
    layer, tmp_path, index, usable
):
    (tmp_path / "map").write_text("2\n0\n3\n0\n")

    read = truths(layer, (*HALF, index), map=str(tmp_path / "map"))

    assert read.usable.tolist() == [[usable]]


def test_a_truth_of_a_class_behind_the_map_counts_for_nothing(layer, tmp_path):
    (tmp_path / "map").write_text("2\n0\n")

    read = truths(layer, *[(*HALF, n) for n in range(5)], classes=5, map=str(tmp_path / "map"))

    assert read.usable.tolist() == [[True, True, False, False, False]]


@pytest.mark.parametrize(
    ("x", "column"), [(0.0, 0), (0.49, 1), (0.5, 2), (1.0, 3), (1.5, 3), (-0.5, 0)]
)
def test_a_centre_outside_belongs_to_the_nearest_cell(x, column):
    one = torch.tensor([x])

    _, columns = cells_of(Box(one, one, one, one), 4, 2)
    rows, _ = cells_of(Box(one, one, one, one), 2, 4)

    assert columns.tolist() == rows.tolist() == [column]
