"""Findings and their order."""

from pathlib import Path

import pytest

from pydarknet.checks.finding import LOOK, WRONG, findings_at, findings_of, state_of


@pytest.mark.parametrize(("count", "state"), [(1, LOOK), (2, WRONG)])
def test_one_in_a_hundred_is_stray(count, state):
    assert state_of(count, 100) == state


@pytest.mark.parametrize(
    ("places", "text"), [(["a"], "1 box is"), (["a"] * 1200, "1,200 boxes are")]
)
def test_the_text_says_how_many(places, text):
    [one] = findings_at("boxes", "[box is|boxes are]", "", places)

    assert one.text == text


def test_the_worst_is_first(survey):
    Path("a.txt").write_text("5 .5 .5 .2 .2\n")
    Path("valid.txt").write_text("a.png\n")

    states = [one.state for one in findings_of(survey())]

    assert states == sorted(states, key=[WRONG, LOOK].index)
    assert {*states} == {WRONG, LOOK}
