"""Converters are counted, and their numbers compared whatever the order of their boxes."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import BENCHMARKS

TINY = """[net]
width=16
height=16
channels=3
[convolutional]
filters=7
size=1
stride=1
[yolo]
mask=0
anchors=4,8
classes=2
num=1
"""


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch):
    """Return the script as a module."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import compare_converters

    return compare_converters


def test_boxes_are_the_same_in_another_order(script):
    sides = np.array([[0.0, 0, 0.5, 0.5], [0.2, 0.2, 0.4, 0.8]])
    scores = np.array([[0.1, 0.9], [0.7, 0.2]])
    ours = script.Boxes(sides, scores)

    assert script.verdict(script.Boxes(sides[::-1], scores[::-1]), ours, ours) == "ok"


def test_another_number_and_another_shape_differ(script):
    ours = script.Boxes(np.full((2, 4), 0.5), np.full((2, 3), 0.5))
    off = script.Boxes(np.full((2, 4), 0.5), np.full((2, 3), 0.6))  # 0.1 / 0.0015
    fewer = script.Boxes(np.full((1, 4), 0.5), np.full((1, 3), 0.5))

    assert script.verdict(off, ours, ours) == "differs: scores by 66.7 times the tolerance 0.001"
    assert script.verdict(off, ours, off) == "ok"  # as far as ours for a brighter image
    assert script.verdict(fewer, ours, ours) == "differs: sides have shape [1, 4], ours is [2, 4]"


def test_every_box_is_read_from_our_network(script, tmp_path):
    cfg = tmp_path / "tiny.cfg"
    cfg.write_text(TINY)
    network = script.random_network(str(cfg))

    found = script.our_numbers(network, script.torch.zeros(1, 3, 16, 16))

    assert found.sides.shape == (256, 4)  # 16 x 16 cells, one anchor
    assert found.scores.shape == (256, 2)


def test_a_wide_detector_is_shrunk_in_a_copy(script, tmp_path):
    cfg, place = tmp_path / "tiny.cfg", tmp_path / "place"
    cfg.write_text(TINY)
    place.mkdir()

    copy = Path(script.smaller(str(cfg), 8, str(place)))

    assert copy == place / "tiny.cfg"
    assert copy.read_text() == TINY.replace("width=16", "width=8").replace("height=16", "height=8")
    assert script.smaller(str(cfg), 16, str(place)) == str(cfg)


def test_a_converter_without_its_package_gives_errors_and_the_count(
    script, tmp_path, monkeypatch, capsys
):
    cfg, results = tmp_path / "tiny.cfg", tmp_path / "results.json"
    cfg.write_text(TINY)
    monkeypatch.setitem(
        script.CONVERTERS,
        "darknet2any",
        ("def convert(*words):\n    raise ValueError('too new')\n", script.one_table, "numpy"),
    )
    start = "import os, signal, sys\nfolder, seconds = sys.argv[1:]\n"  # without torch
    monkeypatch.setattr(script, "START", start)
    line = ["compare_converters.py", "darknet2any", str(cfg), "--results", str(results)]
    monkeypatch.setattr(sys, "argv", line)

    script.main()
    script.main()  # nothing is run again

    out = capsys.readouterr().out
    assert out.count("tiny.cfg: error: ValueError: too new") == 1
    assert out.count(f"darknet2any {np.__version__}, 1 cfgs: 1 error\n") == 2
    kept = json.loads(results.read_text())["darknet2any"]
    assert kept[f"{tmp_path.name}/tiny.cfg"] == "error: ValueError: too new"


def test_what_is_not_a_file_of_boxes_is_told(script):
    with pytest.raises(script.Failure, match="onnxruntime: "):
        script.run_file(str(Path(__file__)), np.zeros((1, 3, 4, 4), np.float32))
