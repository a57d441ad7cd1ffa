"""Running another program: what it wrote, how it ended, and what is said of a bad one."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from pydarknet.compare.program import Output, Program, find_program
from pydarknet.errors import DataError, UsageError


@pytest.fixture
def script(tmp_path):
    """Return a function that makes a program of shell lines."""

    def make(*lines: str) -> Path:
        path = tmp_path / "program"
        path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
        path.chmod(0o755)
        return path

    return make


def test_what_it_writes_is_returned(script, tmp_path):
    output = Program(script("echo out $1", "echo err >&2", "exit 3"), 20).run(["word"], tmp_path)

    assert (output.stdout, output.stderr, output.status) == ("out word\n", "err\n", 3)
    assert output.ending == "it ended with status 3"
    assert output.last_words == "err"


def test_a_crash_is_named(script, tmp_path):
    output = Program(script("kill -SEGV $$"), 20).run([], tmp_path)

    assert output.ending == "it was ended by SIGSEGV"
    assert output.last_words == ""


def test_it_reads_an_empty_input(script, tmp_path):
    assert Program(script("cat; echo end"), 20).run([], tmp_path).stdout == "end\n"


def test_one_that_takes_too_long_is_ended_with_what_it_started(script, tmp_path):
    program = Program(script("sleep 77 & echo $! > child", "wait"), 0.3)

    with pytest.raises(DataError, match=r"program: took more than 0.3 seconds"):
        program.run([], tmp_path)

    child = int((tmp_path / "child").read_text())
    for _ in range(100):
        if not is_running(child):
            return
        time.sleep(0.02)
    pytest.fail("the program's own child goes on")


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


def test_no_program_cannot_be_started(tmp_path):
    path = tmp_path / "text"
    path.write_bytes(b"\x7fELF no program")
    path.chmod(0o755)

    with pytest.raises(DataError, match=r"text: cannot be started: Exec format error"):
        Program(path, 20).run([], tmp_path)


@pytest.mark.parametrize(
    ("stdout", "stderr", "shown"),
    [
        ("a\nb\n\n", " \n", "b"),
        ("a\n", "b\nc\n", "c"),
        (
            "* Error message: \x1b[1;31mno\x1b[0m\n1/1: fatal_error(x)\n",
            "b\n",
            "* Error message: no",
        ),
        ("", "", ""),
    ],
)
def test_the_last_error_or_line_is_shown(stdout, stderr, shown):
    assert Output(stdout, stderr, 0).last_words == shown


def test_a_program_is_found_in_a_folder_or_as_a_command(script, tmp_path, monkeypatch):
    path = script("echo")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    assert find_program(str(path)) == path
    assert find_program("./program") == path
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert find_program("program") == path


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("missing", "-darknet missing: does not exist: expected a Darknet program"),
        (
            "plain",
            "-darknet plain: is not executable: expected a program\n    hint: chmod +x plain",
        ),
        ("home", "-darknet home: is a folder: expected a program\n    hint: -darknet home/darknet"),
        ("empty", "-darknet empty: is a folder: expected a program"),
    ],
)
def test_a_bad_program_is_named(name, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("plain").write_text("")
    Path("home").mkdir()
    Path("home/darknet").write_text("")
    Path("empty").mkdir()

    with pytest.raises(UsageError) as error:
        find_program(name)

    assert str(error.value) == told
