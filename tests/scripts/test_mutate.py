"""Tests run on each mutant: what they kill, what lives, what never ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from conftest import SCRIPTS

DECORATED = """
def more(by):
    return lambda function: lambda number: function(number) + by
def twice(function):
    return lambda number: 2 * function(number)

@more(1)  # of any
@twice
def half(number):
    return number / 2  # of it

four = half(3)
"""

MUTATED = """
import os
from mutmut.mutation import trampoline

def half(number):
    mutant = os.environ["MUTANT_UNDER_TEST"]
    if mutant == "stats":
        trampoline.record_trampoline_hit("a.x_half")
    if mutant == "a.x_half__mutmut_1":
        return number * 2
    while mutant == "a.x_half__mutmut_2":
        pass
    return number / 2
"""
TESTS = """
from ctypes import cdll as libraries  # whose attributes are files
from functools import cache
from a import half

kept = cache(half)

def test_half():
    assert kept(6) == 3

def test_nothing():
    pass
"""
RUN = """
import sys, pytest, mutate
from pathlib import Path
mutate.FOLDER, mutate.PATIENCE = Path.cwd(), 0.1
plugin = mutate.Mutants([Path("a.py")], again=True)
pytest.main(["-q", "-n", "0", "-p", "no:cacheprovider", "test_a.py"], plugins=[plugin])
"""


def test_functions_are_decorated_below_themselves(module):
    undecorated = module("mutate").undecorated(DECORATED)

    assert "@" not in undecorated
    assert "    return number / 2  # of it\nhalf = more(1)(twice(half))\n" in undecorated
    exec(undecorated, names := {})
    assert (names["four"], names["half"](5)) == (4, 6)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that fork")
def test_mutants_that_lived_run_again(tmp_path):
    fake = tmp_path / "mutmut" / "mutation"
    fake.mkdir(parents=True)
    (fake / "trampoline.py").write_text("")
    (tmp_path / "a.py").write_text(MUTATED)
    (tmp_path / "test_a.py").write_text(TESTS)
    before = {"half__mutmut_1": 0, "half__mutmut_2": None, "half__mutmut_3": None}
    before |= {"half__mutmut_4": 1, "third__mutmut_1": 33}
    record = tmp_path / "a.py.meta"
    record.write_text(json.dumps({"exit_code_by_key": {f"a.x_{k}": v for k, v in before.items()}}))

    subprocess.run(
        [sys.executable, "-c", RUN],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{tmp_path}:{SCRIPTS}"},
        check=True,
        capture_output=True,
    )

    codes = json.loads(record.read_text())["exit_code_by_key"]
    # killed, ended after its time, alive; the fourth was killed before, the last has no test
    assert list(codes.values()) == [1, 36, 0, 1, 33]
