"""What was chosen by measurement on this machine, kept in the cache folder.

A file holds the choices of one processor, one set of versions and one number of cores. A file that
is damaged, another machine's or another user's is not read, and written anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import torch

from ..errors import UsageError
from ..runtime.environment import processor
from ..runtime.forms import may_keep
from ..system.cache import private_folder, read_content, remove_oldest, write_content
from ..system.cores import usable_cores
from ..system.text import json_value
from ..system.version import __version__

VARIABLE = "PYDARKNET_TUNE"
WORDS = {"on": True, "off": False, "": True}
FORM = 3  # of the file, of what its words mean, and of the ways there are
Kept = dict[str, dict[str, Any]]  # choices by kind and key


class Choices:
    """What was chosen, by kind and key. Threads may share it, and processes its file."""

    def __init__(self) -> None:
        self.machine = machine()
        self.lock = threading.Lock()
        self.kept: Kept = self.on_disk()

    def get(self, kind: str, key: str) -> Any:
        """Return the choice of a key, or None. It comes from a file: check what it holds."""
        return self.kept.get(kind, {}).get(key)

    def put(self, kind: str, chosen: dict[str, Any]) -> None:
        """Keep choices, JSON values by key, with those that other processes have made meanwhile."""
        with self.lock:
            theirs = self.on_disk()
            mine = {**self.kept, kind: {**self.kept.get(kind, {}), **chosen}}
            self.kept = {
                one: {**theirs.get(one, {}), **mine.get(one, {})} for one in {**theirs, **mine}
            }
            content = json.dumps({"machine": self.machine, "choices": self.kept}).encode()
        path = self.path()
        if path is not None:
            with suppress(OSError):  # of a disk that is full or read only
                write_content(path, content)
                remove_oldest(path.parent)

    def on_disk(self) -> Kept:
        """Return what the file holds; nothing if it is missing, damaged or not this machine's."""
        path = self.path()
        content = None if path is None else read_content(path)
        try:
            found = json_value(content or b"{}")
        except ValueError:
            return {}
        if not isinstance(found, dict) or found.get("machine") != self.machine:
            return {}
        choices = found.get("choices")
        kinds = choices.items() if isinstance(choices, dict) else ()
        return {kind: kept for kind, kept in kinds if isinstance(kept, dict)}

    def path(self) -> Path | None:
        """Return the file of this machine; None where nothing is kept."""
        folder = private_folder() if may_keep() else None
        if folder is None:
            return None
        told = json.dumps(self.machine, sort_keys=True).encode()
        return folder / f"choices-{hashlib.sha256(told).hexdigest()[:16]}.json"


def machine() -> dict[str, Any]:
    """Return what a choice depends on besides its key."""
    return {
        "form": FORM,
        "processor": processor(),
        "cores": usable_cores(),
        "pydarknet": __version__,
        "torch": torch.__version__,
    }


@cache
def choices() -> Choices:
    """Return the choices that this process knows, read from the file at the first call."""
    return Choices()


def may_measure(tune: bool | None) -> bool:
    """Return whether choices are measured and used: as said, else as PYDARKNET_TUNE says.

    Raises UsageError if the variable is neither on nor off.
    """
    if tune is not None:
        return tune
    word = os.environ.get(VARIABLE, "").strip().lower()
    if word not in WORDS:
        raise UsageError(f"{VARIABLE}={word}: expected on or off")
    return WORDS[word]
