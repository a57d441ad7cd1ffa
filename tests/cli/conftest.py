"""What tests of commands share: a recorded detector to work with."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import HERE, recording

from pydarknet.cli import commands

commands.register()
CASE = HERE / "reference" / "infer_pj_yolov3_a"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Work in a copy of a recording's folder, without a display.

    Its weights were written by a header that says the fork, its texts by the original.
    """
    made = tmp_path / "case"
    shutil.copytree(CASE, made, ignore=shutil.ignore_patterns("cli*", "expected*", "predictions*"))
    monkeypatch.chdir(made)
    monkeypatch.setenv("PYDARKNET_DIALECT", "pjreddie")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    return made


@pytest.fixture
def several(folder):
    """Lay two images into a folder, and list them."""
    (folder / "many").mkdir()
    for name in ("a.png", "b.png"):
        shutil.copy("input.png", folder / "many" / name)
    (folder / "list.txt").write_text("many/a.png\nmany/b.png\n")


@pytest.fixture
def listed(tmp_path, monkeypatch):
    """Work in a folder with a list of a recording's image, and return the recording."""

    def make(name: str, place: str) -> Path:
        folder = recording(name)
        shutil.copy(folder / "input.png", tmp_path / "input.png")
        (tmp_path / "input.txt").write_text("3 .5 .5 .4 .4\n1 .3 .3 .2 .3\n")
        path = tmp_path / place
        path.parent.mkdir(parents=True)
        path.write_text("input.png\n" * 8)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("PYDARKNET_DIALECT", "pjreddie")
        return folder

    return make
