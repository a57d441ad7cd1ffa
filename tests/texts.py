"""Compare texts of the C programs with ours, by the rule in the recordings' README."""

from __future__ import annotations

import re

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
BANNER = re.compile(  # the C programs' build options, and our note on shipped files
    r"^ (GPU isn't used|(Not u|U)sed (AVX|FMA & AVX2)|OpenCV isn't used.*) $"
    r"|^Not compiled with OpenCV|is not here, using the shipped"
)
TIME = re.compile(r"(?<=Predicted in )(<T>|[0-9.]+)")
ASIDE = re.compile(r": Using default '|^Unused field: ")
SCORE = 1e-4


def lines(text: str) -> list[str]:
    """Return the lines of a text, without the banner and with times masked."""
    return [TIME.sub("<T>", line) for line in text.splitlines() if not BANNER.search(line)]


def assert_same_text(ours: str, theirs: str) -> None:
    """Assert that words and whole numbers are equal, and scores equal to 1e-4."""
    got, want = lines(ours), lines(theirs)
    assert [NUMBER.sub("#", line) for line in got] == [NUMBER.sub("#", line) for line in want]
    for mine, recorded in zip(got, want, strict=True):
        pairs = zip(NUMBER.findall(mine), NUMBER.findall(recorded), strict=True)
        assert all(abs(float(a) - float(b)) <= tolerance(b) for a, b in pairs), (mine, recorded)


def tolerance(number: str) -> float:
    """Return the tolerance of a recorded number."""
    return SCORE if "." in number else 0.0


def assert_same_notes(ours: str, theirs: str) -> None:
    """Assert that stderr is equal: defaults and unused fields in any order, all else in order."""
    printed, recorded = lines(ours), lines(theirs)
    got = sorted(re.sub(r" \(.*\)$", "", line) for line in printed if ASIDE.search(line))
    assert got == sorted(line for line in recorded if ASIDE.search(line))
    rest = [line for line in printed if not ASIDE.search(line)]
    assert rest == [line for line in recorded if not ASIDE.search(line)]
