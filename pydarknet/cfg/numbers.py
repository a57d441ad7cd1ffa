"""Numbers as the C reads them, the range in which they make sense, and what was probably meant."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from ..system.limits import FLT_MAX, INT_MAX, INT_MIN

INTEGER = re.compile(r"[+-]?[0-9]+")
REAL = re.compile(
    r"[+-]?(0x([0-9a-f]+(\.[0-9a-f]*)?|\.[0-9a-f]+)(p[+-]?\d+)?"
    r"|(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?|inf(inity)?|nan)",
    re.IGNORECASE | re.ASCII,
)
NOTHING_MORE = re.compile(r"\.0*|[.,]?([#;].*)?", re.DOTALL)  # after a number: nothing is lost
THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+")
LONGEST = 1e16  # of a number that a message shows in digits
Number = int | float


@dataclass(frozen=True)
class Range:
    """The numbers for which a program is defined; all of them are finite."""

    least: float | None = None
    most: float | None = None
    above: float | None = None
    below: float | None = None

    def check(self, value: Number) -> None:
        """Raise ValueError, which says what was expected, for a number outside."""
        if not abs(value) <= FLT_MAX:
            raise ValueError("expected a finite number")
        if self.above is not None and not value > self.above:
            raise ValueError(f"expected more than {self.above:g}")
        if self.least is not None and not value >= self.least:
            raise ValueError(f"expected at least {self.least:g}")
        if self.below is not None and not value < self.below:
            raise ValueError(f"expected less than {self.below:g}")
        if self.most is not None and not value <= self.most:
            raise ValueError(f"expected at most {self.most:g}")


def integer(text: str, strict: bool = True) -> int:
    """Read the whole number a text begins with, as C's atoi; an empty list item is 0.

    Darknet: src/option_list.c option_find_int
    Quirk: NUMBER_PREFIX
    """
    match = INTEGER.match(text)
    if match is None:
        if strict and text:
            raise ValueError("expected an integer")
        return 0
    value = int(match[0][:20])
    if not INT_MIN <= value <= INT_MAX:
        raise ValueError(f"expected an integer within 32 bits, {INT_MIN} to {INT_MAX}")
    return value


def real(text: str, strict: bool = True) -> float:
    """Read the number a text begins with, as C's atof; an empty list item is 0.

    Darknet: src/option_list.c option_find_float
    Quirk: NUMBER_PREFIX
    """
    match = REAL.match(text)
    if match is None:
        if strict and text:
            raise ValueError("expected a number")
        return 0.0
    try:
        return float.fromhex(match[0]) if "x" in match[0].lower() else float(match[0])
    except OverflowError:
        return -math.inf if match[0].startswith("-") else math.inf


def misreading(text: str, kind: type[Number]) -> str:
    """Return what is read of a text if that is not all of its number, and what was meant.

    Empty if nothing is lost: a comment may follow, or zeros after the point.
    """
    match = (INTEGER if kind is int else REAL).match(text)
    if match is None or NOTHING_MORE.fullmatch(text, match.end()):
        return ""
    meant = meant_number(text, kind)
    if meant in ("", f"{real(match[0]):g}"):
        return f"read as {match[0]}"
    most = f" 32 bits hold at most {INT_MAX}" if kind is int and abs(int(meant)) > INT_MAX else ""
    return f"read as {match[0]}, did you mean {meant}?{most}"


def meant_number(text: str, kind: type[Number]) -> str:
    """Return the number that was meant by a text with a comma or an exponent; empty if unknown."""
    text = re.split("[#;]", text)[0]
    plain = text.replace(",", "" if kind is int and THOUSANDS.fullmatch(text) else ".")
    if not REAL.fullmatch(plain):
        return ""
    value = real(plain)
    if kind is float:
        return f"{value:g}" if math.isfinite(value) else ""
    return f"{value:.0f}" if value.is_integer() and abs(value) < LONGEST else ""


def number(text: str, kind: type[Number], bounds: Range, strict: bool = True) -> Number:
    """Read a number of this kind; raise ValueError, with what was meant, outside its bounds."""
    value = integer(text, strict) if kind is int else real(text, strict)
    try:
        bounds.check(value)
    except ValueError as error:
        read = misreading(text, kind)
        raise ValueError(f"{error} ({read})" if read else str(error)) from None
    return value
