"""The inputs that fuzzing found, and those that it began with: none is a fault any more."""

from __future__ import annotations

import sys
import time

import pytest
from fuzz.run import (
    CONSTANT,
    TARGETS,
    TIMES,
    import_atheris,
    inputs_of,
    repeat,
    stretched,
    stretching,
    within_limits,
)


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of a decoder that reads damage
def test_the_corpus_of_a_target_ends_well(name: str) -> None:
    assert repeat(name) == len(list(inputs_of(name))) > 1


def test_a_fault_is_any_error_but_those_that_users_can_act_on() -> None:
    with pytest.raises(ZeroDivisionError):
        within_limits(lambda content: 1 // len(content))(b"")


def test_an_input_that_takes_too_long_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter([0.0, 7.5])
    monkeypatch.setattr(time, "process_time", lambda: next(seconds))

    with pytest.raises(AssertionError, match=r"7\.5 s for 3 bytes"):
        within_limits(lambda content: None)(b"abc")


def test_an_input_that_takes_too_much_memory_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    bytes_taken = iter([0, CONSTANT + 3 * TIMES, 0, CONSTANT + 3 * TIMES - 1])
    monkeypatch.setattr("fuzz.run.peak", lambda: next(bytes_taken))
    check = within_limits(lambda content: None)

    with pytest.raises(AssertionError, match="bytes for 3"):
        check(b"abc")
    check(b"abc")


def test_what_an_input_asks_for_may_take_more(monkeypatch: pytest.MonkeyPatch) -> None:
    bytes_taken = iter([0, CONSTANT + 3 * TIMES + 5, 0, CONSTANT + 3 * TIMES + 4])
    monkeypatch.setattr("fuzz.run.peak", lambda: next(bytes_taken))
    check = within_limits(lambda content: None, lambda content: 5 * content.count(b"["))

    with pytest.raises(AssertionError, match="bytes for 3"):
        check(b"[bc")
    check(b"[bc")


def test_one_input_of_a_thousand_is_looked_at_with_a_piece_many_times_over() -> None:
    seen: list[bytes] = []
    check = stretching(seen.append)

    for number in range(10_000):
        check(b"%d" % number)

    long = [content for content in seen if len(content) > 10_000]
    assert 2 < len(long) < 30
    assert all(stretched(seen[seen.index(content) - 1]) == content for content in long)
    assert len(seen) == 10_000 + len(long)


def test_without_atheris_a_line_says_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "atheris", None)

    with pytest.raises(SystemExit, match=r"pip install '\.\[fuzz\]'$"):
        import_atheris()
