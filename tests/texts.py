"""Comparing texts of the C programs with ours, by the rule of the recordings' README."""

from __future__ import annotations

import re

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
BANNER = re.compile(  # what the C programs were compiled with, and what we found in the package
    r"^ (GPU isn't used|(Not u|U)sed (AVX|FMA & AVX2)|OpenCV isn't used.*) $"
    r"|^Not compiled with OpenCV|is not here, using the shipped"
)
TIME = re.compile(r"(?<=Predicted in )(<T>|[0-9.]+)")
ASIDE = re.compile(r": Using default '|^Unused field: ")
SCORE = 1e-4


def lines(text: str) -> list[str]:
    """Return a text's lines without the banner, times masked."""
    return [TIME.sub("<T>", line) for line in text.splitlines() if not BANNER.search(line)]


def assert_same_text(ours: str, theirs: str) -> None:
    """Assert that words are equal, whole numbers too, and scores within 1e-4."""
    got, want = lines(ours), lines(theirs)
    assert [NUMBER.sub("#", line) for line in got] == [NUMBER.sub("#", line) for line in want]
    for mine, recorded in zip(got, want, strict=True):
        pairs = zip(NUMBER.findall(mine), NUMBER.findall(recorded), strict=True)
        assert all(abs(float(a) - float(b)) <= tolerance(b) for a, b in pairs), (mine, recorded)


def tolerance(number: str) -> float:
    """Return how far ours may be from a recorded number."""
    return SCORE if "." in number else 0.0


def assert_same_notes(ours: str, theirs: str) -> None:
    """Assert the same for stderr: defaults and unused fields in any order, the rest in its own."""
    told, recorded = lines(ours), lines(theirs)
    got = sorted(re.sub(r" \(.*\)$", "", line) for line in told if ASIDE.search(line))
    assert got == sorted(line for line in recorded if ASIDE.search(line))
    rest = [line for line in told if not ASIDE.search(line)]
    assert rest == [line for line in recorded if not ASIDE.search(line)]
