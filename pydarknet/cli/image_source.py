"""The images of a command: from operands, folders, patterns, lists, or a prompt."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from glob import glob, has_magic
from itertools import chain, groupby, islice
from pathlib import Path
from typing import TypeVar

import numpy as np

from ..cfg.lineage import PerLineage
from ..dataset.files import read_list
from ..dataset.read_ahead import append_unreadable, good_or_none, read_ahead
from ..errors import DarknetError, DataError, UsageError
from ..image.files import image_of_content, load_image, stdin_bytes
from ..image.formats import ENDINGS
from ..runtime.any_network import AnyNetwork
from ..system.crews import Done, Task
from ..system.folders import files_below
from ..system.problems import UNREADABLE, guard
from .drawn_files import Listed, common_folder
from .film_frames import frames_of
from .image_words import STDIN, expands, is_film
from .prompt import Prompt

AHEAD = 4  # images that are read while others are worked on
BATCH = 4  # images that go through the network at once
LISTS_BAD_IMAGES = PerLineage(pjreddie=False, alexeyab=True)
OPERAND = "a file, a folder, a pattern, a list or a film"

NamedImages = list[tuple[str, np.ndarray]]  # with where they come from
Group = list[tuple[str, Done[np.ndarray]]]  # the same, read or not
Made = TypeVar("Made")


class Piped(str):
    """The name of the image that comes by stdin, of which no file is opened."""


@dataclass(frozen=True)
class Source:
    """Where a command's images come from, and how they are read.

    A `recursive` one looks into the folders below a folder too, but not into that which is `apart`.
    Where it `lists`, images that cannot be read are added to bad.list.
    """

    words: tuple[str, ...]
    channels: int = 3
    exif: bool = True
    recursive: bool = False
    apart: Path | None = None
    part: range | None = None  # the places of the listed images that are looked at; None: all
    lists: bool = True

    @classmethod
    def of(
        cls,
        network: AnyNetwork,
        words: tuple[str, ...],
        recursive: bool = False,
        apart: Path | None = None,
    ) -> Source:
        """Return the source of a network's images."""
        lists = LISTS_BAD_IMAGES.of(network.dialect)
        return cls(words, network.image_channels, network.exif, recursive, apart, lists=lists)

    @property
    def asked(self) -> bool:
        """Whether a prompt asks for paths."""
        return not self.words

    @cached_property
    def prompt(self) -> Prompt:
        """The prompt, if there is no operand."""
        return Prompt()

    @property
    def one_by_one(self) -> bool:
        """Whether images must be worked on one after the other: they are not known before."""
        return self.asked and not self.prompt.knows_all

    @property
    def single(self) -> bool:
        """Whether the command line names exactly one image."""
        return len(self.words) == 1 and not expands(self.words[0])

    @cached_property
    def listing(self) -> tuple[Listed, ...]:
        """The images that the operands name.

        An operand that stands for no image is reported; the only one of a command line is an error.
        """
        if self.words.count(STDIN) > 1:
            raise UsageError("- stands twice: stdin gives one image")
        if len(self.words) == 1:
            return tuple(self.listing_of(self.words[0]))
        found: list[Listed] = []
        for word in self.words:
            with guard(word, UNREADABLE):
                found += self.listing_of(word)
        return tuple(found)

    def listing_of(self, word: str) -> list[Listed]:
        """Return the images of one operand, with the folder at which its tree begins.

        Raises UsageError if the operand is empty, DataError if it stands for no image.
        """
        if not word.strip() and not os.path.exists(word):
            raise UsageError(f"an image operand is an empty word: expected {OPERAND}")
        if word == STDIN:
            return [Listed(Piped("stdin"), os.getcwd())]
        folder = os.path.isdir(word)
        paths = self.paths_of(word) if expands(word) and not is_film(word) else [word]
        if not paths:
            ends = f" that ends in {', '.join(sorted(ENDINGS))}" if folder else ""
            deeper = folder and not self.recursive and any(p.is_dir() for p in Path(word).iterdir())
            hint = "-recursive looks into the folders below it too" if deeper else ""
            raise DataError(f"expected an image{ends}, found none", where=word, hint=hint)
        root = os.path.abspath(word) if folder else common_folder(paths)
        return [Listed(path, root) for path in paths]

    def paths_of(self, word: str) -> Sequence[str]:
        """Return the images of a folder, a pattern or a list file."""
        path = Path(word)
        if os.path.isdir(path):
            below = files_below(path, apart=self.apart) if self.recursive else None
            return images_in(path) if below is None else list(filter(is_image, below))
        if has_magic(word) and not os.path.exists(path):
            return sorted(glob(word, recursive=True))
        return read_list(path)

    def paths(self) -> Iterator[str]:
        """Yield the path of each image."""
        if self.asked:
            yield from self.prompt.paths()
        part = self.part
        for image in self.listing if part is None else self.listing[part.start : part.stop]:
            yield image.path

    def groups(self, count: int) -> Iterator[Group]:
        """Yield tasks that read images, with as many images in each group as can be read at once.

        A group has `count` images and those between them that cannot be read; from the prompt they
        come one by one, unless all wait there.
        """
        group: Group = []
        good = 0
        waits = self.asked and self.prompt.knows_all
        for path, task in self.tasks(self.prompt.paths_that_wait() if waits else None):
            read = Done(task.result)
            group.append((path, read))
            good += read.error is None
            if self.one_by_one or good == count:
                yield group
                group, good = [], 0
        if group:
            yield group

    def tasks(self, waiting: Iterator[str] | None = None) -> Iterator[tuple[str, Task[np.ndarray]]]:
        """Yield the path of each image and the task that reads it; threads read ahead of them.

        A film gives its frames. The images are those of the command, unless paths are `waiting`.
        """
        ahead = 0 if self.single or (self.asked and waiting is None) else AHEAD
        for films, paths in groupby(self.with_bar(waiting or self.paths()), is_film):
            if films:
                yield from chain.from_iterable(map(frames_of, paths))
            else:
                yield from read_ahead(paths, self.read, ahead)

    def read(self, path: str) -> np.ndarray:
        """Return the image at a path, or on stdin."""
        if isinstance(path, Piped):
            return image_of_content(stdin_bytes(path), path, self.channels, self.exif)
        return load_image(path, self.channels, self.exif)

    def images(self) -> Iterator[tuple[str, np.ndarray]]:
        """Yield path and pixels of each image; one that cannot be read is reported and skipped.

        The only one of a command line is an error.
        """
        for path, task in self.tasks():
            image = self.good_or_none(path, task)
            if image is not None:
                yield path, image

    def good_or_none(self, path: str, task: Task[np.ndarray]) -> np.ndarray | None:
        """Return the image that a task read; None if it is unreadable, which is reported.

        The only image of a command line raises its error.

        Darknet: src/image.c load_image_stb (AlexeyAB)
        """
        if not self.single:
            return good_or_none(path, task, listed=self.lists)
        try:
            return task.result()
        except DarknetError:
            if self.lists and not isinstance(path, Piped):
                append_unreadable(path)
            raise

    def results(
        self,
        group: Group,
        whole: Task[Sequence[Made]],
        work: Callable[[NamedImages], Sequence[Made]],
        nothing: Callable[[str], Sequence[Made]] = lambda path: (),
    ) -> Iterator[Made]:
        """Yield what a task made of each image of a group, and report those that cannot be read.

        `nothing` is yielded for the latter. If the task failed, `work` looks at each image alone,
        and a failure costs no other its answer. The only image of a command line raises its error.
        """
        if self.single:
            for path, task in group:
                self.good_or_none(path, task)
            yield from whole.result()
            return
        made = made_or_none(whole)
        for path, task in group:
            if self.asked and not self.one_by_one:
                self.prompt.ask()
            pixels = self.good_or_none(path, task)
            if pixels is None:
                yield from nothing(path)
                continue
            if made is not None:
                yield next(made)
                continue
            alone: Sequence[Made] = ()
            with guard(path):
                alone = work([(path, pixels)])
            yield from alone

    def with_bar(self, paths: Iterator[str]) -> Iterator[str]:
        """Yield paths and show a progress bar, if there are several and stderr is a terminal."""
        first = list(islice(paths, 0 if self.asked else 2))
        if len(first) < 2 or not sys.stderr.isatty():
            yield from first
            yield from paths
            return
        try:
            from tqdm import tqdm
        except ImportError:  # on a small device
            yield from chain(first, paths)
            return
        yield from tqdm([*first, *paths], unit="image", file=sys.stderr)


def work_on_good(work: Callable[[NamedImages], Sequence[Made]], group: Group) -> Sequence[Made]:
    """Return what comes of those images of a group that could be read."""
    images = [(path, task.result()) for path, task in group if task.error is None]
    return work(images) if images else []


def made_or_none(task: Task[Sequence[Made]]) -> Iterator[Made] | None:
    """Return what a task made, None if it failed."""
    try:
        return iter(task.result())
    except Exception:  # the error of each image is told when it is looked at alone
        return None


def images_in(folder: Path) -> list[str]:
    """Return the images in a folder, sorted."""
    return sorted(str(p) for p in folder.iterdir() if is_image(p) and not p.is_dir())


def is_image(path: str | Path) -> bool:
    """Return whether a file is an image by the ending of its name."""
    return Path(path).suffix.lower() in ENDINGS
