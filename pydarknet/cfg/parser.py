"""The text of a .cfg or .data file as sections of entries that know their file and line."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import CfgError
from ..system.console import note, note_once
from ..system.identity import depends_on
from ..system.paths import first_there, meanings
from ..system.text import excerpt, not_a_file, read_text

BLANKS = str.maketrans("", "", " \t")
UNSEEN = re.compile("[\u00a0\u1680\u2000-\u200f\u202f\u205f\u2060\u3000\ufeff]")


@dataclass
class Entry:
    """One `key=value` line. `value` is None where the line has no `=`.

    `written` is the value with its blanks.
    """

    key: str
    value: str | None
    line: int
    used: bool = False
    written: str = ""


@dataclass
class Section:
    """One `[name]` and the entries below it.

    `texts` are files that it names, where the cfg stands in a file that holds them too.
    """

    name: str
    path: str
    line: int
    entries: list[Entry] = field(default_factory=list)
    texts: Mapping[str, str] = field(default_factory=dict)

    def find(self, key: str) -> Entry | None:
        """Return the first entry of that key and mark it used; None if it has no value.

        Darknet: src/option_list.c option_find
        Quirk: FIRST_DUPLICATE_WINS
        """
        for entry in self.entries:
            if entry.key == key:
                entry.used = True
                return entry if entry.value is not None else None
        return None

    def unused_entries(self) -> Iterator[Entry]:
        """Yield the entries that were never read."""
        return (entry for entry in self.entries if not entry.used)

    def file(self, name: str) -> Path:
        """Return a file that the section names: as it stands or as it was written, or near the cfg.

        Near is the cfg's folder, or the one above it.
        """
        written = next((entry.written for entry in self.entries if entry.value == name), "")
        named, folders = (name, *meanings(written)), ("", *self.folders)
        found = first_there(named, folders, is_file)
        if found is None:
            there = first_there(named, folders, os.path.exists) or name
            what = not_a_file(there)
            text = f"{excerpt(there)} ({what}): expected a file" if what else excerpt(name)
            raise self.error(f"Couldn't open file: {text}")
        return Path(found)

    def text_of(self, name: str, expected: str) -> tuple[str, str]:
        """Return the path and the text of a file that the section names; see `read_text`."""
        if name in self.texts:
            return f"{name} in {self.path}", self.texts[name]
        path = self.file(name)
        return str(path), read_text(path, expected, CfgError)

    @property
    def folders(self) -> tuple[str, str]:
        """The folder of the file, and the one above it."""
        folder = Path(self.path).parent
        return str(folder), str(folder.parent)

    def error(self, problem: str, *, line: int | None = None, hint: str = "") -> CfgError:
        """Make the error that names this file, line and section."""
        where = f"{self.path}:{line or self.line}"
        return CfgError(f"[{excerpt(self.name)}] {problem}", where=where, hint=hint)

    def option_error(self, key: str, problem: str, *, hint: str = "") -> CfgError:
        """Make the error about an option's value, at its line if the section gives it."""
        entry = next((entry for entry in self.entries if entry.key == key), None)
        if entry is None:
            return self.error(f"{key}: {problem}", hint=hint)
        text = f"{key} = {excerpt(entry.value or '')}: {problem}"
        return self.error(text, line=entry.line, hint=hint)


def is_file(path: str) -> bool:
    """Return whether there is a file; what the cfg gives depends on it."""
    depends_on(path)
    return os.path.isfile(path)


def read_cfg(path: str | Path) -> list[Section]:
    """Read a cfg file; the first section is `[net]` or `[network]`, the others are layers.

    Darknet: src/parser.c read_cfg
    """
    sections = sections_of(read_text(path, "a .cfg", CfgError), str(path))
    if not sections:
        raise CfgError("is empty: expected [net] and layers", where=path)
    if sections[0].name not in ("net", "network"):
        raise sections[0].error("is the first section: expected [net] or [network]")
    return sections


def sections_of(text: str, path: str) -> list[Section]:
    """Split cfg text into sections.

    Blanks and tabs vanish everywhere, also inside numbers and names; `#` and `;` begin a comment
    in the first column only; `key=` is reported and dropped.

    Darknet: src/parser.c read_cfg, src/option_list.c read_option
    Quirk: BLANKS_VANISH
    """
    sections: list[Section] = []
    for number, raw in enumerate(text.split("\n"), start=1):
        line = without_blanks(raw, f"{path}:{number}")
        if not line or line[0] in "#;":
            continue
        if line[0] == "[":
            name = line[1:-1] if line.endswith("]") else line
            sections.append(Section(name, path, number))
        elif not sections:
            raise CfgError(
                f"option {excerpt(line)} stands before any section: expected [net]",
                where=f"{path}:{number}",
            )
        else:
            sections[-1].entries += entry_of(line, number, path, raw)
    return sections


def without_blanks(line: str, where: str) -> str:
    """Return a line without blanks and tabs; no-break and other unseen blanks vanish too, told.

    Text that is copied from a web page has such blanks. Darknet takes them for letters.
    """
    shown = line.translate(BLANKS)
    if shown.isascii() or shown[0] in "#;" or not UNSEEN.search(shown):
        return shown
    note_once(f"{where}: an unseen character is taken as a blank", "unseen character")
    return UNSEEN.sub("", shown)


def section_of(text: str, path: str) -> Section:
    """Read text without section headers, as .data files are, as one section.

    Darknet: src/option_list.c read_data_cfg
    """
    section = Section(Path(path).name, path, 1)
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.translate(BLANKS)
        if line and line[0] not in "#;":
            section.entries += entry_of(line, number, path, raw)
    return section


def entry_of(line: str, number: int, path: str, raw: str) -> list[Entry]:
    """Split a line at its first `=`; a line that ends there is reported and dropped.

    `raw` is the line with its blanks.
    """
    key, equals, value = line.partition("=")
    if equals and not value:
        note(f"Config file error line {number}, could parse: {excerpt(key)} ({path}:{number})")
        return []
    written = raw.partition("=")[2].strip(" \t")
    return [Entry(key, value if equals else None, number, written=written)]
