from __future__ import annotations

import os
from pathlib import Path

import pytest

from pydarknet.system.console import forget_notes
from pydarknet.system.folders import files_below
from pydarknet.system.problems import count_problems


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a folder with files on three levels."""
    for name in ("b.jpg", "a/y.jpg", "a/deep/z.jpg", "c/x.jpg", ".git/hidden.jpg", ".seen.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def below(folder: Path, **options: Path) -> list[str]:
    """Return the files below a folder, from there on."""
    return [os.path.relpath(path, folder) for path in files_below(folder, **options)]


def test_files_come_sorted_and_those_of_hidden_folders_do_not(tree: Path) -> None:
    assert below(tree) == [".seen.jpg", "a/deep/z.jpg", "a/y.jpg", "b.jpg", "c/x.jpg"]


def test_a_file_has_the_path_that_begins_as_the_folder_was_given(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tree)

    assert list(files_below("a")) == ["a/deep/z.jpg", "a/y.jpg"]


def test_links_in_a_circle_end(tree: Path) -> None:
    (tree / "a" / "deep" / "up").symlink_to(tree)
    (tree / "c" / "self").symlink_to(tree / "c")

    assert below(tree) == [".seen.jpg", "a/deep/z.jpg", "a/y.jpg", "b.jpg", "c/x.jpg"]


def test_a_link_to_a_folder_elsewhere_is_followed_once(tree: Path, tmp_path: Path) -> None:
    inner = tree / "a"
    (inner / "one").symlink_to(tree / "c")
    (inner / "two").symlink_to(tree / "c")

    assert below(inner) == ["deep/z.jpg", "one/x.jpg", "y.jpg"]


def test_the_folder_apart_is_passed_over_unless_it_is_the_first(tree: Path) -> None:
    assert below(tree, apart=tree / "a") == [".seen.jpg", "b.jpg", "c/x.jpg"]
    assert below(tree / "c", apart=tree / "c") == ["x.jpg"]


def test_a_closed_folder_is_told_and_costs_no_other(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scan = os.scandir

    def closed(path: str):  # root may read any
        if path.endswith("a"):
            raise PermissionError(13, "Permission denied")
        return scan(path)

    monkeypatch.setattr(os, "scandir", closed)
    forget_notes()
    with count_problems() as problems:
        assert below(tree) == [".seen.jpg", "b.jpg", "c/x.jpg"]

    assert problems.failed.total() == 1
    assert capsys.readouterr().err == f"{tree / 'a'}: Permission denied\n"
