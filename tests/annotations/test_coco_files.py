"""Data sets of COCO's form."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from annotated import coco, put, thing

from pydarknet.annotations.coco_files import read_coco
from pydarknet.annotations.source import Source

ONE = [thing(1, [20, 30, 100, 50]), thing(2, [0, 0, 9, 9], 2)]


def names(source: Source) -> dict[str, list[str]]:
    return {part: [Path(one.path).name for one in them] for part, them in source.parts.items()}


@pytest.mark.parametrize(
    ("file", "folder"),
    [
        ("coco/annotations/instances_train2017.json", "coco/train2017"),
        ("coco/annotations/instances_train2017.json", "coco/images/train2017"),
        ("coco/annotations/instances_default.json", "coco/images"),
        ("train/_annotations.coco.json", "train"),
        ("export/result.json", "export/images"),
        ("instances_val.json", "images/val"),
    ],
)
def test_images_are_found_where_programs_put_them(picture, file, folder):
    put(file, coco(["a.png", "b.png"], ONE))
    images = [picture(f"{folder}/{name}.png") for name in "ab"]

    source = read_coco(Path(file))

    assert sorted(one.path for one in source.images()) == [str(one.absolute()) for one in images]
    assert source.names == ["cat", "dog"]
    assert not source.left_out.counts


@pytest.mark.parametrize("away", ["../../media/", "/label-studio/data/", "C:\\me\\"])
def test_of_a_path_that_leads_away_the_name_counts(picture, away):
    put("set/result.json", coco([f"{away}a.png", f"{away}b.png"], ONE))
    images = [picture(f"set/images/{name}.png") for name in "ab"]

    found = sorted(one.path for one in read_coco(Path("set/result.json")).images())

    assert found == [str(one.absolute()) for one in images]


def test_file_names_may_have_folders_and_images_a_folder_of_their_own(picture):
    put("x.json", coco(["images/a.png", "images\\b.png"], ONE))
    for name in "ab":
        picture(f"mine/images/{name}.png")

    assert len(list(read_coco(Path("x.json"), Path("mine")).images())) == 2


@pytest.mark.parametrize(
    ("file", "other", "folder"),
    [
        ("annotations/instances_train2017.json", "annotations/instances_val2017.json", "images"),
        ("annotations/instances_Train.json", "annotations/instances_Validation.json", "images"),
        ("train/_annotations.coco.json", "valid/_annotations.coco.json", "valid"),
    ],
)
def test_a_file_of_another_part_stands_where_train_is_another_word(picture, file, other, folder):
    home = Path(file).parent if folder == "valid" else Path(folder)
    put(file, coco(["a.png", "b.png"], ONE))
    put(other, coco(["c.png"], [thing(1, [0, 0, 9, 9])]))
    for name in "ab":
        picture(home / f"{name}.png")
    picture(f"{folder}/c.png")

    assert names(read_coco(Path(file))) == {"train": ["a.png", "b.png"], "valid": ["c.png"]}


def test_a_parent_without_objects_is_no_class(picture):
    content = json.loads(coco(["a.png", "b.png"], [thing(1, [0, 0, 9, 9], 1)]))
    content["categories"] = [
        {"id": 0, "name": "pets", "supercategory": "none"},
        {"id": 1, "name": "cat", "supercategory": "pets"},
        {"id": 2, "name": "dog", "supercategory": "pets"},
    ]
    put("x.json", json.dumps(content))
    for name in "ab":
        picture(f"{name}.png")

    assert read_coco(Path("x.json")).names == ["cat", "dog"]


def test_a_category_may_say_anything_of_its_parent(picture):
    content = json.loads(coco(["a.png", "b.png"], [thing(1, [0, 0, 9, 9], 1)]))
    content["categories"] = [
        {"id": 1, "name": "cat", "supercategory": ["pets"]},
        {"id": 2, "name": ["dog"], "supercategory": {"a": 1}},
        {"id": 3, "name": "None"},
    ]
    put("x.json", json.dumps(content))
    for name in "ab":
        picture(f"{name}.png")

    assert read_coco(Path("x.json")).names == ["cat", "['dog']", "None"]


@pytest.mark.parametrize("name", ["../c.png", "/c.png", "none.png", "", "a/../../c.png", 300 * "x"])
def test_an_image_that_is_not_there_or_outside_is_left_out(picture, capfd, name):
    put("set/x.json", coco(["a.png", "b.png", name], ONE))
    for one in ("set/a.png", "set/b.png", "c.png"):
        picture(one)

    source = read_coco(Path("set/x.json"), Path("set"))

    assert len(list(source.images())) == 2
    told = capfd.readouterr().err
    assert told.startswith(f"set/x.json: image {name[:50]}")
    assert told.endswith(": is no file in set: left out\n")


def test_annotations_of_images_that_are_not_listed_are_told(picture, capfd):
    put("x.json", coco(["a.png", "b.png"], [*ONE, thing(7, [0, 0, 9, 9])]))
    for name in "ab":
        picture(f"{name}.png")

    source = read_coco(Path("x.json"))

    assert capfd.readouterr().err == "x.json: annotation 17: image 7 is not listed: left out\n"
    assert source.left_out.summary == "1 of images that are not listed"
