"""The text of a cfg with other values; all else of it stays as it is, comments too."""

from __future__ import annotations

import re
from collections.abc import Mapping

Place = tuple[int, str]  # a section, counted from 0, and a key in it
HEAD = re.compile(r"\s*\[")
ENTRY = re.compile(r"(\s*)([^=#;\s](?:[^=]*[^=\s])?)(\s*)=")


def rewrite(text: str, changes: Mapping[Place, str]) -> str:
    """Return a cfg's text in which keys of sections have these values.

    Of a key that stands there twice, the first is changed, which counts. A key that is missing
    follows the last line of its section.
    """
    left, lines = dict(changes), text.splitlines()
    written: list[str] = []
    section = -1
    for line in [*lines, "["]:
        if HEAD.match(line):
            at = end_of_section(written)
            new = [f"{key}={left.pop((section, key))}" for n, key in list(left) if n == section]
            written[at:at] = new
            section += 1
        entry = ENTRY.match(line)
        value = left.pop((section, entry[2].strip()), None) if entry else None
        written.append(line if entry is None or value is None else f"{entry[0]}{value}")
    return "\n".join(written[:-1]) + "\n"


def end_of_section(lines: list[str]) -> int:
    """Return where the last line of a section ends: before blanks and comments of the next."""
    at = len(lines)
    while at and (not lines[at - 1].strip() or lines[at - 1].lstrip()[0] in "#;"):
        at -= 1
    return at
