"""The files of a training: its weights, and the pairs of weights and state that it resumes from."""

from __future__ import annotations

import itertools
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..errors import DataError
from ..system.digest import digest
from ..system.files import hold_lock, make_folder, partial_path, remove_partial_files, replace_file
from ..system.inputs import is_input
from .state import State, read_state, write_state

NEWEST: Final = ("_last.weights", ".backup")  # of both lineages
FINAL: Final = "_final.weights"
KEPT: Final = (*NEWEST, FINAL, "_best.weights")  # by a training that starts over


def base_name(path: str | Path) -> str:
    """Return a file's name up to its first dot.

    Darknet: src/utils.c basecfg
    """
    return Path(path).name.partition(".")[0]


@dataclass(frozen=True)
class Pair:
    """Weights and the state that belongs to them; `newest` if the state is under its first name."""

    weights: Path
    state: State
    newest: bool = True


@dataclass
class Files:
    """The files of one training: `<folder>/<base>...`.

    The newest weights and their state are a pair. The previous pair stays until the new one is
    complete, so that there is a complete pair at any time.
    """

    folder: Path
    base: str
    newest: str  # the ending of the newest weights
    current: Path | None = None  # the weights to which `.state` belongs
    seen: Sequence[object] | None = None  # what stood there when the folder was made

    def path(self, ending: str) -> Path:
        """Return the path of the file with an ending."""
        return self.folder / f"{self.base}{ending}"

    def make_folder(self) -> None:
        """Make the folder; raise an error now rather than after hours of training.

        Quirk: BACKUP_IS_MADE
        """
        try:
            make_folder(self.folder)
            probe = partial_path(self.path(""))
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            raise DataError(f"backup = {self.folder}: {error.strerror}") from None
        with hold_lock(self.path(".lock")):  # one that a kill left disappears
            remove_partial_files(self.folder, self.names)
        self.seen = self.stamps()

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keep other trainings from writing these files.

        Raises DataError if one does already, or did so since the folder was made: then this one
        would not start from what stands there.
        """
        with hold_lock(self.path(".lock")) as taken:
            if taken:
                raise DataError(
                    f"another training is writing {self.path(self.newest)}:"
                    " expected another backup folder, or another name of the cfg"
                )
            if self.seen not in (None, self.stamps()):
                raise DataError(
                    f"another training has just written {self.path('.state')}:"
                    " expected its end before this one starts",
                    hint="the same command, once more, goes on from there",
                )
            yield

    def stamps(self) -> Sequence[object]:
        """Return what tells the weights and states that are there from those that replace them."""
        endings = (*NEWEST, FINAL, ".state", ".previous", ".previous.state")
        return [stamp_of(self.path(ending)) for ending in endings]

    @property
    def names(self) -> re.Pattern[str]:
        """The names of all files that a training of this base writes here."""
        of = r"(_(\d+|last|best|ema|final))?(\.(weights|backup|previous|state|previous\.state))?"
        return re.compile(re.escape(self.base) + of)

    def make_way(self, ending: str) -> str:
        """Keep what would be written over under an ending if this training reads it: say how.

        A link is removed, so that its target stays. A file without another name gets one; the
        weights of a pair do not, as the training that wrote them goes on. Raises OSError.
        """
        path = self.path(ending)
        is_link = path.is_symlink()
        if not is_input(path, listed=is_link):
            return ""
        if is_link:
            target = os.path.realpath(path)
            path.unlink()
            return f"{path} was a link to {target}, which stays: it is a file of its own now"
        if ending in (*NEWEST, FINAL) or path.stat().st_nlink > 1:
            return ""
        kept = self.folder / f"{self.free_base()}{ending}"
        link_or_copy(path, kept)
        return f"{path}, which this training reads, is kept as {kept}"

    def keep_previous(self) -> None:
        """Link the current pair to the names of the previous pair. Raises OSError."""
        if self.current:
            link_or_copy(self.current, self.path(".previous"))
            link_or_copy(self.path(".state"), self.path(".previous.state"))
            self.current = None

    def write_pair(self, state: State, weights: Path) -> None:
        """Write the state of weights that are already written. Raises OSError."""
        self.write_state(state, digest(weights))
        self.current = weights

    def write_state(self, state: State, weights: str) -> None:
        """Write the state of weights that have this SHA-256. Raises OSError."""
        run, numbers, tensors = state.run, state.numbers, state.tensors
        write_state(self.path(".state"), State(run, numbers, tensors, weights))

    def pairs(self, given: Path | None = None) -> Iterator[Pair]:
        """Yield the complete pairs, the newest first; `given` weights may stand elsewhere.

        A damaged state is noted and left out.
        """
        for ending in (".state", ".previous.state"):
            state = read_state(self.path(ending))
            weights = self.weights_of(state, given) if state else None
            if state and weights:
                yield Pair(weights, state, newest=ending == ".state")

    def weights_of(self, state: State, given: Path | None) -> Path | None:
        """Return the weights file that a state belongs to."""
        paths = [self.path(ending) for ending in (*NEWEST, FINAL, ".previous")]
        there = [path for path in (*paths, given) if path and os.path.isfile(path)]
        return next((path for path in there if digest(path) == state.weights), None)

    def resume_from(self, pair: Pair) -> None:
        """Remember which pair the next save must keep."""
        self.current = pair.weights if pair.newest else None

    def old_weights(self) -> Path | None:
        """Return the newest weights, with or without a state; None if there are none."""
        return next((p for e in (*NEWEST, FINAL) if (p := self.path(e)).is_file()), None)

    def has_state(self) -> bool:
        """Return whether there is a state, complete or damaged."""
        return self.path(".state").exists() or self.path(".previous.state").exists()

    def free_base(self) -> str:
        """Return the base name under which a training that starts over keeps the old files."""
        taken = {path.name for path in self.folder.glob("*_old*")}
        names = (f"{self.base}_old{number}" for number in itertools.count(1))
        return next(name for name in names if not any(one.startswith(name) for one in taken))

    def path_aside(self, weights: Path, base: str) -> Path:
        """Return where weights of this training are kept under another base name."""
        ending = weights.name.removeprefix(self.base)
        return self.folder / f"{base}{ending if ending in KEPT else self.newest}"

    def set_aside(self, base: str) -> None:
        """Link the old weights and their state to another base name; their pair ends here.

        Raises OSError.
        """
        pair = next(self.pairs(), None)
        aside = Files(self.folder, base, self.newest)
        kept = [ending for ending in KEPT if self.path(ending).is_file()]
        for ending in kept:
            link_or_copy(self.path(ending), aside.path(ending))
        if pair:
            if pair.weights not in map(self.path, kept):
                link_or_copy(pair.weights, aside.path(self.newest))
            state = ".state" if pair.newest else ".previous.state"
            link_or_copy(self.path(state), aside.path(".state"))
        for ending in (".state", ".previous.state", ".previous"):
            self.path(ending).unlink(missing_ok=True)
        self.current = None


def stamp_of(path: Path) -> tuple[int, int, int] | None:
    """Return the identity, the size and the time of a file; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def link_or_copy(path: Path, second: Path) -> None:
    """Link a file to a second name, which may exist; copy it if links are impossible."""
    if second.exists() and second.samefile(path) and not second.is_symlink():
        return  # to rename one link over another of the same file does nothing
    partial = partial_path(second)
    try:
        os.link(os.path.realpath(path), partial)  # not the link that a path may be
        os.replace(partial, second)
    except OSError:
        copy_file(path, second)
    finally:
        partial.unlink(missing_ok=True)


def copy_file(path: Path, second: Path) -> None:
    """Copy a file to a second name, and not through a link there: all of it or nothing."""
    if second.is_symlink():
        second.unlink()
    with open(path, "rb") as source, replace_file(second) as copy:
        shutil.copyfileobj(source, copy)
