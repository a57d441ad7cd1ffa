"""What a training tells about its data, and what it only counts."""

from __future__ import annotations

from pydarknet.dataset.bad_list import Problem
from pydarknet.training.data_problems import MOST, REST, DataProblems


def problems_of(labels: int) -> list[Problem]:
    """Return as many problems of labels."""
    return [Problem(f"a.txt:{i}: bad", counted="lines") for i in range(labels)]


def test_problems_of_labels_do_not_flood_and_are_counted():
    problems = DataProblems()

    told = list(problems.new([*problems_of(MOST + 5), Problem("no image")]))

    assert told == [f"a.txt:{i}: bad" for i in range(MOST)] + [REST, "no image"]
    assert problems.summary() == f"lines: {MOST + 5}"


def test_a_problem_is_told_and_counted_once():
    problems = DataProblems()

    assert len(list(problems.new(problems_of(2)))) == 2
    assert list(problems.new(problems_of(2))) == []
    assert problems.summary() == "lines: 2"


def test_of_a_kind_one_is_told():
    problems = DataProblems()

    told = list(
        problems.new([Problem("one", kind="test of a kind"), Problem("two", kind="test of a kind")])
    )

    assert told == ["one"]
    assert problems.summary() == ""
