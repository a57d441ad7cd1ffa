"""Results go to stdout, notes to stderr, whatever their letters are and wherever that is."""

from __future__ import annotations

import io
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from pydarknet.errors import DataError
from pydarknet.system.console import (
    first,
    forget_notes,
    is_told,
    note,
    note_once,
    record_told,
    say,
    say_bytes,
    tell_again,
    without_notes,
)


class Screen(io.TextIOWrapper):
    """A stream that says whether it is a terminal, and keeps what is written."""

    def __init__(self, encoding: str = "utf-8", errors: str = "strict", tty: bool = False) -> None:
        super().__init__(io.BytesIO(), encoding=encoding, errors=errors, newline="")
        self.tty = tty

    def isatty(self) -> bool:
        return self.tty

    def content(self) -> bytes:
        return self.buffer.getvalue()


@pytest.fixture
def out(monkeypatch):
    """Return a function that makes stdout and stderr a screen."""

    def make(**options) -> Screen:
        screen = Screen(**options)
        monkeypatch.setattr(sys, "stdout", screen)
        monkeypatch.setattr(sys, "stderr", screen)
        return screen

    return make


def test_a_result_is_a_line_of_stdout(capsys):
    say("one")
    say("two", end="")

    assert tuple(capsys.readouterr()) == ("one\ntwo", "")


def test_a_note_is_a_line_of_stderr(capsys):
    note("one")
    note("two", end="")

    assert tuple(capsys.readouterr()) == ("", "one\ntwo")


def test_a_note_begins_a_line_unless_it_continues_one(capsys):
    note("\r4", end="", continues=True)
    note("\r8", end="", continues=True)
    note("a.txt: damaged")
    note("Loading...", end="")
    note("Done!", continues=True)

    assert capsys.readouterr().err == "\r4\r8\na.txt: damaged\nLoading...Done!\n"


def test_bytes_go_out_as_they_are_behind_the_text_before(capfdbinary):
    say("one")
    say_bytes(b"\xff\n")

    assert capfdbinary.readouterr().out == b"one\n\xff\n"


@pytest.mark.parametrize("write", [say, note])
@pytest.mark.parametrize(
    ("encoding", "errors"),
    [("utf-8", "strict"), ("ascii", "strict"), ("ascii", "backslashreplace")],
)
def test_a_pipe_gets_the_bytes_of_a_name_as_they_are(out, write, encoding, errors):
    screen = out(encoding=encoding, errors=errors)

    write("caf\udce9 \u00e9")

    assert screen.content() == b"caf\xe9 \xc3\xa9\n"


def test_a_surrogate_that_stands_for_no_byte_becomes_a_question_mark(out):
    screen = out()

    say("a\ud800b")

    assert screen.content() == b"a?b\n"


@pytest.mark.parametrize("write", [say, note])
@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("utf-8", b"?[2J?]0;x? caf? \xc3\xa9\n"), ("ascii", b"?[2J?]0;x? caf? ?\n")],
)
def test_a_terminal_is_not_steered_by_what_files_say(out, write, encoding, shown):
    screen = out(encoding=encoding, tty=True)

    write("\x1b[2J\x1b]0;x\x07 caf\udce9 \u00e9")

    assert screen.content() == shown


def test_our_own_text_steers_a_terminal(out):
    screen = out(tty=True)

    say("\033[H", steering=True)

    assert screen.content() == b"\033[H\n"


def test_text_without_a_stream_of_bytes_behind_it_is_still_written(monkeypatch):
    page = io.StringIO()
    monkeypatch.setattr(sys, "stdout", page)

    say("caf\udce9")

    assert page.getvalue() == "caf?\n"


def test_a_very_long_line_of_a_note_is_cut_in_its_middle(capsys):
    note("begin " + "a" * 10**6 + " end\nsecond")

    [first, second, _] = capsys.readouterr().err.split("\n")
    # 500 signs: 370, five of them " ... ", 125
    assert first == "begin " + "a" * 364 + " ... " + "a" * 121 + " end"
    assert second == "second"


def test_without_stdout_and_stderr_nothing_is_said(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)

    say("one")
    note("two")
    say_bytes(b"three")


@pytest.mark.parametrize("write", [lambda: say("x"), lambda: say_bytes(b"x")])
def test_a_full_disk_behind_stdout_is_told_in_a_line(monkeypatch, write):
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)

        with pytest.raises(DataError) as error:
            write()

    assert str(error.value) == "stdout: cannot be written: No space left on device"


def test_a_full_disk_behind_stderr_ends_nothing(monkeypatch):
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stderr", full)

        note("x")


def test_a_note_is_written_once_per_run(capsys):
    note_once("a.jpg is turned", "exif")
    note_once("b.jpg is turned", "exif")
    note_once("c.jpg ends early")
    forget_notes()
    note_once("d.jpg is turned", "exif")

    assert capsys.readouterr().err == "a.jpg is turned\nc.jpg ends early\nd.jpg is turned\n"


def test_one_thread_alone_is_the_first():
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: first("exif"), range(64))) == 1


def test_a_note_steers_no_terminal_that_reads_it_later(capsys):
    note("no\x1b]0;owned\x07 file")

    assert capsys.readouterr().err == "no?]0;owned? file\n"


def test_no_note_of_what_is_read_twice_is_written_or_kept_at_the_first_time(capfd) -> None:
    with record_told() as told, without_notes():
        note("a")
        note_once("b")
        say("c")
    note_once("b")

    assert capfd.readouterr() == ("c\n", "b\n")
    assert [one[1] for one in told] == ["c"]


def test_what_is_told_can_be_told_again(capfd: pytest.CaptureFixture[str]) -> None:
    with record_told() as told:
        note("Loading weights from a.weights...", end="")
        note("Done!", continues=True)
        say("found", end="\n\n")
    first = capfd.readouterr()

    tell_again(told)

    assert capfd.readouterr() == first
    assert first.err == "Loading weights from a.weights...Done!\n"
    assert first.out == "found\n\n"


def test_what_is_told_once_is_told_once_again(capfd: pytest.CaptureFixture[str]) -> None:
    note_once("a.cfg:1: an unseen character", "unseen")
    with record_told() as told:
        note_once("b.cfg:7: an unseen character", "unseen")
    assert capfd.readouterr().err == "a.cfg:1: an unseen character\n"

    forget_notes()
    tell_again(told)
    note_once("c.cfg:9: an unseen character", "unseen")

    assert capfd.readouterr().err == "b.cfg:7: an unseen character\n"


@pytest.mark.parametrize(
    ("said", "is_one"),
    [
        ([], True),
        ([["say", "x", {"end": "", "steering": True}]], True),
        (5, False),
        ([5], False),
        ([["say", "x"]], False),
        ([["shout", "x", {}]], False),
        ([["say", 5, {}]], False),
        ([["say", "x", {"end": 5}]], False),
        ([["say", "x", {"file": "x"}]], False),
    ],
)
def test_what_was_told_is_known_from_anything_else(said: object, is_one: bool) -> None:
    assert is_told(said) is is_one
