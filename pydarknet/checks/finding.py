"""What a check finds: how bad it is, in words, where, and what mends it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .survey import Survey

WRONG: Final = "wrong"  # the training stops, or learns something else than is meant
LOOK: Final = "look"  # it may be meant so
STATES: Final = (WRONG, LOOK)  # in the order in which they are told
CHOICE: Final = re.compile(r"\[([^|\]]*)\|([^\]]*)\]")  # of words for one or for several
STRAY: Final = 0.01  # of the labels or images: so few that are left out change no training


@dataclass(frozen=True)
class Finding:
    """What is found of a thing, what to do about it, and where: `a.txt:3`, `b.jpg`."""

    thing: str
    state: str
    text: str
    mend: str = ""
    places: tuple[str, ...] = ()


Check = Callable[["Survey"], Iterable[Finding]]
CHECKS: Final[list[Check]] = []


def check(function: Check) -> Check:
    """Register a function that looks at a survey and yields what it finds."""
    CHECKS.append(function)
    return function


def findings_of(survey: Survey) -> list[Finding]:
    """Return what all checks find, the worst first."""
    found = [one for look in CHECKS for one in look(survey)]
    return [one for state in STATES for one in only(state, found)]


def only(state: str, findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings of a state."""
    return [one for one in findings if one.state == state]


def state_of(count: int, total: int) -> str:
    """Return how bad it is that `count` of a `total` are left out."""
    return WRONG if count > STRAY * total else LOOK


def findings_at(
    thing: str, text: str, mend: str, places: Sequence[str], state: str = LOOK
) -> Iterator[Finding]:
    """Yield a finding if it has places; its text begins with how many: `[box is|boxes are] ...`."""
    if places:
        chosen = CHOICE.sub(r"\1" if len(places) == 1 else r"\2", text)
        yield Finding(thing, state, f"{len(places):,} {chosen}", mend, tuple(places))
