"""The words that C's fscanf reads: an integer and a real number, with or without blanks between."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..cfg.numbers import real

BLANKS = r"[ \t-\r]*"
INTEGER = re.compile(BLANKS + r"([+-]?[0-9]+)")
REAL = re.compile(
    BLANKS + r"([+-]?(?:nan|inf(?:inity|(?!i))"
    r"|0x(?:[0-9a-f]+(?:\.[0-9a-f]*)?|\.[0-9a-f]+)(?:p[+-]?[0-9]*)?|0x\."
    r"|(?!0x)(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]*)?))",
    re.IGNORECASE,
)
LONG_MAX = 2**63 - 1
LONG_DIGITS = 19  # of a number that may be a long


def groups(text: str, reals: int) -> Iterator[tuple[int, list[float]]]:
    """Yield where each group ends, and its numbers: an integer and several real ones.

    Reading ends with the first group that is not whole. A number that its word does not end, as
    the exponent of `.5e`, is read up to there, as the C library of GNU does.

    Darknet: fscanf with `%d %f %f %f %f`
    """
    end = 0
    while match := INTEGER.match(text, end):
        numbers: list[float] = [integer(match[1])]
        while len(numbers) <= reals and (match := REAL.match(text, match.end())):
            numbers.append(real(match[1]))
        if match is None:
            return
        end = match.end()
        yield end, numbers


def integer(word: str) -> int:
    """Return an int of 32 bits: the lower half of the long that digits are."""
    digits = word.lstrip("+-0")[: LONG_DIGITS + 1]
    value = -int(digits or "0") if word.startswith("-") else int(digits or "0")
    value = min(max(value, -LONG_MAX - 1), LONG_MAX)
    return (value + 2**31) % 2**32 - 2**31
