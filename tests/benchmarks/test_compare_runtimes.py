"""Files of every layout are run by other programs, a row each."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import BENCHMARKS

pytest.importorskip("onnxruntime")
CONVOLUTION = "[convolutional]\nfilters={}\nsize=3\nstride=8\npad=1\nactivation=linear\n"
NET = "[net]\nwidth=16\nheight=16\nchannels=3\n" + CONVOLUTION
TINY = NET.format(14) + "[yolo]\nmask=0,1\nanchors=4,8, 8,4\nclasses=2\nnum=2\n"
UNLIKE = TINY + CONVOLUTION.format(8) + "[yolo]\nmask=0\nanchors=4,8\nclasses=3\nnum=1\n"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch):
    """Return the script as a module."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import compare_runtimes

    return compare_runtimes


@pytest.fixture
def fill(script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return a function that fills in the rows of a cfg and returns all rows."""
    monkeypatch.chdir(tmp_path)

    def run(text: str, *words: str) -> list[dict]:
        Path("a.cfg").write_text(text)
        line = ["compare_runtimes.py", "a.cfg", "--only", "onnxruntime", "--seconds", "60", *words]
        monkeypatch.setattr(sys, "argv", line)
        script.main()
        return [json.loads(row) for row in Path("runtimes.jsonl").read_text().splitlines()]

    return run


def test_each_layout_of_a_detector_has_a_row(fill, capsys):
    rows = fill(TINY)

    written = {row["layout"]: row for row in rows if row["written"]}
    assert set(written) == {"merged", "rows", "deepstream", "raw", "nms"}
    assert all(row["loads"] and row["runs"] for row in written.values())
    assert max(row["difference"] for row in written.values()) < 1e-5
    assert {row["layout"] for row in rows} - set(written) == {"values"}  # for other networks
    assert "| `merged` | onnxruntime" in capsys.readouterr().out
    assert fill(TINY) == rows  # and none is made twice


def test_a_state_is_carried_over_two_steps(fill):
    rows = fill("[net]\ninputs=4\n[gru]\noutput=3\n")

    [row] = [row for row in rows if row["written"]]
    assert row["layout"] == "values"
    assert row["difference"] < 1e-5


def test_a_refusal_is_a_row_with_its_reason(fill, capsys):
    rows = fill(UNLIKE, "--layouts", "merged", "rows")

    reason = "the heads have unlike classes, 2 and 3"
    assert [row["written"] for row in rows] == [False, True]
    assert reason in rows[0]["reason"]
    assert f"- merged, written: a.cfg:1: [net] {reason}" in capsys.readouterr().out


def test_a_program_that_fails_is_a_row_with_its_reason(script, fill, monkeypatch):
    code = "version = '1'\ndef load(path): return 0\ndef run(*given): raise ValueError('no')\n"
    monkeypatch.setitem(script.RUNTIMES, "onnxruntime", code)

    [row] = fill(TINY, "--layouts", "raw")

    assert (row["loads"], row["runs"], row["reason"]) == (True, False, "ValueError: no")


def test_sides_and_scores_are_compared_on_their_own(script):
    wanted = np.array([[[100.0], [100], [10], [10], [0.5], [0.25]]])  # [1, 4 + 2, 1]
    found = wanted + np.array([[[1.0], [0], [0], [0], [0], [0.05]]])

    assert script.difference("merged", found, wanted) == pytest.approx(0.1)  # 0.05 of 0.5
    assert script.difference("raw", found, wanted) == pytest.approx(0.01)  # 1 of 100
    assert script.difference("merged", found[:, :5], wanted) == float("inf")


def test_suppressed_boxes_may_stand_in_any_order_and_go_if_a_better_one_overlaps(script):
    first, other = [0, 1.0, 1, 9, 9, 1, 0.8], [0, 1, 1, 9, 9, 0, 0.5]  # of two classes
    under = [0, 1.0, 1, 9, 10, 1, 0.7]  # 64 of 72 parts of it are those of the first
    rows = np.array([first, other, under])

    assert script.difference("nms", np.array([other, first]), rows) == 0
    assert script.difference("nms", rows, rows) == float("inf")  # both of class 1 stay
    assert script.difference("nms", np.array([first]), rows) == float("inf")  # class 0 is gone
    assert script.difference("nms", np.array([other, under]), rows) == float("inf")  # the weaker
    near = np.array([other, [*first[:6], 0.78]])
    assert script.difference("nms", near, rows) == pytest.approx(0.025)  # 0.02 of 0.8
    assert script.difference("nms", np.zeros(0), rows[:0]) == 0


def test_of_boxes_whose_scores_are_level_either_may_stay(script):
    rows = np.array([[0, 1.0, 1, 9, 9, 0, 0.5], [0, 1, 1, 9, 10, 0, 0.5000001]])

    assert script.difference("nms", rows[:1], rows) == script.difference("nms", rows[1:], rows) == 0
