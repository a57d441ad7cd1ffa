"""Files with the results of a part of a list, of which a process that was killed loses little.

The first line says what the results are of, the last that there are all. Each line between has the
results of one step. All are JSON.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple

from ..errors import DataError, UsageError
from .files import lock, make_folder, sorted_entries, write_errors
from .inputs import check_output
from .shards import Shard
from .text import count_of, json_value

FORM = 1  # of these files
DAMAGED = "is damaged: expected the same command with -shard again"
TAIL = 64  # bytes at the end of a file, which have its last line
NAME = re.compile(r"(?P<command>.+)-(?P<number>\d+)-of-(?P<count>\d+)\.part")
END = re.compile(rb'\n\{"end": \d+\}\n$')

Facts = Mapping[str, str]  # what the results depend on


class Step(NamedTuple):
    """What came of the items up to `seen`, after the step before: results, and what was told.

    A problem is its text, and the word under which it is counted.
    """

    seen: int
    found: list[Any]
    problems: list[tuple[str, str]]


class PartFile:
    """A part that is written, step by step. A context manager, which closes it.

    What a process that was killed left of it is kept: `seen` items are done. With `anew`, and if
    the part is finished, it begins again; `finished` ones can be `kept`. Raises DarknetError if it
    cannot be written, or another process writes it.
    """

    def __init__(self, path: Path, facts: Facts, *, anew: bool = False, kept: bool = False) -> None:
        self.path, self.seen, self.finished = path, 0, False
        head = line_of({"part": FORM, **facts})
        check_output(path)
        with write_errors(path):
            make_folder(path.parent, named=True)
            self.file: BinaryIO = open(path, "a+b", buffering=0)  # noqa: SIM115 # closed at the block's end
        if lock(self.file) is False:
            self.file.close()
            raise UsageError("is being written: expected one process for each part", where=path)
        self.begin(head, anew, kept)

    def begin(self, head: bytes, anew: bool, kept: bool) -> None:
        """Go on behind the last whole step, or with an empty part."""
        self.file.seek(0)
        end, self.seen, self.finished = progress(self.file, head)
        if self.finished and kept:
            return
        if anew or self.finished:
            end, self.seen, self.finished = 0, 0, False
        with write_errors(self.path):
            self.file.truncate(end)
            if not end:
                self.put(head)

    def __enter__(self) -> PartFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.file.close()

    def add(self, step: Step) -> None:
        """Write what came of the next items."""
        with write_errors(self.path):
            self.put(line_of(step._asdict()))
        self.seen = step.seen

    def finish(self) -> None:
        """Write that all is there."""
        with write_errors(self.path):
            self.put(line_of({"end": self.seen}))
            os.fsync(self.file.fileno())
        self.finished = True

    def put(self, line: bytes) -> None:
        """Write a line, all of it."""
        rest = memoryview(line)
        while rest:
            rest = rest[self.file.write(rest) :]


def line_of(value: Mapping[str, Any]) -> bytes:
    """Return a line of a part file."""
    return json.dumps(value).encode() + b"\n"


def progress(file: BinaryIO, head: bytes) -> tuple[int, int, bool]:
    """Return where the last whole step of a part ends, the items up to there, and if it is all.

    All is 0 for a file that begins otherwise than with `head`.
    """
    if file.read(len(head)) != head:
        return 0, 0, False
    end, seen = len(head), 0
    for line in iter(file.readline, b""):
        step = dictionary(line) if line.endswith(b"\n") else {}
        if "end" in step:
            return end, seen, True
        if not isinstance(step.get("seen"), int):
            break
        end, seen = end + len(line), step["seen"]
    return end, seen, False


def dictionary(line: bytes) -> dict[str, Any]:
    """Return the JSON object of a line; an empty one if there is none."""
    try:
        found = json_value(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def part_path(folder: Path, command: str, shard: Shard) -> Path:
    """Return the file of a part of a command."""
    return folder / f"{command}-{shard.number}-of-{shard.count}.part"


def parts_in(folder: Path, command: str) -> dict[int, dict[int, Path]]:
    """Return the part files of a command by the count of its parts, and their numbers."""
    found: dict[int, dict[int, Path]] = {}
    for path in sorted_entries(folder):
        part = NAME.fullmatch(path.name)
        if part and part["command"] == command:
            found.setdefault(int(part["count"]), {})[int(part["number"])] = path
    return found


def parts_like(folder: Path, command: str) -> list[Path]:
    """Return the part files of a command, whatever its results depend on."""
    return [path for path in sorted_entries(folder) if is_like(path.name, command)]


def is_like(name: str, command: str) -> bool:
    """Return whether a file's name is that of a part of a command, with any key."""
    part = NAME.fullmatch(name)
    return part is not None and part["command"].rpartition("-")[0] == command


def whole_parts(folder: Path, command: str) -> list[Path]:
    """Return the parts of a command in their order, if a set of them is whole.

    Raises DataError that says what is missing of it.
    """
    sets = parts_in(folder, command)
    problems = {count: problem_of(folder, count, parts) for count, parts in sets.items()}
    for count, parts in sorted(sets.items()):
        if not problems[count]:
            return [path for _, path in sorted(parts.items())]
    if not sets:
        return []
    nearest = max(sets, key=lambda count: len(sets[count]) / count)
    raise DataError(problems[nearest])


def problem_of(folder: Path, count: int, parts: Mapping[int, Path]) -> str:
    """Return what is missing of a set of parts; empty if nothing is."""
    missing = [number for number in range(1, count + 1) if number not in parts]
    if missing:
        which = (
            f"{count_of(len(missing), 'part').partition(' ')[2]} {enumeration(missing)} of {count}"
        )
        verb = "is" if len(missing) == 1 else "are"
        return (
            f"{folder}: {which} {verb} missing: expected the same command with -shard"
            f" {missing[0]}/{count} first"
        )
    for number, path in parts.items():
        if not is_finished(path):
            again = f"expected the same command with -shard {number}/{count} again, which goes on"
            return f"{path}: is not finished: {again}"
    return ""


def enumeration(numbers: Sequence[int]) -> str:
    """Return numbers as words: 2, 3 and 5."""
    *first, last = map(str, numbers)
    return f"{', '.join(first)} and {last}" if first else last


def is_finished(path: Path) -> bool:
    """Return whether the last line of a part says that all is there."""
    with suppress(OSError), open(path, "rb") as file:
        file.seek(max(os.path.getsize(path) - TAIL, 0))
        return END.search(file.read()) is not None
    return False


def facts_of(path: Path) -> dict[str, str]:
    """Return what the results of a part are of; nothing if its first line does not say it."""
    with suppress(OSError), open(path, "rb") as file:
        facts = dictionary(file.readline())
        if facts.pop("part", None) == FORM:
            return {str(name): str(fact) for name, fact in facts.items()}
    return {}


def steps_of(path: Path) -> Iterator[Step]:
    """Yield the steps of a part. Raises DataError if it is damaged."""
    try:
        with open(path, "rb") as file:
            file.readline()
            for line in file:
                said = dictionary(line)
                if "end" in said:
                    return
                yield step_of(said)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=path) from None
    except (KeyError, TypeError, ValueError, OverflowError):
        pass
    raise DataError(DAMAGED, where=path)


def step_of(said: Mapping[str, Any]) -> Step:
    """Return the step that a line says. Raises what Python does for any other."""
    problems = [(str(text), str(how)) for text, how in said["problems"]]
    return Step(int(said["seen"]), list(said["found"]), problems)
