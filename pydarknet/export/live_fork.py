"""The text of a cfg for the live fork (hank-ai), which stops at what it does not know.

Which sections, options and words it knows stands in their declarations; the rest is below.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from ..cfg.lineage import FORK
from ..cfg.parser import Entry, Section, sections_of
from ..graph.choose_dialect import declared_options
from ..layers import layer_class
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


class Change(NamedTuple):
    """A line that is left out, or has another value, and why."""

    line: int
    value: str | None  # None: left out
    told: str


def live_text(text: str, path: str) -> tuple[str, list[str]]:
    """Return a cfg's text as the live fork reads it, and what was changed, a line each.

    All that stays is as it was, comments too. Raises CfgError for a section that it does not have.

    Source: hank-ai/darknet, src-lib/darknet_cfg.cpp
    """
    sections = sections_of(text, path)
    changes = {one.line: one for section in sections for one in changes_of(section)}
    kept = []
    for number, line in enumerate(text.split("\n"), start=1):
        change = changes.get(number)
        if change is None:
            kept.append(line)
        elif change.value is not None:
            kept.append(f"{line.partition('=')[0]}={change.value}")
    return "\n".join(kept), [one.told for one in changes.values()]


def changes_of(section: Section) -> Iterator[Change]:
    """Yield the changes of a section."""
    first = section.name in ("net", "network")
    cls = layer_class(section.name, FORK)
    if not first and (cls is None or not cls.live):
        raise section.error("is unknown to the live fork: expected a cfg without it")
    seen: set[str] = set()
    for entry in section.entries:
        value, why = new_value(section, entry, again=entry.key in seen, first=first)
        seen.add(entry.key)
        if why:
            place = f"{section.path}:{entry.line}: [{section.name}]"
            what = excerpt(f"{entry.key}={entry.value or ''}")
            done = "left out" if value is None else f"now {value}"
            yield Change(entry.line, value, f"{place} {what}: {done}, {why}")


def new_value(
    section: Section, entry: Entry, *, again: bool, first: bool
) -> tuple[str | None, str]:
    """Return the value that an entry gets, None for none, and why; "" if it stays."""
    declared = declared_options(section.name, FORK).get(entry.key)
    if again:
        return None, "its section has it before"
    if declared is None or not declared.live or entry.value is None:
        return None, "the live fork does not read it"
    if first and entry.key in READ_WITH:
        key, values = READ_WITH[entry.key]
        other = next((one.value for one in section.entries if one.key == key), None)
        if other not in values:
            return None, f"the live fork does not read it with {key}={other or 'none'}"
    if entry.value in declared.ours:
        return declared.otherwise, "the live fork does not know the word"
    return entry.value, ""
