"""The text of a cfg for the live fork (hank-ai), which stops at what it does not know.

Which sections, options and words it knows stands in their declarations; the rest is below.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final, NamedTuple, get_args

from ..cfg.lineage import FORK
from ..cfg.numbers import number
from ..cfg.options import Option
from ..cfg.parser import BLANKS, Entry, Section, sections_of
from ..graph.choose_dialect import typed_options
from ..layers import DetectionHead, layer_class
from ..system.text import excerpt

# Options of [net] that it reads under some values of another only, and stops at under others.
READ_WITH: Final = {
    "step": ("policy", ("step", "sigmoid")),
    "scale": ("policy", ("step",)),
    "steps": ("policy", ("steps", "sgdr")),
    "scales": ("policy", ("steps", "sgdr")),
    "seq_scales": ("policy", ("steps", "sgdr")),
    "gamma": ("policy", ("exp", "sigmoid")),
    "B1": ("adam", ("1",)),
    "B2": ("adam", ("1",)),
    "eps": ("adam", ("1",)),
}
LINE: Final = re.compile(r"\[(.+)\]|([^#= \t]+)[ \t]*=[ \t]*([^#]+)")  # a section, or an option
NUMBER: Final = re.compile(r"[-.0-9]+")  # of other characters no number of its may be
STRIDE: Final = 32  # of which the sides of its input are multiples


class Change(NamedTuple):
    """A line that is left out, or another one, and why."""

    line: int
    text: str | None  # None: left out
    told: str


def live_text(text: str, path: str) -> tuple[str, list[str]]:
    """Return a cfg's text as the live fork reads it, and what was changed, a line each.

    All that stays is as it was, comments too. Raises CfgError for what it cannot have.

    Source: hank-ai/darknet, src-lib/darknet_cfg.cpp
    """
    sections = sections_of(text, path)
    lines = text.split("\n")
    changes = {one.line: one for section in sections for one in changes_of(section, lines)}
    if sections:
        check_size(sections)
    changes |= {one.line: one for one in comments_of(sections, lines, path)}
    kept = []
    for place, line in enumerate(lines, start=1):
        change = changes.get(place)
        if change is None:
            kept.append(line)
        elif change.text is not None:
            kept.append(change.text)
    return "\n".join(kept), [changes[line].told for line in sorted(changes)]


def boxless(text: str, path: str) -> list[str]:
    """Return a line for each section that the live fork reads, but whose boxes it does not find.

    Source: hank-ai/darknet, src-lib/darknet_network.cpp fill_network_boxes_v3
    """
    heads = [(one, layer_class(one.name, FORK)) for one in sections_of(text, path)]
    return [
        f"{path}:{one.line}: [{one.name}] is read by the live fork, which finds no boxes with it"
        for one, cls in heads
        if cls and issubclass(cls, DetectionHead) and not cls.live_boxes
    ]


def check_size(sections: Sequence[Section]) -> None:
    """Raise an error for an input of a size that the live fork stops at."""
    net, last = sections[0], sections[-1]
    cls = layer_class(last.name, FORK)
    whole = cls is not None and issubclass(cls, DetectionHead) and cls.size_warning
    for key in ("width", "height"):
        value = next((one.value for one in net.entries if one.key == key), None)
        if value is None:
            raise net.error(f"{key} is missing: the live fork stops at networks without an image")
        if whole and value.isdigit() and (int(value) % STRIDE or not int(value)):
            what = f"the live fork stops at it where [{last.name}] is last"
            raise net.option_error(key, f"{what}: expected a multiple of {STRIDE}")


def changes_of(section: Section, lines: Sequence[str]) -> Iterator[Change]:
    """Yield the changes of a section."""
    first = section.name in ("net", "network")
    cls = layer_class(section.name, FORK)
    if not first and (cls is None or not cls.live):
        raise section.error("is unknown to the live fork: expected a cfg without it")
    header = f"[{section.name}]"
    if read(lines[section.line - 1]) != (section.name, None):
        told = f"{section.path}:{section.line}: now {header}, the live fork keeps its blanks"
        yield Change(section.line, header, told)
    seen: set[str] = set()
    for entry in section.entries:
        value, why = new_value(section, entry, again=entry.key in seen, first=first)
        seen.add(entry.key)
        if not why and not reads(lines[entry.line - 1], entry.key, str(value)):
            why = "the live fork keeps its blanks"
        if why:
            place = f"{section.path}:{entry.line}: {header}"
            what = excerpt(f"{entry.key}={entry.value or ''}")
            done = "left out" if value is None else f"now {value}"
            line = None if value is None else f"{entry.key}={value}"
            yield Change(entry.line, line, f"{place} {what}: {done}, {why}")


def comments_of(sections: Sequence[Section], lines: Sequence[str], path: str) -> Iterator[Change]:
    """Yield the lines that the live fork would read though they say nothing: `;key=value`."""
    told = {section.line for section in sections}
    told |= {entry.line for section in sections for entry in section.entries}
    for place, line in enumerate(lines, start=1):
        if place not in told and read(line):
            why = "left out, the live fork takes it for no comment"
            yield Change(place, None, f"{path}:{place}: {excerpt(line.strip())}: {why}")


def new_value(
    section: Section, entry: Entry, *, again: bool, first: bool
) -> tuple[str | None, str]:
    """Return the value that an entry gets, None for none, and why; "" if it stays."""
    option, kind = typed_options(section.name, FORK).get(entry.key, (None, str))
    if again:
        return None, "its section has it before"
    if option is None or not option.live or entry.value is None:
        return None, "the live fork does not read it"
    if first and entry.key in READ_WITH:
        key, values = READ_WITH[entry.key]
        other = next((one.value for one in section.entries if one.key == key), None)
        if other not in values:
            return None, f"the live fork does not read it with {key}={other or 'none'}"
    value = entry.value.partition("#")[0]
    if option.choices and value not in option.choices(FORK):
        return option.otherwise, "it is no word that the live fork knows"
    if value in option.live_words:
        return option.live_words[value], "the live fork does not know the word"
    plain = plain_numbers(value, option, kind)
    return plain, "" if plain == value else "the live fork reads plain decimals alone"


def plain_numbers(value: str, option: Option, kind: type) -> str:
    """Return a value whose numbers are plain decimals; what is no number stays."""
    if kind is str:
        return value
    if kind in (int, float, bool):
        return plain_number(value, option, int if kind is bool else kind)
    each, items = get_args(kind)[0], [one or "0" for one in value.split(",")]
    return ",".join(plain_number(one, option, each, listed=True) for one in items)


def plain_number(text: str, option: Option, kind: type, *, listed: bool = False) -> str:
    """Return a number as a plain decimal: 0.00004 for 4e-5.

    In its lists of integers a point separates two numbers.
    """
    if NUMBER.fullmatch(text) and not (listed and kind is int and "." in text):
        return text
    try:
        value = number(text, kind, option.range)
    except ValueError:
        return text
    return f"{Decimal(repr(value)):f}" if math.isfinite(value) else text


def reads(line: str, key: str, value: str) -> bool:
    """Return whether the live fork finds this option in a line; it keeps blanks in values."""
    found = read(line)
    if found is None or found[1] is None:
        return False
    theirs = found[1].translate(BLANKS) if "," in value else found[1]
    return (found[0], theirs) == (key, value)


def read(line: str) -> tuple[str, str | None] | None:
    """Return what the live fork finds in a line: a section's name, or a key and its value.

    Source: hank-ai/darknet, src-lib/darknet_cfg.cpp CfgFile::read
    """
    found = LINE.match(line.strip(" \t\r\n"))
    if found is None:
        return None
    return (found[1], None) if found[1] else (found[2], found[3].strip(" \t\r\n"))
