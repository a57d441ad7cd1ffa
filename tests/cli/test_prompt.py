"""What the prompt says, and which paths it gets, from a file and from elsewhere."""

from __future__ import annotations

import io
import os
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from pydarknet.cli.prompt import TEXT, Prompt

LINES = "\na.png\n\n \nb.png\nb.png\n\n"
SAID = 2 + 3 + 1 + 2  # before a.png, b.png and b.png again, and after them


@pytest.fixture
def file(tmp_path: Path, monkeypatch):
    """Return a function that lets a file of some lines be stdin."""

    with ExitStack() as opened:

        def open_file(text: str) -> Prompt:
            (tmp_path / "list.txt").write_text(text)
            stdin = opened.enter_context((tmp_path / "list.txt").open())
            monkeypatch.setattr(sys, "stdin", stdin)
            return Prompt()

        yield open_file


@pytest.fixture
def pipe(monkeypatch) -> Prompt:
    """Return the prompt of a stdin that is no file."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(LINES))
    return Prompt()


def test_lines_come_one_by_one_where_others_may_wait(pipe, capfd):
    assert not pipe.knows_all

    paths = pipe.paths()

    assert next(paths) == "a.png"
    assert capfd.readouterr().out == 2 * TEXT
    assert list(paths) == ["b.png", "b.png"]
    assert capfd.readouterr().out == (SAID - 2) * TEXT


def test_all_lines_of_a_file_are_known(file, capfd):
    prompt = file(LINES)

    assert prompt.knows_all
    assert list(prompt.paths_that_wait()) == ["a.png", "b.png", "b.png"]
    assert capfd.readouterr().out == ""


def test_what_is_said_for_a_file_is_the_same(file, capfd):
    prompt = file(LINES)

    counts = []
    for _ in range(4):
        prompt.ask()
        counts.append(capfd.readouterr().out.count(TEXT))

    assert counts == [2, 3, 1, 2]
    assert sum(counts) == SAID


@pytest.fixture
def writer(monkeypatch):
    """Let a pipe be stdin, and return the file number that writes into it."""
    read, write = os.pipe()
    with open(read) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield write


def test_all_lines_of_a_pipe_whose_writer_has_ended_are_known(writer, capfd):
    os.write(writer, LINES.encode())
    os.close(writer)
    prompt = Prompt()

    assert prompt.knows_all
    assert list(prompt.paths_that_wait()) == ["a.png", "b.png", "b.png"]
    prompt.ask()
    assert capfd.readouterr().out == 2 * TEXT


def test_a_pipe_whose_writer_may_wait_is_answered_line_by_line(writer):
    os.write(writer, b"a.png\nb.p")
    prompt = Prompt()

    assert not prompt.knows_all
    paths = prompt.paths()
    assert next(paths) == "a.png"
    os.write(writer, b"ng\n")
    assert next(paths) == "b.png"
    os.write(writer, "\u00e9.png\n".encode())
    assert next(paths) == "\u00e9.png"
    os.close(writer)
    assert list(paths) == []


@pytest.mark.parametrize(("line", "known"), [("a.mp4", False), ("a.mp4.png", True), ("", True)])
def test_a_file_that_names_a_film_is_read_line_by_line(file, line, known):
    prompt = file(f"a.png\n{line}\n")

    assert prompt.knows_all is known
    assert list(prompt.paths()) == ["a.png", line][: 1 + bool(line)]


def test_an_empty_file_asks_once(file, capfd):
    prompt = file("")

    assert prompt.knows_all
    assert list(prompt.paths_that_wait()) == []
    prompt.ask()
    assert capfd.readouterr().out == TEXT


def test_no_stdin_at_all_is_no_file(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)

    assert not Prompt().knows_all
