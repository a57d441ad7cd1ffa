"""What goes wrong with one of several items: it is told, counted, and ends nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from ..errors import DarknetError
from .console import note, note_once
from .memory import memory_errors
from .text import one_line

UNREADABLE = "unreadable"
FAILED = "failed"


@dataclass
class Problems:
    """How many items of a command failed, by the word that says how, and what was told of them.

    What was told is the text, and that word.
    """

    failed: Counter[str] = field(default_factory=Counter)
    told: list[tuple[str, str]] = field(default_factory=list)


CURRENT: ContextVar[Problems | None] = ContextVar("problems", default=None)


@contextmanager
def count_problems() -> Iterator[Problems]:
    """Count the items that fail inside the block, apart from those outside."""
    problems = Problems()
    before = CURRENT.set(problems)
    try:
        yield problems
    finally:
        CURRENT.reset(before)


@contextmanager
def guard(item: str, how: str = FAILED) -> Iterator[None]:
    """Do something with one item; if that fails, say so in one line, count it and go on.

    An interrupt and a broken pipe pass: they end everything.

    Quirk: BATCH_GOES_ON
    """
    try:
        with memory_errors():
            yield
    except BrokenPipeError:
        raise
    except Exception as error:
        tell_failure(problem_of(item, error), how)


def tell_failure(text: str, how: str = FAILED) -> None:
    """Print what is wrong with an item, and count it; a command says the same words once."""
    if CURRENT.get() is None:
        note(text)
    else:
        count_failure(how, text)
        if text:
            note_once(text)


def count_failure(how: str = FAILED, text: str = "") -> None:
    """Count an item of the command that failed, of which enough is said elsewhere."""
    problems = CURRENT.get()
    if problems is not None:
        problems.failed[how] += 1
        problems.told.append((text, how))


def take_told() -> list[tuple[str, str]]:
    """Return what was told of items that failed since the last call, and how each is counted."""
    problems = CURRENT.get()
    if problems is None:
        return []
    told, problems.told = problems.told, []
    return told


def hand_over() -> None:
    """Count nothing of what failed so far: another process tells and counts it."""
    problems = CURRENT.get()
    if problems is not None:
        problems.failed.clear()


def failures() -> Counter[str]:
    """Return how many items have failed so far."""
    problems = CURRENT.get()
    return problems.failed if problems else Counter()


def problem_of(item: str, error: Exception) -> str:
    """Return the line that says which item failed, and why.

    A name of several lines, or with what moves back in one, is shown as one line.
    """
    text = str(error).strip().replace(item, one_line(item))
    item = one_line(item)
    if isinstance(error, DarknetError):
        return text if item in text else f"{item}: {text}"
    if isinstance(error, OSError) and error.strerror:
        return f"{item}: {error.strerror}"
    reason = text.splitlines()[0] if text else "no reason given"
    return f"{item}: {type(error).__name__}: {reason}"
