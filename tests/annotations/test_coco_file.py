"""A file of COCO's form."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from annotated import coco, put, thing

from pydarknet.annotations.coco_file import CocoFile, box_of, size_of
from pydarknet.annotations.instances import has_area
from pydarknet.errors import DataError


def test_objects_have_boxes_names_and_their_ids_for_a_place():
    things = [thing(1, [20, 30, 100, 50], 2), thing(1, [0, 0, 9, 9], iscrowd=1)]
    content = CocoFile.read(put("x.json", coco(["a.png"], things)))

    dog, crowd = content.instances(content.by_image()["1"])

    assert dog == ("dog", (20, 30, 120, 80), "x.json: annotation 11", "")
    assert crowd.kind == "crowd"


def test_categories_are_ranked_by_their_ids_as_numbers():
    categories = [{"id": 10, "name": "b"}, {"id": "x"}, {"id": 9, "name": "a"}]
    put("x.json", json.dumps({"images": [], "annotations": [], "categories": categories}))

    ranked = CocoFile.read(Path("x.json")).ranked_categories()

    assert [one["id"] for one in ranked] == [9, 10, "x"]


@pytest.mark.parametrize(
    "segmentation",
    [
        [[10, 20, 40, 20, 40, 45]],
        [[10, 20, 15, 20, 15, 25], [30, 40, 40, 40, 40, 45]],
        [10, 20, 40, 20, 40, 45],
    ],
)
def test_an_object_of_polygons_alone_has_their_bounds(segmentation):
    assert box_of({"segmentation": segmentation}) == (10, 20, 40, 45)
    assert box_of({"bbox": [], "segmentation": segmentation}) == (10, 20, 40, 45)
    assert box_of({"bbox": [1, 2, 3, 4], "segmentation": segmentation}) == (1, 2, 4, 6)


def test_an_object_of_a_mask_alone_has_its_bounds():
    mask = {"size": [7, 9], "counts": "g0340004N6"}  # see test_run_lengths.py

    assert box_of({"segmentation": mask}) == (3, 2, 7, 7)


@pytest.mark.parametrize("one", [{}, {"bbox": "x"}, {"bbox": [1, 2, "x", 4]}, {"bbox": [1]}])
def test_an_object_without_a_box_has_none(one):
    assert not has_area(box_of(one))


def test_a_size_is_two_numbers_or_none():
    assert size_of({"width": 9.0, "height": 8}) == (9, 8)
    assert size_of({"width": 0, "height": 8}) == (0, 0)
    assert size_of({"width": None}) == (0, 0)
    assert size_of({"width": 2**31 - 1, "height": 8}) == (2**31 - 1, 8)
    assert size_of({"width": 1e308, "height": 8}) == (0, 0)  # no number that an image can have


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{\n"images": ]', "x.json:2: Expecting value: expected JSON"),
        ("[]", "x.json: is not an object: expected instances_*.json"),
        ('{"images": []}', "x.json: has no annotations, categories: expected instances_*.json"),
        (100000 * "[", "x.json: maximum recursion depth exceeded"),
    ],
)
def test_another_file_is_told(text, told):
    with pytest.raises(DataError) as error:
        CocoFile.read(put("x.json", text))

    assert str(error.value).startswith(told)
