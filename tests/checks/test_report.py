"""The screen and the JSON of a survey."""

import json
from pathlib import Path

import pytest

from pydarknet.checks import findings_of
from pydarknet.checks.of_anchors import Fit
from pydarknet.checks.report import as_json, places_text, report, sizes_text


def test_the_screen_says_what_there_is_and_what_is_wrong(survey):
    Path("a.txt").write_text("0 .5 .5 .2 .2\n7 .5 .5 .3 .2\n")
    Path("b.txt").unlink()
    found = survey(cfg=False)

    lines = list(report(found, findings_of(found)))

    assert lines[:5] == [
        "train: train.txt: 4 images, 40x30, 0 without a box, 1 without a label file",
        "valid: valid.txt: 2 images, 40x30, 0 without a box, 0 without a label file",
        "boxes: 9: cat 5, dog 4; 1 line left out",
        "wrong classes   1 box is of class 7: expected 0 to 1: left out",
        "                a.txt:2 -> correct the ids, or classes= in the .data file and the cfg,"
        " filters= and the names",
    ]
    assert lines[-1].startswith("training would go wrong: classes; ")


def test_the_line_of_a_cfg(survey):
    [line] = [line for line in report(survey(), []) if line.startswith("cfg: ")]

    assert line.startswith("cfg: my.cfg: 64x64, dialect alexeyab, batch 64/16, 6,000 batches, ")
    assert "each image 96,000 times" in line  # 6000 * 64 / 4


@pytest.mark.parametrize(
    ("possible", "said"), [(True, "84%"), (False, "84%, which do not suit the heads")]
)
def test_the_line_of_a_cfg_says_how_well_calculated_anchors_fit(
    survey, monkeypatch, possible, said
):
    fit = Fit(given=0.75, calculated=0.84, anchors="", possible=possible)
    monkeypatch.setattr("pydarknet.checks.report.fit_of", lambda survey: fit)

    [line] = [line for line in report(survey(), []) if line.startswith("cfg: ")]

    assert f"anchors fit 75% (calc_anchors: {said})," in line


def test_places_are_told_whole_as_many_as_there_is_room_for():
    long = [f"{'deep/' * 12}{name}.txt:1" for name in "abc"]  # 67 letters each

    assert places_text(("a.txt:1",)) == "a.txt:1"
    assert places_text(tuple("abcd")) == "a, b, c ..."
    assert places_text(tuple(long)) == f"{long[0]}, {long[1]} ..."
    assert len(places_text(("deep/" * 100, "b"))) < 170


def test_json_has_all_places(survey):
    for name in "abcd":
        Path(f"{name}.txt").write_text("7 .5 .5 .3 .2\n")
    found = survey()

    said = json.loads(as_json(found, findings_of(found)))

    assert said["ok"] is False
    assert said["lists"]["train"]["boxes_per_class"] == [0, 0]
    places = next(one["places"] for one in said["findings"] if one["thing"] == "classes")
    assert places == ["a.txt:1", "b.txt:1", "c.txt:1", "d.txt:1"]


def test_sizes_are_told_by_their_least_middle_and_largest():
    assert sizes_text([(9, 9), (4, 2), (5, 5)]) == "4x2 to 9x9 (median 5x5)"
    assert sizes_text([(9, 9), (9, 9)]) == "9x9"
