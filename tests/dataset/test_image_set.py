"""A folder of labelled images becomes a data set."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from pydarknet.dataset.files import DataFile, read_list
from pydarknet.dataset.image_set import read_folder, write_image_set
from pydarknet.errors import DataError, UsageError


@pytest.fixture
def photos(tmp_path, monkeypatch) -> Path:
    """Work beside a folder of 40 labelled images and one without labels."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    for n in range(41):
        path = folder / ("more" if n % 2 else ".") / f"{n}.png"
        cv2.imwrite(str(path), np.zeros((8, 8, 3), np.uint8))
        if n < 40:
            path.with_suffix(".txt").write_text(f"{n % 3} .5 .5 .2 .4\n")
    return folder


def test_a_tenth_validates_the_same_whatever_is_added_later(photos):
    before = read_folder(photos)
    (photos / "new.png").write_bytes((photos / "0.png").read_bytes())
    (photos / "new.txt").write_text("0 .5 .5 .2 .4\n")
    after = read_folder(photos)

    assert len(before.train) + len(before.valid) == 40
    assert 1 <= len(before.valid) <= 10
    assert not set(before.train) & set(before.valid)
    assert set(before.train) <= set(after.train)
    assert set(before.valid) <= set(after.valid)
    assert before.unlabelled == 1


def test_names_are_those_that_a_program_for_labels_left(photos):
    assert read_folder(photos).names == []

    (photos / "classes.txt").write_text("cat\ndog\nbird\n")

    assert read_folder(photos).names == ["cat", "dog", "bird"]


def test_names_may_lie_among_the_labels(photos):
    (photos / "more" / "_darknet.labels").write_text("cat\ndog\nbird\n")
    assert read_folder(photos).names == ["cat", "dog", "bird"]

    (photos / "other").mkdir()
    (photos / "other" / "classes.txt").write_text("dog\ncat\nbird\n")
    with pytest.raises(
        DataError, match=r"photos/other: has other names of classes than photos/more"
    ):
        read_folder(Path("photos"))

    (photos / "classes.txt").write_text("a\nb\nc\n")
    assert read_folder(photos).names == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("notes", "names"),
    [
        ('{"categories": [{"id": 2, "name": "cat"}, {"id": 0, "name": "dog"}]}', "dog class1 cat"),
        ('{"categories": [{"id": 0, "name": "cat"}, {"id": 1, "name": "dog"}]}', "cat dog"),
        ('{"categories": [{"id": 1, "name": "other"}]}', "cat dog"),  # of another set
        ('{"categories": [{"id": -1, "name": "cat"}, {"id": 0, "name": "dog"}]}', "cat dog"),
        ('{"categories": [{"id": 1e999, "name": "cat"}]}', "cat dog"),
        ('{"categories": 3}', "cat dog"),
        ("[]", "cat dog"),
        ("nothing", "cat dog"),
    ],
)
def test_label_studios_notes_number_the_names(photos, notes, names):
    (photos / "classes.txt").write_text("cat\ndog\n")
    (photos / "notes.json").write_text(notes)

    assert read_folder(photos).names == names.split()


def test_folders_that_are_named_so_are_the_parts(photos):
    (photos / "more").rename(photos / "Valid")
    (photos / "test").mkdir()
    for name in ("0.png", "0.txt"):
        (photos / name).rename(photos / "test" / name)

    found = read_folder(photos)

    assert [Path(one).name for one in found.test] == ["0.png"]
    assert {Path(one).parent.name for one in found.valid} == {"Valid"}
    assert {Path(one).parent.name for one in found.train} == {"photos"}
    assert (len(found.train), len(found.valid)) == (19, 20)


def test_images_of_one_part_are_split_all_the_same(photos):
    (photos / "more").rename(photos / "train")
    found = read_folder(photos / "train")

    assert len(found.train) + len(found.valid) == 20
    assert found.valid
    (photos / "train").rename(photos / "test")
    assert len(read_folder(photos).train) < 20  # those in test are kept apart
    assert len(read_folder(photos / "test").train) + len(read_folder(photos / "test").valid) == 20


def test_polygons_are_known(photos):
    assert not read_folder(photos).polygons

    (photos / "0.txt").write_text("0 .1 .1 .5 .1 .5 .5\n")

    assert read_folder(photos).polygons


def test_its_files_are_read_as_any_others(photos):
    found = read_folder(photos)

    files = write_image_set(found, "photos", ["cat", "dog", "bird"])

    assert [str(one) for one in files] == [
        "photos.data",
        "photos.names",
        "photos_train.txt",
        "photos_valid.txt",
    ]
    options = DataFile.read("photos.data")
    assert options.integer("classes", 0) == 3
    assert read_list(options.get_file("train", "")) == found.train
    assert Path("photos.names").read_text() == "cat\ndog\nbird\n"


def test_nothing_is_written_over(photos):
    Path("photos.names").write_text("mine")

    with pytest.raises(UsageError, match=r"photos\.names is there already"):
        write_image_set(read_folder(photos), "photos", ["a"])

    assert sorted(os.listdir()) == ["photos", "photos.names"]


def test_labels_without_images_are_an_error(tmp_path):
    (tmp_path / "a.txt").write_text("0 .5 .5 .2 .4\n")

    with pytest.raises(DataError, match="there is no image at all: labels were exported without"):
        read_folder(tmp_path)


def test_a_folder_without_labels_is_an_error(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((8, 8, 3), np.uint8))

    with pytest.raises(DataError, match="has 0 images with labels: expected two at least"):
        read_folder(tmp_path)
