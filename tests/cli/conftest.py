"""What tests of commands share: a recorded detector to work with."""

from __future__ import annotations

import shutil

import pytest
from conftest import HERE

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
