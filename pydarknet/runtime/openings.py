"""What opening a network told and depended on, so that it can be told again without opening it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from ..system.cache import private_folder, read_content, write_content
from ..system.console import Told, is_told
from ..system.files import sorted_entries
from ..system.identity import Identity
from .traits import Traits

FOLDER: Final = "opened"
MOST: Final = 512  # openings that are kept, those of the latest use


@dataclass(frozen=True, kw_only=True)
class Opening:
    """One opening: what was told, the files that it read or missed, and what came of it.

    `form` is the key of the network's compiled form, made already or to be made when it pays; empty
    if there can be none.
    """

    told: Sequence[Told]
    files: Sequence[Identity]
    dialect: str
    traits: Traits
    form: str = ""

    def holds(self) -> bool:
        """Return whether every file is still what it was."""
        return all(file.holds() for file in self.files)

    def rests(self) -> bool:
        """Return whether nobody wrote any of the files since they were looked at."""
        return all(file.rests() for file in self.files)

    def words(self, key: str) -> dict[str, Any]:
        """The same for JSON, under its key."""
        return {
            "key": key,
            "told": self.told,
            "files": [file.words for file in self.files],
            "dialect": self.dialect,
            "traits": self.traits.words,
            "form": self.form,
        }

    @staticmethod
    def read(said: dict[str, Any]) -> Opening:
        """Return an opening from JSON; raises KeyError, TypeError or ValueError for another."""
        if not is_told(said["told"]):
            raise ValueError("not what was told")
        return Opening(
            told=said["told"],
            files=[Identity.read(words) for words in said["files"]],
            dialect=str(said["dialect"]),
            traits=Traits.read(said["traits"]),
            form=str(said["form"]),
        )


def key_of(*words: Any) -> str:
    """Return a key of what decides an answer: the SHA-256 of its JSON."""
    return hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()


def find_opening(key: str) -> Opening | None:
    """Return the opening of a key, if the files that it read are still the same; else None."""
    folder = private_folder(FOLDER)
    content = read_content(folder / key) if folder else None
    if content is None:
        return None
    try:
        said = json.loads(content)
        opening = Opening.read(said)
        same = json.loads(json.dumps(opening.words(key))) == said
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
    if not same or not opening.holds():
        return None
    files = [file.at_rest() for file in opening.files]
    if files != list(opening.files):
        opening = replace(opening, files=files)
        keep_opening(key, opening)
    return opening


def keep_opening(key: str, opening: Opening) -> None:
    """Write an opening under a key, in the place of the one before; where none can be, do not."""
    folder = private_folder(FOLDER)
    if folder is None:
        return
    with suppress(OSError):
        write_content(folder / key, json.dumps(opening.words(key)).encode())
        remove_oldest(folder)


def remove_oldest(folder: Path) -> None:
    """Remove the openings that were used longest ago, where they are too many."""
    files = sorted_entries(folder)
    if len(files) <= MOST:
        return
    for path in sorted(files, key=lambda path: path.lstat().st_mtime_ns)[: len(files) - MOST]:
        with suppress(OSError):
            path.unlink()


def text_key(path: str | os.PathLike[str]) -> str:
    """Return a path as it is typed, and as it is found."""
    return f"{os.fspath(path)}\n{os.path.abspath(path)}"
