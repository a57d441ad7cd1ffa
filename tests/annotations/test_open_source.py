"""Which form a data set has."""

from __future__ import annotations

from pathlib import Path

import pytest
from annotated import coco, put, thing, xml

from pydarknet.annotations.open_source import is_source, read_source, stem_of
from pydarknet.errors import DataError, UsageError

THINGS = [thing(n, [0, 0, 20, 10]) for n in (1, 2)]


@pytest.fixture
def photos(picture) -> Path:
    """Write two pictures."""
    for name in "ab":
        picture(f"set/{name}.png")
    return Path("set")


def label(folder: Path, text: str = "0 .5 .5 .2 .2\n") -> None:
    for name in "ab":
        put(folder / f"{name}.txt", text)


def voc(folder: Path) -> None:
    for name in "ab":
        put(folder / f"{name}.xml", xml(("gnu", (1, 1, 50, 50))))


def test_a_folder_of_labels_is_read_as_it_is(photos):
    label(photos)

    assert read_source(photos).names == []


def test_a_folder_of_xml_files_is_vocs_also_when_its_labels_were_written(photos):
    voc(photos)

    assert read_source(photos).names == ["gnu"]
    assert read_source(photos).names == ["gnu"]
    assert Path("set/a.txt").read_text() == "0 0.1225 0.245 0.245 0.49\n"


def test_one_xml_file_means_its_folder(photos, capfd):
    voc(photos)

    found = read_source(photos / "a.xml")

    assert len(found.train) + len(found.valid) == 2
    told = "set/a.xml is the annotation of one image: all of set are read\n"
    assert told in capfd.readouterr().err


@pytest.mark.parametrize("name", ["_annotations.coco.json", "annotations/instances_train.json"])
def test_a_folder_that_a_json_describes_is_cocos(photos, name, capfd):
    put(photos / name, coco(["a.png", "b.png"], THINGS))

    assert read_source(photos).names == ["cat", "dog"]
    assert f"set/{name} describes set\n" in capfd.readouterr().err


def test_a_data_yaml_says_most(photos):
    voc(photos)
    label(photos)
    put("set/data.yaml", "train: .\nval: .\nnames: [x]\n")

    assert read_source(photos).names == ["x"]


def test_a_list_of_names_says_that_labels_are_meant_unless_an_xml_file_is_named(photos, capfd):
    voc(photos)
    label(photos)
    put("set/classes.txt", "mine\n")

    assert read_source(photos).names == ["mine"]
    assert "written" not in capfd.readouterr().out
    read_source(photos / "a.xml")
    assert "0 label files written: 0 objects of 1 class\n" in capfd.readouterr().out


def test_a_folder_of_images_is_said_for_annotations_alone(photos):
    label(photos)

    with pytest.raises(UsageError, match="-images set: set has its images itself"):
        read_source(photos, photos)


def test_a_folder_of_images_must_be_there(photos):
    voc(photos)

    with pytest.raises(UsageError, match="-images none: no such folder"):
        read_source(photos, Path("none"))


def test_what_is_not_there_is_an_error():
    with pytest.raises(DataError, match=r"none\.json: no such file or folder: expected a \.data"):
        read_source(Path("none.json"))


@pytest.mark.parametrize(
    ("path", "stem"),
    [
        ("pets/data.yaml", "pets"),
        ("pets/annotations/instances_train2017.json", "pets"),
        ("pets/train/_annotations.coco.json", "pets"),
        ("pets/pets.yaml", "pets"),
        ("x/coco128.yaml", "coco128"),
        ("x/trains/data.yml", "trains"),
    ],
)
def test_a_file_of_a_general_name_is_called_by_its_folder(path, stem):
    assert stem_of(Path(path)) == stem


@pytest.mark.parametrize(
    ("name", "true"), [("x.json", True), ("x.YML", True), ("x.xml", True), ("x.data", False)]
)
def test_files_of_other_forms_are_known_by_their_endings(name, true):
    assert is_source(Path(name)) == true
