"""What is known of one thing: that it is there, could be better, or must be mended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

GOOD: Final = "ok"
MORE: Final = "more"  # something more could be had
BAD: Final = "bad"  # finding boxes with a cfg and weights fails, or will
STATES: Final = (GOOD, MORE, BAD)  # in the order in which they are told: the worst is read first


@dataclass(frozen=True)
class Finding:
    """What is known of a thing, and the one command that mends or adds it, if one does."""

    thing: str
    state: str
    text: str
    mend: str = ""


Look = Callable[[], Iterable[Finding]]


def look_at(thing: str, look: Look, state: str = MORE) -> Iterator[Finding]:
    """Yield what a look finds; what it fails at is a finding of that state."""
    try:
        yield from look()
    except Exception as error:  # whatever is broken, the others are told
        reason = " ".join(str(error).split()) or "no reason given"
        yield Finding(thing, state, f"cannot be looked at: {type(error).__name__}: {reason}")


def only(state: str, findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings of a state."""
    return [one for one in findings if one.state == state]
