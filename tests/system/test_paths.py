"""What a path can mean that someone wrote into a file."""

from __future__ import annotations

import pytest

from pydarknet.system.paths import first_makeable, first_there, meanings, oddity


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
