"""The lists of what is wrong with a data set."""

from __future__ import annotations

import pytest

from pydarknet.dataset.bad_list import BAD_FILES, BAD_LABELS, Problem, append
from pydarknet.dataset.labels import labels_of
from pydarknet.system.console import forget_notes
from pydarknet.system.inputs import keep_inputs


@pytest.fixture(autouse=True)
def _forget():
    labels_of.cache_clear()
    forget_notes()


def test_problems_are_added_to_the_lists_in_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.list").write_text("old.jpg\n")

    append([Problem("", BAD_FILES, "a.jpg"), Problem("", BAD_LABELS, "a.txt Wrong")])

    assert (tmp_path / "bad.list").read_text() == "old.jpg\na.jpg\n"
    assert (tmp_path / "bad_label.list").read_text() == "a.txt Wrong\n"


def test_a_problem_is_added_once_a_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    append([Problem("", BAD_FILES, "a.jpg"), Problem("", BAD_FILES, "a.jpg")])
    append([Problem("", BAD_FILES, "a.jpg"), Problem("", BAD_LABELS, "a.jpg")])

    assert (tmp_path / "bad.list").read_text() == "a.jpg\n"
    assert (tmp_path / "bad_label.list").read_text() == "a.jpg\n"

    forget_notes()
    append([Problem("", BAD_FILES, "a.jpg")])

    assert (tmp_path / "bad.list").read_text() == "a.jpg\n" * 2


def test_a_list_that_is_read_does_not_grow_and_the_other_does(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.list").write_text("old.jpg\n")

    with keep_inputs(["bad.list"]):
        append([Problem("", BAD_FILES, "a.jpg"), Problem("", BAD_LABELS, "b")])
        append([Problem("", BAD_FILES, "c.jpg")])

    assert (tmp_path / "bad.list").read_text() == "old.jpg\n"
    assert (tmp_path / "bad_label.list").read_text() == "b\n"
    assert capsys.readouterr().err == (
        "bad.list is read by this command: no problem is added to it\n"
    )


def test_a_list_that_cannot_be_written_is_told_and_stops_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.list").mkdir()

    append([Problem("", BAD_FILES, "a.jpg"), Problem("", BAD_LABELS, "b")])

    assert "bad.list: cannot be written" in capsys.readouterr().err
