"""Options declared as annotated fields of a class, and read from a section as C reads them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from functools import cache
from types import NoneType, SimpleNamespace
from typing import Any, Final, get_args, get_type_hints

from ..system.console import note
from ..system.limits import INT_MAX, INT_MIN
from ..system.text import excerpt
from .parser import Entry, Section

INTEGER = re.compile(r"[+-]?[0-9]+")
REAL = re.compile(
    r"[+-]?(0x([0-9a-f]+\.?[0-9a-f]*|\.[0-9a-f]+)(p[+-]?\d+)?"
    r"|(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf(inity)?|nan)",
    re.IGNORECASE | re.ASCII,
)
REQUIRED: Final = object()


@dataclass(frozen=True)
class Option:
    """What a class declares of one key of its section."""

    key: str | None
    default: Any
    announced: bool | str
    lineage: str | None
    least: float | None
    most: float | None
    choices: Callable[[str], Iterable[str]] | None
    otherwise: str | None
    stop: str
    trained: bool

    def declared_by(self, lineage: str) -> bool:
        """Return whether programs of that lineage know the option."""
        return self.lineage in (None, lineage)


def option(
    default: Any = REQUIRED,
    *,
    key: str | None = None,
    announced: bool | str = True,
    lineage: str | None = None,
    least: float | None = None,
    most: float | None = None,
    choices: Iterable[str] | Callable[[str], Iterable[str]] | None = None,
    otherwise: str | None = None,
    stop: str = "",
    trained: bool = True,
) -> Any:
    """Declare an option of a section; Darknet prints `Using default` if it is missing.

    `default` may be a function of the options above it; without a default the option is required.
    `announced` may name an option above: the default is then announced only if that one is on.
    `choices` are the words allowed (or a function that returns a lineage's), `otherwise` is the
    word that Darknet uses for an unknown one; `stop` ends a list; `least` and `most` are bounds.
    Training refuses a cfg that sets an option with `trained=False`.
    """
    words = choices if callable(choices) or choices is None else constant(tuple(choices))
    bounds = (least, most, words, otherwise, stop)
    declared = Option(key, default, announced, lineage, *bounds, trained)
    return field(metadata={"option": declared})


def quiet(default: Any, **declared: Any) -> Any:
    """Declare an option whose default Darknet does not announce."""
    return option(default, announced=False, **declared)


def constant(words: tuple[str, ...]) -> Callable[[str], Iterable[str]]:
    """Return the function that gives these words for every lineage."""
    return lambda lineage: words


@cache
def declarations(cls: type) -> dict[str, tuple[str, Option, type]]:
    """Return field name -> (key, declaration, type) of a class's options, in order."""
    hints = get_type_hints(cls)
    found = {}
    for item in fields(cls):
        declared = item.metadata.get("option")
        if declared:
            kind = next((t for t in get_args(hints[item.name]) if t is NoneType), None)
            bare = get_args(hints[item.name])[0] if kind else hints[item.name]
            found[item.name] = (declared.key or item.name, declared, bare)
    return found


def untrainable_options(owner: Any) -> list[str]:
    """Return the names of the options that a cfg sets though training does not do them."""
    kind: type = type(owner)
    values, listed = vars(owner), declarations(kind).items()
    return [name for name, (_, declared, _) in listed if not declared.trained and values[name]]


def read_options(cls: type, section: Section, lineage: str, strict: bool) -> dict[str, Any]:
    """Read the options that `cls` declares from a section: field name -> value."""
    values: dict[str, Any] = {}
    for name, (key, declared, kind) in declarations(cls).items():
        entry = section.find(key) if declared.declared_by(lineage) else None
        if entry is None:
            values[name] = default_of(key, declared, section, values)
        else:
            values[name] = convert(entry, declared, kind, section, lineage, strict)
    return values


def default_of(key: str, declared: Option, section: Section, above: dict[str, Any]) -> Any:
    """Return the value of an option that the section does not give."""
    if declared.default is REQUIRED:
        raise section.error(f"{key} is missing")
    value = declared.default
    if callable(value):
        return value(SimpleNamespace(**above))
    if declared.announced is True or above.get(str(declared.announced)):
        note(f"{key}: Using default '{printed_default(value)}'")
    return value


def printed_default(value: Any) -> str:
    """Return a default as C prints it: %d, %lf or %s."""
    if isinstance(value, float):
        return f"{value:f}"
    return str(int(value)) if isinstance(value, bool) else str(value)


def convert(
    entry: Entry, declared: Option, kind: type, section: Section, lineage: str, strict: bool
) -> Any:
    """Turn an entry's text into the type of its field."""
    text = entry.value or ""
    try:
        if declared.choices:
            return choice_of(entry.key, text, declared, lineage, strict)
        if kind is str:
            return text
        if kind in (tuple[int, ...], tuple[float, ...]):
            read = integer if kind == tuple[int, ...] else real
            text = text.partition(declared.stop)[0] if declared.stop else text
            return tuple(within_bounds(read(item, strict), declared) for item in text.split(","))
        if kind is bool:
            return integer(text, strict) != 0
        return within_bounds((integer if kind is int else real)(text, strict), declared)
    except ValueError as error:
        problem = f"{entry.key} = {excerpt(text)}: {error}"
        raise section.error(problem, line=entry.line) from None


def choice_of(key: str, word: str, declared: Option, lineage: str, strict: bool) -> str:
    """Return the word if it is allowed; if not strict, the word that Darknet uses instead."""
    choices = tuple(declared.choices(lineage)) if declared.choices else ()
    if word in choices:
        return word
    if strict or declared.otherwise is None:
        comment = " (`#` begins a comment only in the first column)" if "#" in word else ""
        raise ValueError(f"expected one of {', '.join(choices)}{comment}")
    note(f"Couldn't find {key} {excerpt(word)}, going with {declared.otherwise}")
    return declared.otherwise


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


def within_bounds(value: Any, declared: Option) -> Any:
    """Return the number if it lies within the declared bounds."""
    if declared.least is not None and not value >= declared.least:
        raise ValueError(f"expected at least {declared.least:g}")
    if declared.most is not None and not value <= declared.most:
        raise ValueError(f"expected at most {declared.most:g}")
    return value
