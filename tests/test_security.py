"""docs/SECURITY.md names tests that exist, and counts the faults that they inject."""

from __future__ import annotations

import importlib
import re
from math import prod

import pytest
from conftest import HERE

TEXT = (HERE.parent / "docs" / "SECURITY.md").read_text()
ROW = re.compile(r"^\| (.+) \| (\d+) \| (\d+) \| (\d+) \| `tests/(\S+)\.py` (.+) \|$", re.MULTILINE)
ROWS = ROW.findall(TEXT)


def injected(module: str, test: str) -> int:
    """Return how many faults a test injects: one in each of its cases, unless it is marked."""
    function = getattr(importlib.import_module(module), test)
    marks = getattr(function, "pytestmark", [])
    cases = prod(len(mark.args[1]) for mark in marks if mark.name == "parametrize")
    return cases * sum(mark.args[0] for mark in marks if mark.name == "faults") or cases


@pytest.mark.parametrize("row", ROWS, ids=[fault for fault, *_ in ROWS])
def test_faults_are_as_many_as_their_tests_inject(row):
    _, told, survived, lost, path, tests = row

    count = sum(
        injected(path.replace("/", "."), name) for name in re.findall(r"`(test_\w+)`", tests)
    )

    # a test that passes has seen that all are survived, and that nothing is lost
    assert (int(told), int(survived), int(lost)) == (count, count, 0)


def test_every_fault_of_the_table_is_counted():
    table = TEXT.partition("| fault | injected |")[2].partition("\n\n")[0]

    assert len(ROWS) == table.count("\n") - 1 > 10


def test_a_test_injects_a_fault_a_case_unless_its_mark_says_more():
    assert (
        injected(
            "faults.test_disk", "test_a_training_whose_disk_is_full_resumes_with_the_same_weights"
        )
        == 3
    )
    assert (
        injected(
            "faults.test_killed",
            "test_a_training_that_is_ended_anywhere_resumes_with_the_same_weights",
        )
        == 8
    )


def test_files_that_it_names_are_there():
    named = set(re.findall(r"`((?:tests|benchmarks)/\S+?)`", TEXT))

    assert {name for name in named if not (HERE.parent / name).exists()} == set()
    assert len(named) > 20
