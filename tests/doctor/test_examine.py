from __future__ import annotations

import json

import pytest

from pydarknet.doctor import examine
from pydarknet.doctor.examine import as_json, report
from pydarknet.doctor.finding import BAD, GOOD, MORE, Finding
from pydarknet.doctor.probe import Answer, Probe

GOODS = [Finding("python", GOOD, "3.13"), Finding("memory", GOOD, "8.0 GiB")]
MORES = [Finding("av", MORE, "is not installed", "pip install av")]
BADS = [Finding("torch", BAD, "crashes", "pip install torch"), Finding("torch", BAD, "is old")]


def test_what_must_be_mended_is_told_last_with_its_command() -> None:
    assert report([*BADS, *MORES, *GOODS]) == [
        "ok    python      3.13",
        "ok    memory      8.0 GiB",
        "more  av          is not installed\n                  $ pip install av",
        "bad   torch       crashes\n                  $ pip install torch",
        "bad   torch       is old",
        "2 things must be mended: torch",
    ]


def test_the_verdict_of_what_works() -> None:
    assert report(GOODS)[-1] == "all that finding boxes needs is here"
    more = "all that finding boxes needs is here; 1 thing could be better"
    assert report([*MORES, *GOODS])[-1] == more


def test_json_says_the_same() -> None:
    said = json.loads(as_json([*MORES, *BADS]))

    assert said["ok"] is False
    assert said["findings"][0] == {
        "thing": "av",
        "state": "more",
        "text": "is not installed",
        "mend": "pip install av",
    }
    assert json.loads(as_json(MORES))["ok"] is True


def test_whatever_is_broken_everything_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*given: object) -> None:
        raise RuntimeError("broken")

    for name in vars(examine).copy():
        if name.startswith("look_at_"):
            monkeypatch.setattr(examine, name, broken)
    monkeypatch.setattr(examine, "start_probe", lambda name: Probe(None, "no process"))

    found = examine.examine()

    assert len(found) == 13
    assert {one.text for one in found} == {"cannot be looked at: RuntimeError: broken"}
    assert {one.thing for one in found if one.state == BAD} == {
        "python",
        "numpy",
        "torch",
        "opencv",
    }


def test_answers_that_are_not_what_was_asked_are_no_traceback(monkeypatch) -> None:
    class Strange:
        def answer(self) -> Answer:
            return Answer({"version": None})

    monkeypatch.setattr(examine, "start_probe", lambda name: Strange())

    found = examine.examine()

    assert {"torch", "opencv"} <= {one.thing for one in found if one.state == BAD}
