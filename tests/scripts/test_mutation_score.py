"""The score of mutants: what is killed, what is equal, what is left."""

from __future__ import annotations

import json
import re
import sys

import pytest
from conftest import HERE

MUTATED = """
def x_half__mutmut_orig(number, way=1):
    return number / 2
def x_half__mutmut_1(number, way=1):
    return number * 2
def x_half__mutmut_2(number, way=1):
    return number / 3
def x_half__mutmut_3(number, way=1):
    return +number / 2
def x_half__mutmut_4(number, way=2):
    return number / 2
"""


@pytest.fixture
def score(tmp_path, module, monkeypatch, capsys):
    """Return a function of the tests' exit codes to what the script prints."""
    made = tmp_path / "mutants" / "pydarknet" / "a.py"
    made.parent.mkdir(parents=True)
    made.write_text(MUTATED)
    equal = tmp_path / "equal.txt"
    equal.write_text("# module | old | new | why\n* | `number /` | `+number /` | plus is nothing\n")
    main = module("mutation_score").main

    def run(*codes, words=()):
        keys = {f"pydarknet.a.x_half__mutmut_{n}": code for n, code in enumerate(codes, start=1)}
        made.with_name("a.py.meta").write_text(json.dumps({"exit_code_by_key": keys}))
        folders = ["--mutants", str(tmp_path / "mutants"), "--equivalent", str(equal)]
        monkeypatch.setattr(sys, "argv", ["mutation_score.py", *folders, *words])
        main()
        return capsys.readouterr().out.split("\n")[1:-1]

    return run


@pytest.mark.parametrize(
    ("codes", "figures"),
    [
        ((1, 1, 1, 1), ["4", "0", "0", "0", "100.0", "%"]),
        ((1, 1, 0, 1), ["4", "1", "0", "0", "100.0", "%"]),  # + is equal, and does not count
        ((0, 1, 0, 1), ["4", "1", "1", "0", "66.7", "%"]),  # two of three
        ((33, 1, 0, 36), ["4", "1", "1", "0", "66.7", "%"]),  # no test; 36 took too long
        ((1, 0, None, None), ["4", "0", "1", "2", "50.0", "%"]),
        ((None,) * 4, ["4", "0", "0", "4", "-"]),
    ],
)
def test_a_module_has_the_share_of_mutants_that_tests_kill(score, codes, figures):
    [line] = score(*codes)

    assert line.split() == ["pydarknet/a.py", *figures]


def test_mutants_that_live_are_shown_by_the_lines_that_differ(score):
    assert score(0, 1, 0, 0, words=["--left"])[1:] == [
        "  x_half__mutmut_1",
        "    - return number / 2",
        "    + return number * 2",
        "  x_half__mutmut_4",
        "    - number, way=1",
        "    + number, way=2",
    ]


ROW = re.compile(r"^\| `(\S+)` \| (\d+) \| (\d+) \| (\d+) \| (\S+) % \|$", re.MULTILINE)
ROWS = ROW.findall((HERE.parent / "docs" / "MUTANTS.md").read_text())


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_score_of_the_table_is_that_of_its_numbers(row):
    name, *counts, score = row
    made, equivalent, alive = map(int, counts)

    assert (HERE.parent / "pydarknet" / name).is_file()
    assert score == f"{100 * (1 - alive / (made - equivalent)):.1f}"
