"""Packages are asked by processes, of which one may crash, hang or say nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pydarknet.doctor import probe
from pydarknet.doctor.probe import Answer, Probe, last_line, start_probe


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return a function that asks a module of this code, in the place of one of ours."""
    (tmp_path / "standins").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(probe, "__package__", "standins")

    def ask(code: str, patience: float = 60) -> Answer:
        (tmp_path / "standins" / "of_test.py").write_text(code)
        return start_probe("of_test").answer(patience)

    return ask


def test_a_probe_answers_whatever_else_is_printed(asked) -> None:
    code = "import os\nos.write(1, b'a library talks')\ndef look(): return {'version': '1'}"

    assert asked(code) == Answer({"version": "1"})


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("import no_such_package", "ModuleNotFoundError: No module named 'no_such_package'"),
        ("raise ImportError('libGL.so.1: no\\n  such file')", "ImportError: libGL.so.1: no"),
        ("import os; os.abort()", "crashes (SIGABRT)"),
        ("import os; os._exit(0)", "gives no answer"),
        ("def look(): return 3", "gives no answer"),
        ("def look(): raise SystemExit('stopped')", "stopped"),
    ],
)
def test_what_goes_wrong_is_one_line(asked, code, problem) -> None:
    assert asked(code) == Answer({}, problem)


def test_a_probe_that_hangs_is_ended(asked) -> None:
    answer = asked("import time; time.sleep(60)", patience=0.5)

    assert answer == Answer({}, "gives no answer in 0.5 s")


def test_without_processes_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")

    answer = start_probe("of_extras").answer()

    assert answer.problem.startswith("no process can be started: ")
    assert Probe(None, "x").answer() == Answer({}, "x")


def test_the_line_that_says_most_is_the_last_that_is_not_indented() -> None:
    assert last_line(b"Traceback:\n  File x\nImportError: a\n  hint\n") == "ImportError: a"
    assert last_line(b"") == "fails without a word"


def test_in_a_folder_that_was_removed_a_probe_has_another(asked, tmp_path, monkeypatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()

    assert asked("import os\ndef look(): return {'here': os.getcwd()}") == Answer({"here": "/"})
