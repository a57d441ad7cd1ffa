"""Saves the weights of a training, and the state that it resumes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch

from ..errors import DarknetError, DataError
from ..graph.weights import digest_of
from ..network import Network
from .checkpoints import FINAL, Files, link_or_copy
from .state import State


@dataclass
class Saver:
    """Writes weights; beside the newest and the final ones also the state, which `state` returns.

    `aside` is the base name under which the first save keeps the files of an earlier training.
    """

    network: Network
    files: Files
    note: Callable[[str], None]
    state: Callable[[], State]
    aside: str = ""
    last_good: Path | None = None  # weights that were saved, or that the training began with

    def save(self, endings: Iterable[str]) -> bool:
        """Write weights under these endings; return whether all were written, and note which not.

        Raises DataError if the weights are no numbers.
        """
        self.check_finite()
        failed = False
        for ending in endings:
            try:
                self.write(ending)
            except DarknetError as error:
                failed = True
                self.note(f"{error}; the training continues; {self.last_good_text()}")
        return not failed

    def save_at_end(self, endings: Iterable[str]) -> None:
        """Write the last weights. Raises DataError if they cannot be written."""
        self.check_finite()
        for ending in endings:
            try:
                self.write(ending)
            except DarknetError as error:
                if ending == FINAL and self.last_good == self.files.path(FINAL):
                    self.note(f"{error}; the final weights are whole")
                else:
                    raise DataError(str(error), hint=self.last_good_text()) from None

    def write(self, ending: str) -> None:
        """Write the weights of an ending, and the state if they are the newest or the last."""
        path = self.files.path(ending)
        paired = ending in (self.files.newest, FINAL)
        try:
            self.set_aside()
            if paired:
                self.files.keep_previous()
            self.make_way(ending)
            self.note(f"Saving weights to {path}")
            if paired and not self.files.has_state():
                self.announce()
            self.network.save_weights(path)
            if paired:
                self.make_way(".state")
                self.last_good, path = path, self.files.path(".state")
                self.files.write_pair(self.state(), self.last_good)
        except OSError as error:
            raise DataError(f"Couldn't open file: {path} ({error.strerror})") from None

    def announce(self) -> None:
        """Write the state before the first weights, so that a kill leaves both or neither.

        Later saves have the pair before to fall back on. A disk without room is told afterwards.
        """
        with suppress(OSError):
            self.files.write_state(self.state(), digest_of(self.network))

    def write_quietly(self, ending: str) -> Path | None:
        """Write weights that nothing depends on, without their line; return where, if it worked."""
        path = self.files.path(ending)
        try:
            self.make_way(ending)
            self.network.save_weights(path)
        except (OSError, DarknetError) as error:
            self.note(f"{error}; the training continues")
            return None
        return path

    def make_way(self, ending: str) -> None:
        """Keep what this training reads where it would be written over, and tell it."""
        kept = self.files.make_way(ending)
        if kept:
            self.note(kept)

    def set_aside(self) -> None:
        """Keep the files of an earlier training under another name, once."""
        if self.aside:
            for ending in (".state", ".previous.state", ".previous"):
                self.make_way(ending)
            self.files.set_aside(self.aside)
            self.aside = ""

    def keep_best(self) -> None:
        """Keep the best weights so far, of an unknown mAP, under another name.

        Raises DataError if that cannot be done.
        """
        best = self.files.path("_best.weights")
        if self.aside or not best.is_file():
            return
        kept = best.with_name(f"{self.files.free_base()}_best.weights")
        self.note(f"the mAP of {best} is unknown: it is kept as {kept}")
        try:
            link_or_copy(best, kept)
        except OSError as error:
            raise DataError(f"Couldn't open file: {kept} ({error.strerror})") from None

    def check_finite(self) -> None:
        """Raise DataError if some weights are NaN or infinite."""
        for name, values in self.network.state_dict().items():
            if values.is_floating_point() and not torch.isfinite(values).all():
                raise DataError(f"{name} is no longer finite", hint=self.last_good_text())

    def last_good_text(self) -> str:
        """Return which weights are the last good ones."""
        return f"the last good weights: {self.last_good or 'none: nothing was saved yet'}"
