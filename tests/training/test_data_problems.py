"""What a training tells about its data, and what it only counts."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from together import together

from pydarknet.dataset.bad_list import Problem
from pydarknet.ranks.ranks import ALONE
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


@pytest.mark.parametrize(("listed", "lines"), [(True, ["b.png", "c.png"]), (False, [])])
def test_the_first_process_lists_what_all_met_once(tmp_path, monkeypatch, listed, lines):
    monkeypatch.chdir(tmp_path)
    a, b, c = (Problem(f"no {name}", "bad.list", name) for name in ("a.png", "b.png", "c.png"))
    samples = SimpleNamespace(listed=listed)

    def work(ranks):
        return DataProblems({a}).of_all([[a, b], [b, c]][ranks.rank], ranks, samples)

    assert together(2, work) == [[a, b, c]] * 2
    file = tmp_path / "bad.list"
    assert (file.read_text().split() if file.exists() else []) == lines


def test_a_process_that_is_alone_keeps_its_problems():
    own, samples = problems_of(1), SimpleNamespace(listed=True)

    assert DataProblems().of_all(own, ALONE, samples) == own
