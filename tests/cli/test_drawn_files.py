"""Drawn images keep the tree of their images, and each has a file of its own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pydarknet.cli.drawn_files import DrawnFiles, Listed, common_folder, ignores_case


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)


def drawn(*images: str, root: str | None = None) -> list[str]:
    """Return where images of one operand, or given by their names, are drawn in the folder d."""
    roots = [os.path.abspath(os.path.dirname(image) if root is None else root) for image in images]
    listed = [Listed(image, place) for image, place in zip(images, roots, strict=True)]
    files = DrawnFiles(Path("d"), listed)
    return [files.path(image).as_posix() for image in images]


def test_images_given_by_name_lie_side_by_side():
    assert drawn("a/x.png", "b/y.jpg", "z.tif") == ["d/x.jpg", "d/y.jpg", "d/z.jpg"]


def test_images_of_one_name_keep_their_folders():
    assert drawn("cam1/0.jpg", "cam2/0.jpg", "cam2/1.jpg") == [
        "d/cam1/0.jpg",
        "d/cam2/0.jpg",
        "d/1.jpg",
    ]


def test_subfolders_of_an_operand_stay():
    assert drawn("in/a.jpg", "in/s/b.jpg", root="in") == ["d/a.jpg", "d/s/b.jpg"]


def test_an_image_that_differs_by_its_ending_keeps_it_and_that_is_told(capsys):
    assert drawn("a/0.jpg", "a/0.png") == ["d/0.jpg", "d/0.png.jpg"]

    assert capsys.readouterr().err == "a/0.png is drawn as d/0.png.jpg: 0.jpg is another image's\n"


def test_the_same_image_twice_is_one_file(capsys):
    assert drawn("a/0.jpg", "./a/0.jpg", "a/0.jpg") == ["d/0.jpg"] * 3

    assert capsys.readouterr().err == ""


def test_no_two_images_share_a_file():
    found = drawn("0.png.jpg", "0.jpg", "0.png", "a/0.jpg", "b/0.png.jpg", "b/../0.bmp")

    assert len(set(found)) == 6


def test_images_above_the_folder_stay_in_it():
    found = drawn("../0.jpg", "../../b/0.jpg", "a/0.jpg")

    assert len(set(found)) == 3
    assert all(os.path.abspath(path).startswith(os.path.abspath("d/")) for path in found)


def test_images_of_a_prompt_get_a_file_as_they_come():
    files = DrawnFiles(Path("d"))

    assert [files.path(p).as_posix() for p in ("a/0.jpg", "b/0.jpg", "a/0.jpg", "b/0.png")] == [
        "d/0.jpg",
        "d/b/0.jpg",
        "d/0.jpg",
        "d/b/0.png.jpg",
    ]


def test_names_that_a_file_system_takes_for_one_get_two_files():
    files = DrawnFiles(Path("d"), [Listed("a/X.png", os.getcwd()), Listed("A/x.png", os.getcwd())])
    files.folds = True

    assert files.path("a/X.png").name.casefold() != files.path("A/x.png").name.casefold()


def test_this_file_system_is_asked_for_its_names(tmp_path):
    (tmp_path / "case").mkdir()

    assert ignores_case(tmp_path / "case") == (tmp_path / "CASE").exists()


def test_no_image_has_no_common_folder():
    assert common_folder([]) == ""
