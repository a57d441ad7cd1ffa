"""How a command shares the images of a list with other processes, and merges what all found."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Generic, NamedTuple, Protocol, TypeVar

from ..cfg.dialect import Dialect
from ..errors import DataError, UsageError
from ..ranks.place import RESTARTS, Place, place_of
from ..system.alike import compute_alike
from ..system.console import note
from ..system.digest import digest
from ..system.part_files import (
    DAMAGED,
    PartFile,
    Step,
    facts_of,
    part_path,
    parts_like,
    steps_of,
    whole_parts,
)
from ..system.problems import hand_over, take_told, tell_failure
from ..system.shards import Shard
from .operand_files import locate_silently
from .verbs import Help, Run, Verb

Result = TypeVar("Result")
Steps = Callable[[int, int], Iterator[tuple[int, list[Result]]]]


@dataclass(frozen=True)
class ShardFlags:
    """The flags of the commands whose images several processes can share."""

    shard: Annotated[
        str | None,
        Help("i/n: look at the i-th of n parts of the images, and keep in -parts what is found"),
    ] = None
    merge: Annotated[
        bool, Help("put together what -shard 1/n to n/n found, as if this process had found all")
    ] = False
    parts: Annotated[Path, Help("the folder of what -shard keeps and -merge reads")] = Path("parts")


class Form(NamedTuple, Generic[Result]):
    """How a result becomes JSON, and JSON a result.

    The latter raises KeyError, IndexError, TypeError or ValueError for what is no result.
    """

    to_json: Callable[[Result], Any]
    of_json: Callable[[Any], Result]


class Shared(Protocol):
    """A network whose images may be shared."""

    @property
    def dialect(self) -> Dialect:
        """Its dialect."""

    @property
    def keeps_state(self) -> bool:
        """Whether its answer depends on the images before."""


@dataclass(frozen=True)
class Sharing:
    """What a command line says of the part that this process has; `files` make the network.

    Without a `shard`, it merges the parts of others. With a `place`, torchrun has started all of
    them, and the first merges when all are done.
    """

    command: str
    run: Run
    files: Sequence[Path]
    folder: Path
    shard: Shard | None
    place: Place | None = None

    @staticmethod
    def of(flags: ShardFlags, command: str, run: Run, *files: Path | None) -> Sharing | None:
        """Return how a command shares its images; None if it does not.

        Raises UsageError if the flags say both, or nothing that can be.
        """
        own, place = [path for path in files if path], place_of(os.environ)
        if place and (flags.shard is not None or flags.merge):
            problem = f"torchrun gives each of {place.size} processes its part"
            raise UsageError(f"{problem}: expected neither -shard nor -merge")
        if place:
            part = Shard(place.rank + 1, place.size)
            return Sharing(command, run, own, flags.parts, part, place)
        if flags.shard is None and not flags.merge:
            return None
        if flags.shard is not None and flags.merge:
            raise UsageError(f"-shard {flags.shard} -merge: expected one of them, -merge at last")
        shard = Shard.read(flags.shard) if flags.shard is not None else None
        return Sharing(command, run, own, flags.parts, shard)

    def results(
        self,
        network: Shared,
        how: object,
        items: Sequence[str],
        steps: Steps[Result],
        form: Form[Result],
        *,
        resumes: bool = True,
    ) -> Iterator[Result] | None:
        """Return the results of all items, put together; None if a part of them was recorded.

        `steps` yields the results of the items between two places, and of how many each step is.
        `how` says by its repr what else they depend on. A part that was interrupted goes on, if it
        `resumes`. Raises DarknetError for a part that cannot be, and for those that are missing.
        """
        if network.keeps_state:
            problem = "this network remembers the images before: expected one process for all"
            raise UsageError(f"{self.word}: {problem}")
        facts = self.facts(network, how, items)
        name = f"{self.command.replace(' ', '-')}-{key_of(facts)}"
        if self.shard is None:
            return self.merge(name, facts, form)
        if self.place is None:
            path, part = self.record(self.shard, name, facts, items, steps, form, resumes)
            note(
                f"images {part.start + 1} to {part.stop} of {len(items)}: what is found is in"
                f" {path}; when all {self.shard.count} parts are there, -merge puts them together"
            )
            return None
        with together(self.place):
            self.record(self.shard, name, facts, items, steps, form, resumes)
        hand_over()
        return self.merge(name, facts, form) if self.place.rank == 0 else None

    def record(
        self,
        shard: Shard,
        name: str,
        facts: dict[str, str],
        items: Sequence[str],
        steps: Steps[Result],
        form: Form[Result],
        resumes: bool,
    ) -> tuple[Path, range]:
        """Write the results of a part of the items; return its file, and their places.

        If torchrun starts all processes again because one failed, what is finished is kept.
        """
        part, path = shard.of(len(items)), part_path(self.folder, name, shard)
        again = self.place is not None and os.environ.get(RESTARTS, "0") != "0"
        with PartFile(path, facts, anew=not resumes, kept=again) as file:
            if file.finished:
                return path, part
            if file.seen:
                note(f"{path} has {file.seen} of {len(part)} images already: the others follow")
            with compute_alike(self.run.tune is not True):
                record(file, steps(part.start + file.seen, part.stop), form)
        return path, part

    @property
    def word(self) -> str:
        """The flag that asks for this."""
        return f"-shard {self.shard}" if self.shard else "-merge"

    def facts(self, network: Shared, how: object, items: Sequence[str]) -> dict[str, str]:
        """Return what results depend on, by name."""
        run = self.run
        flags = how, run.batchnorm, run.precision, run.backend, run.strict, run.exif
        files = [digest(locate_silently(str(path))) for path in self.files]
        return {
            "command": self.command,
            "list of images": digest_of("\n".join(items)),
            "cfg": files[0],
            "weights": " ".join(files[1:]),
            "dialect": network.dialect.name,
            "flags": digest_of(repr(flags)),
        }

    def merge(self, name: str, facts: dict[str, str], form: Form[Result]) -> Iterator[Result]:
        """Return the results of all parts in their order. Raises DataError if one is missing."""
        paths = whole_parts(self.folder, name)
        if not paths:
            raise DataError(
                f"no part of this command: expected those of -shard 1/n to n/n"
                f"{self.difference(facts)}",
                where=self.folder,
            )
        return read(paths, form)

    def difference(self, facts: dict[str, str]) -> str:
        """Return how the parts of such a command differ that are there; empty if there is none."""
        for path in parts_like(self.folder, self.command.replace(" ", "-")):
            there = facts_of(path)
            unlike = [name for name, fact in facts.items() if there.get(name, fact) != fact]
            if unlike:
                return f"; {path.name} differs in its {' and '.join(unlike)}"
        return ""


@contextmanager
def together(place: Place) -> Iterator[None]:
    """Do the block in each of the processes that torchrun started, and wait for all.

    None of them prints results meanwhile. Raises LostProcess if they do not meet, or lose one.
    """
    import torch

    from ..ranks.company import company

    with company(place, torch.device("cpu")) as ranks:
        with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
            yield
        ranks.any(False)


@contextmanager
def quiet_others(verb: Verb) -> Iterator[None]:
    """Let the first alone print of the processes that torchrun started, if they share a list."""
    place = place_of(os.environ) if any(kind is ShardFlags for _, kind in verb.groups) else None
    if place is None or place.rank == 0:
        yield
        return
    from ..ranks.company import silence

    with silence():
        yield


def key_of(facts: dict[str, str]) -> str:
    """Return a short digest of facts, which tells runs apart that find something else."""
    return digest_of(json.dumps(facts, sort_keys=True))[:10]


def digest_of(text: str) -> str:
    """Return the SHA-256 of a text, which may have bytes that are no text."""
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()


def record(file: PartFile, steps: Iterator[tuple[int, list[Result]]], form: Form[Result]) -> None:
    """Write what each step finds, and what is told meanwhile of images that fail."""
    take_told()
    for count, found in steps:
        file.add(Step(file.seen + count, list(map(form.to_json, found)), take_told()))
    if rest := take_told():
        file.add(Step(file.seen, [], rest))
    file.finish()


def read(paths: Sequence[Path], form: Form[Result]) -> Iterator[Result]:
    """Yield the results of parts, and tell what was told of images that failed."""
    for path in paths:
        for step in steps_of(path):
            for text, how in step.problems:
                tell_failure(text, how)
            for said in step.found:
                try:
                    result = form.of_json(said)
                except (KeyError, IndexError, TypeError, ValueError):
                    raise DataError(DAMAGED, where=path) from None
                yield result
