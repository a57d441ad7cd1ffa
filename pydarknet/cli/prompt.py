"""The prompt that asks for paths: one after the other, or for all that wait on stdin."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Iterator
from functools import cached_property

from ..dataset.files import path_in
from ..system.console import say
from ..system.text import lines_of
from ..system.waiting import Waiting, waiting_in, with_rest
from .image_words import is_film

TEXT = "Enter Image Path: "


class Prompt:
    """The prompt, and the lines that it gets.

    Where stdin is a file, or a pipe that has ended, all lines wait there: then images are worked on
    several at once, and the prompt is said before each answer, as if they came one by one. Films
    have many answers each, so that lines that name one are read one by one.

    Darknet: examples/detector.c test_detector
    """

    @cached_property
    def stdin(self) -> Waiting:
        """What waits on stdin."""
        return waiting_in(sys.stdin)

    @cached_property
    def waiting(self) -> list[str] | None:
        """All lines of stdin; None where somebody or a program may wait for an answer."""
        content, ended = self.stdin
        return list(lines_of(io.TextIOWrapper(io.BytesIO(content)))) if ended else None

    @cached_property
    def knows_all(self) -> bool:
        """Whether images need not be worked on one by one."""
        paths = None if self.waiting is None else map(path_in, filter(str.strip, self.waiting))
        return paths is not None and not any(map(is_film, paths))

    @cached_property
    def still(self) -> Iterator[bool]:
        """Whether each line that waits still, unanswered, names an image."""
        return (bool(line.strip()) for line in self.waiting or ())

    def paths(self) -> Iterator[str]:
        """Yield the path in each line, and say the prompt before it, until the input ends."""
        coming = lines_of(with_rest(self.stdin.content, sys.stdin))
        lines: Iterable[str] = coming if self.waiting is None else self.waiting
        rest = iter(lines)
        while True:
            say(TEXT, end="")
            line = next(rest, None)
            if line is None:
                return
            if line.strip():
                yield path_in(line)

    def paths_that_wait(self) -> Iterator[str]:
        """Yield the path in each line that waits; the prompt is said by `ask`."""
        return map(path_in, filter(str.strip, self.waiting or ()))

    def ask(self) -> None:
        """Say the prompt for the next image that waits, or after the last, for empty lines too."""
        named = False
        while not named:
            say(TEXT, end="")
            named = next(self.still, True)
