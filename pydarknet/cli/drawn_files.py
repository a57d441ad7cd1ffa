"""Where drawn images are written in a folder: in the tree of their images, one file for each."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path, PurePath

from ..system.console import note_once

ENDING = ".jpg"


@dataclass(frozen=True)
class Listed:
    """An image of a command line, and the folder at which the tree of its operand begins."""

    path: str
    root: str


@dataclass
class DrawnFiles:
    """The files of drawn images in a folder.

    An image keeps its place in the tree of its operand. If that place belongs to several, each
    keeps its place in the tree of all images; images that differ by their ending keep it.
    """

    folder: Path
    listed: Sequence[Listed] = ()
    owners: dict[str, str] = field(default_factory=dict)  # place -> image

    def __post_init__(self) -> None:
        self.folds = ignores_case(self.folder)
        self.roots = {one.path: one.root for one in reversed(self.listed)}
        self.common = common_folder(self.roots) or os.getcwd()
        sources = {os.path.abspath(path): path for path in self.roots}
        places = Counter(self.key(self.first(path)) for path in sources.values())
        self.shared = {place for place, number in places.items() if number > 1}

    def path(self, image: str) -> Path:
        """Return where an image is drawn; the same for the same image, and only for that."""
        source = os.path.abspath(image)
        place = next(
            place
            for place in self.places(image)
            if self.owners.setdefault(self.key(place), source) == source
        )
        return self.folder / place

    def places(self, image: str) -> Iterator[PurePath]:
        """Yield the places that an image may have, the best first."""
        first = self.first(image)
        if self.key(first) not in self.shared:
            yield first
        among = self.among_all(image)
        yield among
        named = among.with_name(PurePath(image).name + ENDING)
        note_once(f"{image} is drawn as {self.folder / named}: {among.name} is another image's")
        yield named
        for number in count(2):
            yield among.with_name(f"{among.stem}-{number}{ENDING}")

    def first(self, image: str) -> PurePath:
        """Return the place of an image in the tree of its operand."""
        return place_below(image, self.roots.get(image, os.path.dirname(os.path.abspath(image))))

    def among_all(self, image: str) -> PurePath:
        """Return the place of an image in the tree of all images."""
        return place_below(image, self.common)

    def key(self, place: PurePath) -> str:
        """Return the same text for all names of one file."""
        return str(place).casefold() if self.folds else str(place)


def place_below(image: str, root: str) -> PurePath:
    """Return an image's path from a folder, or its whole path if it is not below that."""
    path = PurePath(os.path.abspath(image))
    below = path.relative_to(root) if path.is_relative_to(root) else PurePath(*path.parts[1:])
    return below.with_suffix(ENDING)


def common_folder(images: Iterable[str]) -> str:
    """Return the folder that contains all images; empty if there is none."""
    folders = {os.path.dirname(os.path.abspath(image)) for image in images}
    try:
        return os.path.commonpath(folders)
    except ValueError:  # no image, or two drives
        return ""


def ignores_case(folder: Path) -> bool:
    """Return whether the file system of a folder takes A and a for the same name."""
    other = Path(str(folder.resolve()).swapcase())
    try:
        return other != folder.resolve() and other.samefile(folder)
    except OSError:
        return False
