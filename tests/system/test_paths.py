"""What a path can mean that someone wrote into a file."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from pydarknet.errors import DarknetError
from pydarknet.system.paths import (
    first_makeable,
    first_there,
    is_utf8,
    meanings,
    new_place,
    oddity,
    path_of,
)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("a.txt", ["a.txt"]),
        ("  a.txt \t", ["a.txt"]),
        ("My Drive/a.txt", ["My Drive/a.txt"]),
        ("backup/ # here", ["backup/ # here", "backup/"]),
        ("backup#1", ["backup#1"]),
        ('"a b/"', ['"a b/"', "a b/"]),
        ("'a' ; b", ["'a' ; b", "'a'", "a"]),
        ("~/a", ["~/a", "/home/me/a"]),
        (r"data\a.txt", [r"data\a.txt", "data/a.txt"]),
        ("", []),
    ],
)
def test_a_path_may_mean_less_than_is_written(monkeypatch, written, expected):
    monkeypatch.setenv("HOME", "/home/me")

    assert meanings(written) == expected


def test_the_plainest_meaning_that_is_there_is_taken(tmp_path):
    (tmp_path / "b").touch()

    assert first_there(["a", "b"], ["", str(tmp_path)]) == f"{tmp_path}/b"
    assert first_there(["a"], ["", str(tmp_path)]) is None


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("data/obj_train_data/a.jpg", "obj_train_data/a.jpg"),  # as CVAT writes it
        ("/home/other/set/obj_train_data/a.jpg", "obj_train_data/a.jpg"),
        ("C:/Users/me/set/b.jpg", "b.jpg"),  # the folder is named set
        ("data/b.jpg", None),
        ("b.jpg", None),
        ("data/none/a.jpg", None),
        ("", None),
    ],
)
def test_a_file_that_was_moved_is_found_by_the_end_of_its_path(tmp_path, path, found):
    (tmp_path / "set" / "obj_train_data").mkdir(parents=True)
    (tmp_path / "set" / "obj_train_data" / "a.jpg").touch()
    (tmp_path / "set" / "b.jpg").touch()
    folder = f"{tmp_path}/set"

    assert new_place(path, folder) == (found and f"{folder}/{found}")


def test_a_name_may_stand_alone_where_it_says_enough(tmp_path):
    (tmp_path / "train.txt").touch()

    assert new_place("data/train.txt", str(tmp_path), alone=True) == f"{tmp_path}/train.txt"
    assert new_place("data/none.txt", str(tmp_path), alone=True) is None


def test_a_folder_can_be_made_where_the_one_above_it_is(tmp_path):
    assert first_makeable([f"{tmp_path}/a/b/", f"{tmp_path}/c/"]) == f"{tmp_path}/c/"
    assert first_makeable([f"{tmp_path}/a/b"]) is None


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("backup/a#1", ""),
        ("My Drive", "Darknet deletes blanks"),
        ('"a"', "quotes are taken as letters"),
        ("a #b", "Darknet deletes blanks; a comment needs a line of its own"),
        (r"~\a", r"~ is taken as a letter; \ separates no folders here"),
    ],
)
def test_what_is_odd_about_a_path_is_said(written, reason):
    assert oddity(written) == reason


@pytest.mark.parametrize("given", ["a b.cfg", b"a b.cfg", Path("a b.cfg"), os.fsencode("a b.cfg")])
def test_a_path_is_text_bytes_or_a_path(given):
    assert path_of(given, "the cfg") == Path("a b.cfg")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (3, "the cfg is of type int: expected its path"),
        (["a.cfg"], "the cfg is of type list: expected its path"),
        (b"", "the cfg is an empty word: expected its path"),
        ("[net]\nwidth=8\n", "the cfg is given as its content: expected its path"),
        (b"\0\1", "the cfg is given as its content: expected its path"),
    ],
)
def test_what_is_no_path_is_told_without_its_content(given, told):
    with pytest.raises(DarknetError) as error:
        path_of(given, "the cfg")
    assert str(error.value) == told


def test_a_path_may_have_a_newline_if_it_is_there(tmp_path):
    (tmp_path / "a\nb").write_text("")

    assert path_of(str(tmp_path / "a\nb"), "the cfg") == tmp_path / "a\nb"


@pytest.mark.parametrize(
    ("path", "expected"), [("a.jpg", True), (Path("\u65e5.jpg"), True), ("caf\udce9.jpg", False)]
)
def test_a_path_may_be_no_utf8(path, expected):
    assert is_utf8(path) is expected


def test_a_path_that_no_system_opens_was_never_moved(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").touch()
    start = time.process_time()

    assert new_place("x/" * 2046 + "a/b", str(tmp_path)) == f"{tmp_path}/a/b"  # 4095 letters
    assert new_place("x/" * 50_000 + "a/b", str(tmp_path)) is None
    assert time.process_time() - start < 1  # half a minute where each end of it was looked for
