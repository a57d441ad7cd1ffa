"""COCO's instances become labels and lists."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import HERE

CATEGORIES = [{"id": 90, "name": "toothbrush"}, {"id": 1, "name": "person"}]
IMAGES = [{"id": 7, "file_name": "b.jpg", "width": 200, "height": 100}]


@pytest.fixture
def instances(tmp_path):
    """Return a function that writes instances_train2017.json with annotations."""

    def make(annotations: list[dict[str, Any]], **others: Any) -> None:
        content = {"images": IMAGES, "annotations": annotations, "categories": CATEGORIES, **others}
        (tmp_path / "instances_train2017.json").write_text(json.dumps(content))

    return make


def thing(box: list[float], category: int = 90, **others: Any) -> dict[str, Any]:
    """Return an annotation of image 7."""
    return {"image_id": 7, "category_id": category, "bbox": box, **others}


def test_a_box_is_its_centre_and_size_and_its_class_is_the_rank_of_its_id(
    instances, script, tmp_path
):
    instances([thing([20, 30, 100, 50])])

    assert script("coco_label.py", "instances_train2017.json").returncode == 0

    # (20 + 50) / 200, (30 + 25) / 100, 100 / 200, 50 / 100
    label = (tmp_path / "labels/train2017/b.txt").read_text()
    assert label == "1 0.35 0.55 0.5 0.5\n"


def test_the_list_names_the_images_by_their_absolute_paths(instances, script, tmp_path):
    instances([])

    script("coco_label.py", "instances_train2017.json")

    assert (tmp_path / "train2017.txt").read_text() == f"{tmp_path}/images/train2017/b.jpg\n"


def test_an_image_without_objects_has_an_empty_file(instances, script, tmp_path):
    instances([])

    script("coco_label.py", "instances_train2017.json")

    assert (tmp_path / "labels/train2017/b.txt").read_text() == ""


@pytest.mark.parametrize(("flags", "count"), [([], 1), (["--crowds"], 2)])
def test_crowds_are_left_out_unless_they_are_wanted(instances, script, tmp_path, flags, count):
    instances([thing([0, 0, 20, 20], iscrowd=1), thing([0, 0, 20, 20], iscrowd=0)])

    told = script("coco_label.py", "instances_train2017.json", *flags).stdout

    assert f"1 image, {count} object{'s' * (count > 1)}; left out: {2 - count}\n" in told
    label = (tmp_path / "labels/train2017/b.txt").read_text()
    assert label == count * "1 0.05 0.1 0.1 0.2\n"


def test_boxes_without_an_area_are_left_out(instances, script, tmp_path):
    instances([thing([10, 10, 0, 20])])

    assert "left out: 1\n" in script("coco_label.py", "instances_train2017.json").stdout


def test_segmentation_is_ignored(instances, script, tmp_path):
    instances([thing([0, 0, 20, 20], segmentation={"counts": "x"})])

    assert script("coco_label.py", "instances_train2017.json").returncode == 0


def test_names_are_written_in_the_order_of_the_classes(instances, script, tmp_path):
    instances([])

    script("coco_label.py", "instances_train2017.json", "--names", "my.names")

    assert (tmp_path / "my.names").read_text() == "person\ntoothbrush\n"


def test_cocos_80_ids_are_numbered_as_data_coco_names(instances, script, tmp_path):
    left_out = {12, 26, 29, 30, 45, 66, 68, 69, 71, 83}  # ids of 1..90 that COCO does not use
    ids = [i for i in range(1, 91) if i not in left_out]
    names = (HERE.parent / "data/coco.names").read_text().split("\n")[:-1]
    categories = [{"id": i, "name": n} for i, n in zip(ids, names, strict=True)]
    instances([thing([0, 0, 20, 20], category=18)], categories=categories)  # a dog

    script("coco_label.py", "instances_train2017.json")

    label = (tmp_path / "labels/train2017/b.txt").read_text()
    assert names[int(label.split()[0])] == "dog"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{}", " has no annotations, categories, images: expected instances_*.json"),
        ("\n{", "2: Expecting property name"),
    ],
)
def test_another_file_is_told_in_one_line(script, tmp_path, text, told):
    (tmp_path / "x.json").write_text(text)

    done = script("coco_label.py", "x.json")

    assert done.returncode == 1
    assert done.stderr.startswith(f"coco_label.py: x.json:{told}")


@pytest.mark.parametrize("other", ["x/b.jpg", "b.png", "b.jpg"])
def test_labels_of_another_image_are_not_written_over(instances, script, tmp_path, other):
    second = {"id": 8, "file_name": other, "width": 200, "height": 100}
    things = [thing([20, 30, 100, 50]), thing([0, 0, 20, 20]) | {"image_id": 8}]
    instances(things, images=[*IMAGES, second])

    ran = script("coco_label.py", "instances_train2017.json", "--labels", "lab")

    assert (tmp_path / "lab" / "b.txt").read_text() == "1 0.35 0.55 0.5 0.5\n"
    assert (tmp_path / "train2017.txt").read_text() == f"{tmp_path}/images/train2017/b.jpg\n"
    assert "train2017: 1 image, 1 object; left out: 1\n" in ran.stdout
    assert f"'{other}' is left out: of an image whose label file is another's\n" in ran.stderr
