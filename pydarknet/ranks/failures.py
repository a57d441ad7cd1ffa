"""What the processes of a machine tell each other of the errors that end them: one prints each."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from ..errors import DarknetError, LostProcess, UsageError
from .place import place_of

FILE: Final = "TORCHELASTIC_ERROR_FILE"  # FOLDER/LOCAL_RANK/error.json, in a folder of this start
PATIENCE: Final = 5.0  # seconds for which a process waits to hear what the others have
PAUSE: Final = 0.02


@dataclass(frozen=True)
class Failure:
    """An error that ends a process; `lost` if that is the end of another one."""

    text: str
    lost: bool


@dataclass(frozen=True)
class Failures:
    """The errors of a machine's processes, in a folder that they share; `local` is this one."""

    folder: Path
    local: int

    @staticmethod
    def of(environment: Mapping[str, str]) -> Failures | None:
        """Return those of a process that was started with others, if it has such a folder."""
        with suppress(UsageError):
            place, file = place_of(environment), environment.get(FILE)
            if place and file:
                return Failures(Path(file).parents[1], place.local)
        return None

    def tells(self, error: DarknetError, patience: float = PATIENCE) -> bool:
        """Record the error that ends this process; return whether this one is to print it.

        Each prints an error of its own that none before it has, the first one at once. Who has lost
        another process prints that only if none has an error of its own. What cannot be known in
        time is printed.
        """
        own = Failure(str(error), isinstance(error, LostProcess))
        end = time.monotonic() + patience
        try:
            self.write(own)
            while (other := self.another_tells(own, known := self.read())) is None:
                if time.monotonic() >= end:
                    return not own.lost or min(known) == self.local
                time.sleep(PAUSE)
        except (OSError, KeyboardInterrupt, SystemExit):  # who ends the wait hears the error
            return True
        return not other

    def another_tells(self, own: Failure, known: Mapping[int, Failure]) -> bool | None:
        """Return whether another process prints an error; None if that cannot be known yet."""
        if own.lost:
            return any(not one.lost for one in known.values()) or None
        if self.local == 0:
            return False
        before = [one for local, one in known.items() if local < self.local]
        return own in before or (False if len(before) == self.local else None)

    def write(self, own: Failure) -> None:
        """Record an error of this process."""
        path = self.folder / f"pydarknet_{self.local}.json"
        partial = path.with_suffix(".tmp")
        partial.write_text(json.dumps(asdict(own)), encoding="utf-8")
        partial.replace(path)

    def read(self) -> dict[int, Failure]:
        """Return the errors that are known so far, by the number of the process."""
        paths = self.folder.glob("pydarknet_*.json")
        return {
            int(path.stem.rpartition("_")[2]): Failure(**json.loads(path.read_text("utf-8")))
            for path in paths
        }


def tells(error: DarknetError) -> bool:
    """Return whether this process is to print an error that ends it: of several, one does."""
    failures = Failures.of(os.environ)
    return not error.told if failures is None else failures.tells(error)
