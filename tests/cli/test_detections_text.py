"""The text and the JSON of what was detected."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import HERE

from pydarknet.boxes.box_arrays import BoxArrays
from pydarknet.cli.detections_text import Found, json_of
from pydarknet.cli.main import main

CASE = HERE / "reference" / "infer_pj_yolov3_a"


TEST = ["detector", "test", "net.data", "net.cfg", "net.weights"]


@pytest.fixture(autouse=True)
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
    """Lay two pictures into a folder, and list them."""
    (folder / "many").mkdir()
    for name in ("a.png", "b.png"):
        shutil.copy("input.png", folder / "many" / name)
    (folder / "list.txt").write_text("many/a.png\nmany/b.png\n")


@pytest.mark.usefixtures("several")
def test_json_holds_a_frame_an_image(capfd):
    main([*TEST, "many", "-thresh", "0.25", "-out", "found.json"])

    frames = json.loads(Path("found.json").read_text())
    assert [(frame["frame_id"], frame["filename"]) for frame in frames] == [
        (1, "many/a.png"),
        (2, "many/b.png"),
    ]


def test_json_escapes_names_and_paths():
    boxes = BoxArrays(np.ones((1, 4)), np.ones(1), np.ones((1, 1)), names=('a "dog"',))

    found = json.loads(json_of(Found("c:\\dog.jpg", 8, 8, 0.0, boxes, 0.5), 1))

    assert found["filename"] == "c:\\dog.jpg"
    assert found["objects"][0]["name"] == 'a "dog"'
