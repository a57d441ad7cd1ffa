"""A data.yaml in the forms of ultralytics and Roboflow."""

from __future__ import annotations

from pathlib import Path

import pytest
from annotated import put

from pydarknet.annotations.data_yaml import read_data_yaml
from pydarknet.errors import DataError
from pydarknet.system.problems import count_problems


@pytest.fixture
def images(picture):
    """Return a function that writes pictures, with labels in `labels` for `images`."""

    def make(*paths: str, label: str = "0 .5 .5 .2 .2\n") -> list[str]:
        for path in paths:
            picture(path)
            put(Path(path.replace("images/", "labels/")).with_suffix(".txt"), label)
        return [str(Path(path).absolute()) for path in paths]

    return make


def test_ultralytics_paths_begin_at_path_and_names_are_a_mapping(images):
    train = images("set/images/train/a.png", "set/images/train/b.png")
    valid = images("set/images/val/c.png")
    put(
        "set/my.yaml",
        "path: ../set # here\ntrain: images/train\nval: images/val\ntest: # none\n"
        "names:\n  0: person\n  1: 'no'\n",
    )

    found = read_data_yaml(Path("set/my.yaml"))

    assert (found.train, found.valid, found.test) == (train, valid, [])
    assert found.names == ["person", "no"]
    assert not found.polygons


@pytest.mark.parametrize("up", ["../", "", "./", "/content/My-Set-1/", "C:\\me\\"])
def test_roboflows_folders_lie_beside_the_file_whatever_stands_before_them(images, up, capfd):
    train = images("set/train/images/a.png", "set/train/images/b.png")
    valid, test = images("set/valid/images/c.png"), images("set/test/images/d.png")
    put(
        "set/data.yaml",
        f"train: {up}train/images\nval: {up}valid/images\ntest: {up}test/images\n"
        "nc: 2\nnames: ['cat', 'dog']\nroboflow:\n  version: 1\n",
    )

    found = read_data_yaml(Path("set/data.yaml"))

    assert (found.train, found.valid, found.test) == (train, valid, test)
    assert found.names == ["cat", "dog"]
    told = capfd.readouterr().err
    assert ("is not there, and taken as set/train/images" in told) == (up not in ("", "./"))


def test_a_part_may_be_a_list_file_or_several_of_both(images):
    first = images("set/images/a.png", "set/images/b.png")
    second = images("set/more/c.png")
    put("set/train.txt", "./images/a.png\nset/images/b.png\n")
    put("set/x.yaml", "train: [train.txt, more]\nval:\n- more\nnames: [x]\n")

    found = read_data_yaml(Path("set/x.yaml"))

    assert (found.train, found.valid) == ([*first, *second], second)


def test_what_of_a_part_is_not_there_is_told_and_costs_no_other(images, capfd):
    train = images("set/images/a.png")
    put("set/train.txt", "images/a.png\nimages/none.png\n")
    put("set/x.yaml", "train:\n- train.txt\n- none\nval: images\nnames: [x]\n")

    with count_problems() as problems:
        found = read_data_yaml(Path("set/x.yaml"))

    assert found.train == train
    told = capfd.readouterr().err
    assert "set/x.yaml:3: none is not in set: expected a folder or a list of images\n" in told
    assert "set/train.txt: 1 image of it not there, as images/none.png: left out\n" in told
    assert problems.failed.total() == 2


def test_without_images_to_validate_some_of_those_to_train_are_taken(images):
    images("set/a.png", "set/b.png", "set/c.png")
    put("set/x.yaml", "train: .\nnames: [x]\n")

    found = read_data_yaml(Path("set/x.yaml"))

    assert len(found.train) + len(found.valid) == 3
    assert not set(found.train) & set(found.valid)


def test_polygons_are_noticed_and_images_without_labels_are_backgrounds(images, picture, capfd):
    images("set/a.png", "set/b.png", label="0 .1 .1 .9 .1 .5 .9\n")
    picture("set/c.png")
    put("set/x.yaml", "train: .\nval: a.png\nnc: 2\n")

    found = read_data_yaml(Path("set/x.yaml"))

    assert found.polygons
    assert found.names == ["class0", "class1"]
    assert len(found.train) == 3
    assert (
        f"no label file, so a background: 1 image, as {found.train[2]}\n" in capfd.readouterr().err
    )
    assert not Path("set/c.txt").exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("train: .\nnc: 2\nnames: [x]", "x.yaml:2: nc = 2, but there are 1 name"),
        ("train: .\nnc: x\nnames: [x]", "x.yaml:2: nc = x: expected a number of classes"),
        ("train: .\nnames: {0: x, 2: y}", "x.yaml:2: names: has none for class 1"),
        ("train: .\nnames: {a: x}", "x.yaml:2: names: a: expected the number of a class"),
        ("train: .\nnames:\n- x\n- [y]", "x.yaml:4: expected a text"),
        ("train: {a: b}\nnames: [x]", "x.yaml:1: expected a text or a list"),
        ("names: [x]", "x.yaml: train: no image: expected a folder or a list of images"),
        ("train: none\nnames: [x]", "x.yaml:1: train: no image"),
        ("train: .\nkpt_shape: [17, 3]", "x.yaml:2: kpt_shape: labels of points"),
        ("- a", "x.yaml:1: expected lines of `key: value`"),
        ('train: "a\\0b"\nnames: [x]', "x.yaml:1: train: no image"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(images, text, told):
    images("set/a.png", "set/b.png")
    put("x.yaml", text.replace(".", "set", 1))

    with pytest.raises(DataError) as error:
        read_data_yaml(Path("x.yaml"))

    assert str(error.value).startswith(told)


def test_images_without_any_label_are_an_error(picture):
    picture("set/a.png")
    put("x.yaml", "train: set\nval: set\nnames: [x]")

    with pytest.raises(DataError, match=r"x\.yaml: none of its 2 images has a label file"):
        read_data_yaml(Path("x.yaml"))
