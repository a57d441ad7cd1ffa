"""Where the label file of an image is looked for."""

from __future__ import annotations

import pytest
from conftest import both_lineages

from pydarknet.dataset.files import label_paths
from pydarknet.dataset.labels import labels_of


@pytest.fixture(autouse=True)
def _forget():
    labels_of.cache_clear()


@pytest.mark.parametrize(
    ("image", "label"),
    [
        ("voc/JPEGImages/a.jpg", "voc/labels/a.txt"),
        ("coco/images/train2014/a.jpg", "coco/labels/train2014/a.txt"),
        ("set/images/a.png", "set/labels/a.txt"),
        ("set/raw/a.JPG", "set/labels/a.txt"),
        ("set/a.JPEG", "set/a.txt"),
        ("images/images/a.jpg", "labels/images/a.txt"),  # the first of a word
        ("home/crawford/a.jpg", "home/clabelsford/a.txt"),  # anywhere
    ],
)
def test_the_original_looks_where_words_of_the_path_are_replaced(image, label):
    assert label_paths(image, "pjreddie")[0] == label


@pytest.mark.parametrize(
    ("image", "label"),
    [
        ("set/images/a.jpg", "set/images/a.txt"),
        ("coco/images/train2017/a.jpg", "coco/labels/train2017/a.txt"),
        ("coco/images/val2014/a.jpg", "coco/labels/val2014/a.txt"),
        ("voc/JPEGImages/a.jpeg", "voc/labels/a.txt"),
        (r"voc\JPEGImages\a.BMP", r"voc\labels\a.txt"),
        (r"c:\coco\images\val2017\a.PPM", r"c:\coco\labels\val2017\a.txt"),
        (" a.jpg.tiff\t", "a.jpg.txt"),
    ],
)
def test_the_fork_looks_beside_the_image_and_in_the_folders_of_coco_and_voc(image, label):
    assert label_paths(image, "alexeyab")[0] == label


@pytest.mark.parametrize(
    ("dialect", "labels"),
    [
        ("pjreddie", ("clabels/labels/a.txt", "craw/images/a.txt", "craw/labels/a.txt")),
        ("alexeyab", ("craw/images/a.txt", "clabels/labels/a.txt", "craw/labels/a.txt")),
    ],
)
def test_a_label_is_looked_for_by_the_dialects_own_rule_first(dialect, labels):
    assert label_paths("craw/images/a.jpg", dialect) == labels


@both_lineages
def test_an_image_of_unknown_ending_has_no_label_name(dialect):
    assert label_paths("images/a.webp", dialect) == ()
