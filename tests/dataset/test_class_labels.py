"""Which classes of an image are true."""

from __future__ import annotations

import numpy as np
import pytest

from pydarknet.dataset.class_labels import (
    Classes,
    Family,
    check_labelled,
    read_labels,
    smooth_truth,
)
from pydarknet.errors import DataError

FAMILY = Family((-1, -1, 0, 0, 0, 1, 1), (2, 3, 2))  # animal thing | cat dog bird | car ship


@pytest.mark.parametrize(
    ("path", "truth"),
    [
        ("train/cat/1.jpg", [1, 0, 0]),
        ("train/dog_1.jpg", [0, 1, 0]),
        ("concatenated.jpg", [1, 0, 0]),  # anywhere in the path
    ],
)
def test_a_class_is_true_if_its_label_is_part_of_the_path(path, truth):
    found, problems = Classes(("cat", "dog", "bird")).truth(path, 0)

    assert found.tolist() == truth
    assert problems == ()


@pytest.mark.parametrize(
    ("path", "count", "truth"), [("cow.jpg", 0, [0, 0]), ("cat/dog.jpg", 2, [1, 1])]
)
def test_no_label_or_several_are_told_and_the_image_is_used(path, count, truth):
    found, [problem] = Classes(("cat", "dog")).truth(path, 0)

    assert found.tolist() == truth
    assert problem.text == (f"{path}: {count} of the labels are part of the path: expected one")


def test_a_single_label_may_be_absent():
    found, problems = Classes(("cat",), 0.1).truth("dog.jpg", 0)

    assert found == pytest.approx([0.1])
    assert problems == ()


def test_smoothing_spreads_a_share_over_the_other_classes():
    found = smooth_truth(np.array([False, True, False]), 0.25)

    assert found.tolist() == [0.125, 0.75, 0.125]


def test_ancestors_are_true_and_groups_without_a_true_class_hidden():
    found = FAMILY.with_ancestors(np.array([0, 0, 0, 1, 0, 0, 0], np.float32))

    assert found.tolist() == [1, 0, 0, 1, 0, -1234, -1234]


def test_smoothing_makes_all_of_a_tree_that_has_children_true():
    found, _ = Classes(("a", "b", "cat", "d", "e", "f", "g"), 0.6, FAMILY).truth("cat", 0)

    assert found == pytest.approx([1, 1, 0.4, 0.1, 0.1, 0.1, 0.1])


def test_unsupervised_classes_are_places_in_the_list():
    classes = Classes(("a", "b", "c"), unsupervised=True)

    assert [classes.truth("x", index)[0].argmax() for index in range(4)] == [0, 1, 2, 0]


def test_tags_are_numbers_in_a_file(tmp_path):
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "a.txt").write_text("0 2\n3\n-1\n")

    truth, problems = Classes(("a", "b", "c"), tags=True).truth(f"{tmp_path}/images/a.jpg", 0)

    assert truth.tolist() == [1, 0, 1]
    assert [problem.text.replace(f"{tmp_path}/", "") for problem in problems] == [
        "labels/a.txt:2: class 3: expected 0 to 2",
        "labels/a.txt:3: class -1: expected 0 to 2",
    ]


def test_an_image_without_tags_has_no_true_class_and_that_is_told(tmp_path):
    truth, [problem] = Classes(("a", "b"), tags=True).truth(f"{tmp_path}/a.jpg", 0)

    assert truth.tolist() == [0, 0]
    assert problem.text == f"{tmp_path}/a.txt: no file of tags: no class is true"


def test_a_training_needs_one_image_of_a_class():
    check_labelled(["x/dog.jpg", "x/1.jpg"], ["cat", "dog"])
    with pytest.raises(DataError) as error:
        check_labelled(["x/1.jpg", "x/2.jpg"], ["cat", "", "dog"])

    expected = "expected a label in each path, as cat"
    assert str(error.value) == f"x/1.jpg: no class in 2 paths: {expected}"


def test_labels_are_the_first_of_a_file(tmp_path):
    (tmp_path / "labels.list").write_text("cat\ndog\nbird\n")

    assert read_labels(str(tmp_path / "labels.list"), 2) == ("cat", "dog")


def test_fewer_labels_than_classes_are_refused(tmp_path):
    (tmp_path / "labels.list").write_text("cat\n")

    with pytest.raises(DataError, match="1 label: expected 2, one per class"):
        read_labels(str(tmp_path / "labels.list"), 2)
