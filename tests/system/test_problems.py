"""What goes wrong with one of several items is told and counted, and the rest goes on."""

from __future__ import annotations

import errno
import os

import pytest

from pydarknet.errors import DataError
from pydarknet.system.problems import (
    count_failure,
    count_problems,
    guard,
    problem_of,
    tell_failure,
)


def test_an_item_that_fails_is_told_counted_and_the_next_is_done(capsys):
    done = []

    with count_problems() as problems:
        for item in ("a", "b", "c"):
            with guard(item, "unreadable"):
                if item == "b":
                    raise DataError("is no image", where=item)
                done.append(item)

    assert done == ["a", "c"]
    assert problems.failed == {"unreadable": 1}
    assert capsys.readouterr().err == "b: is no image\n"


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, BrokenPipeError])
def test_what_ends_the_program_passes(kind):
    with pytest.raises(kind), guard("a"):
        raise kind


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "a.png: No space left on device"),
        (DataError("is no image", where="a.png"), "a.png: is no image"),
        (DataError("no display"), "a.png: no display"),
        (ValueError("embedded null byte\nmore"), "a.png: ValueError: embedded null byte"),
        (ZeroDivisionError(), "a.png: ZeroDivisionError: no reason given"),
    ],
)
def test_a_problem_is_one_line_that_names_the_item(error, told):
    assert problem_of("a.png", error) == told


def test_a_lack_of_memory_is_said_in_its_words(capsys):
    with guard("a.png"):
        raise MemoryError

    assert capsys.readouterr().err.startswith("a.png: out of memory")


def test_the_same_words_are_printed_once_and_counted_each_time(capsys):
    with count_problems() as problems:
        tell_failure("predictions.jpg: full")
        tell_failure("predictions.jpg: full")

    assert problems.failed == {"failed": 2}
    assert capsys.readouterr().err == "predictions.jpg: full\n"


def test_outside_of_a_command_each_failure_is_told(capsys):
    tell_failure("a: bad")
    tell_failure("a: bad")

    assert capsys.readouterr().err == "a: bad\n" * 2


def test_problems_inside_are_counted_apart():
    with count_problems() as outer:
        with count_problems() as inner:
            tell_failure("a: bad")
        tell_failure("b: bad")

    assert (inner.failed.total(), outer.failed.total()) == (1, 1)


def test_a_name_of_several_lines_is_shown_as_one():
    name = "a\n\x1b[31mb\r\u202e.png"

    assert problem_of(name, DataError("is no image", where=name)) == "a??[31mb??.png: is no image"
    told = "a??[31mb??.png: No space left"
    assert problem_of(name, OSError(errno.ENOSPC, "No space left")) == told


def test_a_failure_of_which_enough_is_said_is_counted_in_silence(capsys):
    count_failure()
    with count_problems() as problems:
        count_failure()

    assert problems.failed.total() == 1
    assert capsys.readouterr().err == ""
