"""The lists of what is wrong with a data set."""

from __future__ import annotations

import pytest

from pydarknet.dataset.bad_list import BAD_FILES, BAD_LABELS, Problem, append
from pydarknet.dataset.labels import labels_of


@pytest.fixture(autouse=True)
def _forget():
    labels_of.cache_clear()


def test_problems_are_added_to_the_lists_in_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.list").write_text("old.jpg\n")

    append([Problem("", BAD_FILES, "a.jpg"), Problem("", BAD_LABELS, "a.txt Wrong")])

    assert (tmp_path / "bad.list").read_text() == "old.jpg\na.jpg\n"
    assert (tmp_path / "bad_label.list").read_text() == "a.txt Wrong\n"


def test_a_list_that_cannot_be_written_is_told_and_stops_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.list").mkdir()

    append([Problem("", BAD_FILES, "a.jpg"), Problem("", BAD_LABELS, "b")])

    assert "bad.list: cannot be written" in capsys.readouterr().err
