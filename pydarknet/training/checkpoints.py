"""The weights files of a training, and the state from which it resumes after a kill."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from ..errors import DataError
from ..system.files import partial_path, remove_partial_files, replace_file

MAGIC: Final = b"pydarknet state 1\n"


def base_name(path: str | Path) -> str:
    """Return a file's name up to its first dot.

    Darknet: src/utils.c basecfg
    """
    return Path(path).name.partition(".")[0]


def digest(path: str | Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    total = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            total.update(block)
    return total.hexdigest()


@dataclass(frozen=True)
class State:
    """The state besides the weights with which a training resumes as if it had not stopped.

    `run` has the hashes of cfg, data file and initial weights. `weights` is the hash of the weights
    file that the state belongs to. `numbers` are counters, `tensors` momenta and averages.
    """

    run: Mapping[str, str]
    numbers: Mapping[str, Any]
    tensors: Mapping[str, Tensor]
    weights: str = ""


def write_state(path: Path, state: State) -> None:
    """Write a state: a magic line, the length of a JSON text, that text, the tensors' bytes."""
    listed = {
        name: {"dtype": str(tensor.dtype).removeprefix("torch."), "shape": list(tensor.shape)}
        for name, tensor in state.tensors.items()
    }
    head = {
        "run": dict(state.run),
        "weights": state.weights,
        "numbers": dict(state.numbers),
        "tensors": listed,
    }
    text = json.dumps(head).encode()
    with replace_file(path, durable=True) as file:
        file.write(MAGIC + struct.pack("<Q", len(text)) + text)
        for tensor in state.tensors.values():
            file.write(tensor.detach().cpu().contiguous().numpy().tobytes())


def read_state(path: Path) -> State | None:
    """Return the state of a file; None if there is none, or it is incomplete."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    start = len(MAGIC) + 8
    if not content.startswith(MAGIC) or len(content) < start:
        return None
    (length,) = struct.unpack_from("<Q", content, len(MAGIC))
    try:
        head = json.loads(content[start : start + length])
        tensors = read_tensors(head["tensors"], memoryview(content)[start + length :])
    except (ValueError, KeyError):
        return None
    return State(head["run"], head["numbers"], tensors, head["weights"])


def read_tensors(listed: Mapping[str, Any], content: memoryview) -> dict[str, Tensor]:
    """Return the tensors of a state's bytes. Raises ValueError if there are too few bytes."""
    found, start = {}, 0
    for name, form in listed.items():
        kind = np.dtype(form["dtype"])
        count = int(np.prod(form["shape"], dtype=np.int64))
        array = np.frombuffer(content, kind, count, start)
        found[name] = torch.from_numpy(array.reshape(form["shape"]).copy())
        start += array.nbytes
    return found


@dataclass
class Files:
    """The files of one training: `<folder>/<base>...`.

    The newest weights and their state are a pair. The previous pair stays until the new one is
    complete, so that there is a complete pair at any time.
    """

    folder: Path
    base: str
    newest: str  # the ending of the newest weights

    def path(self, ending: str) -> Path:
        """Return the path of the file with an ending."""
        return self.folder / f"{self.base}{ending}"

    def make_folder(self) -> None:
        """Make the folder; raise an error now rather than after hours of training.

        Quirk: BACKUP_IS_MADE
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            probe = partial_path(self.path(""))
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            raise DataError(f"backup = {self.folder}: {error.strerror}") from None
        remove_partial_files(self.folder, self.names)

    @property
    def names(self) -> re.Pattern[str]:
        """The names of all files that a training of this base writes here."""
        of = r"(_(\d+|last|best|ema|final))?(\.(weights|backup|previous|state|previous\.state))?"
        return re.compile(re.escape(self.base) + of)

    def keep_previous(self) -> None:
        """Link the current pair to the names of the previous pair."""
        for ending, second in ((self.newest, ".previous"), (".state", ".previous.state")):
            if self.path(ending).exists():
                link_or_copy(self.path(ending), self.path(second))

    def write_pair(self, state: State) -> None:
        """Write the state beside the newest weights, which must already be written."""
        path = self.path(".state")
        whole = State(state.run, state.numbers, state.tensors, digest(self.path(self.newest)))
        try:
            write_state(path, whole)
        except OSError as error:
            raise DataError(f"Couldn't open file: {path} ({error.strerror})") from None

    def whole_pair(self, fits: Callable[[State], bool]) -> tuple[Path, State] | None:
        """Return the newest weights and state that belong together, if `fits` accepts the state."""
        hashes = {
            digest(path): path
            for path in (self.path(".previous"), self.path(self.newest))
            if path.exists()
        }
        for ending in (".state", ".previous.state"):
            state = read_state(self.path(ending))
            if state and state.weights in hashes and fits(state):
                return hashes[state.weights], state
        return None


def link_or_copy(path: Path, second: Path) -> None:
    """Link a file to a second name, which may exist; copy it if links are impossible."""
    if second.exists() and second.samefile(path):
        return  # to rename one link over another of the same file does nothing
    partial = partial_path(second)
    try:
        os.link(path, partial)
        os.replace(partial, second)
    except OSError:
        copy_file(path, second)
    finally:
        partial.unlink(missing_ok=True)


def copy_file(path: Path, second: Path) -> None:
    """Copy a file to a second name: all of it or nothing."""
    with open(path, "rb") as source, replace_file(second) as copy:
        shutil.copyfileobj(source, copy)
