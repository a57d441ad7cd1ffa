"""The text and the JSON of what was detected."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from conftest import HERE

from pydarknet.boxes.box_arrays import BoxArrays
from pydarknet.cli.detections_text import Found, json_of
from pydarknet.cli.main import main

CASE = HERE / "reference" / "infer_pj_yolov3_a"


pytestmark = pytest.mark.usefixtures("folder")
TEST = ["detector", "test", "net.data", "net.cfg", "net.weights"]


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
