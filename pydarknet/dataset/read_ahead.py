"""Image files, which threads read before they are needed."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Generic, TypeVar

from ..system.crews import Task
from ..system.problems import UNREADABLE, guard
from .bad_list import BAD_FILES, Problem, append

AHEAD = 16  # images that are read in advance
READERS = min(4, os.cpu_count() or 1)

Read = TypeVar("Read")


class Now(Generic[Read]):
    """A task that is done when its result is asked for."""

    def __init__(self, read: Callable[[], Read]) -> None:
        self.result = read


def read_ahead(
    paths: Iterable[str], read: Callable[[str], Read], depth: int
) -> Iterator[tuple[str, Task[Read]]]:
    """Yield each path and the task that reads it; threads read up to `depth` paths in advance."""
    if not depth:
        yield from ((path, Now(partial(read, path))) for path in paths)
        return
    from concurrent.futures import Future, ThreadPoolExecutor

    with ThreadPoolExecutor(READERS) as pool:
        waiting: deque[tuple[str, Future[Read]]] = deque()
        try:
            for path in paths:
                waiting.append((path, pool.submit(read, path)))
                if len(waiting) > depth:
                    yield waiting.popleft()
            yield from waiting
        finally:
            for _, task in waiting:
                task.cancel()


def good_or_none(path: str, task: Task[Read], *, listed: bool = True) -> Read | None:
    """Return what a thread read; None for an unreadable image, which is reported and `listed`.

    Darknet: src/image.c load_image_stb (AlexeyAB)
    """
    with guard(path, UNREADABLE):
        return task.result()
    if listed:
        append_unreadable(path)
    return None


def append_unreadable(path: str) -> None:
    """Add an unreadable image to the fork's list."""
    append([Problem("", BAD_FILES, path)])


def good_images(
    paths: Iterable[str], read: Callable[[str], Read], depth: int = AHEAD
) -> Iterator[tuple[str, Read | None]]:
    """Yield each path and what a thread read from it; None for an unreadable image."""
    for path, task in read_ahead(paths, read, depth):
        yield path, good_or_none(path, task)
