"""Progress over many images: a bar on a terminal, elsewhere the counter of the C program."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

from ..system.console import note

Item = TypeVar("Item")
THREADS = 4  # of the C, which counts images by as many


def bar(items: Iterable[Item], total: int) -> Iterable[Item]:
    """Return items behind a bar on stderr."""
    watched: Iterable[Item] = tqdm(items, total=total, unit="image", file=sys.stderr)
    return watched


def count_items(
    form: str, total: int, threads: int = THREADS
) -> Callable[[Iterable[Item]], Iterable[Item]]:
    """Return a function that passes items on and shows how many of `total` are done.

    Without a terminal it prints `form` whenever each of the C's threads has read an image.

    Darknet: src/detector.c validate_detector
    """

    def watch(items: Iterable[Item]) -> Iterator[Item]:
        if sys.stderr.isatty():
            yield from bar(items, total)
            return
        step = max(min(threads, total), 1)
        for index, item in enumerate(items):
            if index % step == 0:
                note(form.format(index + step), end="", continues=True)
            yield item

    return watch
