"""The images that a command works on: operands, folders, lists, or a prompt."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from glob import glob, has_magic
from itertools import islice
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ..dataset.files import read_list
from ..errors import DataError
from ..modules.transforms import load_image
from ..system.console import note, say

ENDINGS = {".jpg", ".jpeg", ".png", ".bmp", ".ppm", ".tif", ".tiff", ".webp"}
AHEAD = 4  # images that are read while one is worked on


@dataclass(frozen=True)
class Source:
    """Where a command's images come from, and how they are read."""

    words: tuple[str, ...]
    channels: int = 3
    exif: bool = False

    @property
    def asked(self) -> bool:
        """Whether paths are asked for at a prompt."""
        return not self.words

    @property
    def single(self) -> bool:
        """Whether the command line names exactly one image."""
        return len(self.words) == 1 and not self.expands(self.words[0])

    def expands(self, word: str) -> bool:
        """Say whether an operand stands for others: a folder, a pattern, a list."""
        path = Path(word)
        return (
            path.is_dir()
            or path.suffix in (".txt", ".list")
            or (has_magic(word) and not path.exists())
        )

    def paths(self) -> Iterator[str]:
        """Yield the path of each image."""
        if self.asked:
            yield from prompted()
        for word in self.words:
            yield from expanded(word) if self.expands(word) else [word]

    def batches(self, count: int) -> Iterator[list[tuple[str, np.ndarray]]]:
        """Yield paths and pixels of up to so many images at once; one by one, if asked for."""
        images = self.images()
        while batch := list(islice(images, 1 if self.asked else count)):
            yield batch

    def images(self) -> Iterator[tuple[str, np.ndarray]]:
        """Yield path and pixels of each image; one that cannot be read is told and passed over.

        Unreadable ones go to bad.list, as in the C; the only one of a command line is an error.

        Darknet: src/image.c load_image_stb (AlexeyAB)
        """
        found = 0
        for path, loading in self.loading():
            found += 1
            try:
                yield path, loading.result()
            except DataError as error:
                if self.single:
                    raise
                note(str(error))
                with open("bad.list", "a") as bad:
                    bad.write(f"{path}\n")
        if not found and not self.asked:
            raise DataError(f"{' '.join(self.words)}: expected an image, found none")

    def loading(self) -> Iterator[tuple[str, Future[np.ndarray]]]:
        """Yield paths and images that are being read; ahead, unless they are asked for."""
        with ThreadPoolExecutor(1 if self.asked else 2) as pool:
            paths = self.shown(self.paths())
            waiting: list[tuple[str, Future[np.ndarray]]] = []
            for path in paths:
                task = pool.submit(load_image, path, self.channels, self.exif)
                waiting.append((path, task))
                if self.asked or len(waiting) > AHEAD:
                    yield waiting.pop(0)
            yield from waiting

    def shown(self, paths: Iterator[str]) -> Iterator[str]:
        """Yield paths behind a progress bar, where there are several and someone looks."""
        first = list(islice(paths, 0 if self.asked else 2))
        if len(first) < 2 or not sys.stderr.isatty():
            yield from first
            yield from paths
            return
        listed = [*first, *paths]
        yield from tqdm(listed, unit="image", file=sys.stderr)


def prompted() -> Iterator[str]:
    """Yield the paths typed or piped at the prompt, until the input ends.

    Darknet: examples/detector.c test_detector
    """
    while True:
        say("Enter Image Path: ", end="")
        line = sys.stdin.readline()
        if not line:
            return
        yield line.rstrip("\r\n")


def expanded(word: str) -> Sequence[str]:
    """Return the images of a folder, a pattern or a list file."""
    path = Path(word)
    if path.is_dir():
        return sorted(str(p) for p in path.iterdir() if p.suffix.lower() in ENDINGS)
    if has_magic(word) and not path.exists():
        return sorted(glob(word, recursive=True))
    return [line for line in read_list(path) if line.strip()]
