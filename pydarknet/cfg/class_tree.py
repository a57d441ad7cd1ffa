"""Trees of classes, as YOLO9000 uses them."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from ..system.text import excerpt
from .parser import Section


@dataclass(frozen=True)
class Tree:
    """Names and parents (-1: a root) of classes; children of one parent are consecutive.

    Darknet: src/tree.c read_tree
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """The sizes of the groups: consecutive classes of one parent."""
        return tuple(len(list(run)) for _, run in groupby(self.parents))

    def top(self, row: list[float], thresh: float) -> int:
        """Walk down the best of each group while the product of what is met exceeds `thresh`.

        As in C, the product is a float after each step.

        Darknet: src/tree.c hierarchy_top_prediction
        """
        trust, parent = 1.0, -1
        while True:
            start, end = self.children[parent]
            best = max(range(start, end), key=lambda index: row[index])
            trust = as_float32(trust * row[best])
            if trust <= as_float32(thresh):
                return best if parent < 0 else parent
            if best not in self.children:
                return best
            parent = best

    def path(self, index: int) -> list[int]:
        """Return a class, its parent, and so on up to its root."""
        found = [index]
        while (index := self.parents[index]) >= 0:
            found.append(index)
        return found

    @cached_property
    def children(self) -> dict[int, tuple[int, int]]:
        """The first and one past the last child of each class that has any; -1 has the roots."""
        found: dict[int, tuple[int, int]] = {}
        start = 0
        for size in self.sizes:
            found.setdefault(self.parents[start], (start, start + size))
            start += size
        return found

    def is_leaf(self, index: int) -> bool:
        """Return whether a class has none below it."""
        return index not in self.children

    @cached_property
    def levels(self) -> list[list[int]]:
        """The classes below the roots, by depth."""
        depths = [0] * len(self.parents)
        levels: list[list[int]] = []
        for index, parent in enumerate(self.parents):
            depths[index] = depths[parent] + 1 if parent >= 0 else 0
            while len(levels) < depths[index]:
                levels.append([])
            if parent >= 0:
                levels[depths[index] - 1].append(index)
        return levels


def as_float32(number: float) -> float:
    """Return the float of C that is nearest to a number."""
    value: float = struct.unpack("f", struct.pack("f", number))[0]
    return value


def read_tree(name: str, section: Section) -> Tree:
    """Read a tree file that a section names: on each line a class and the number of its parent.

    Darknet: src/tree.c read_tree
    """
    names: list[str] = []
    parents: list[int] = []
    met: set[int] = set()  # the parents so far
    path, text = section.text_of(name, "a tree of classes")
    for number, line in enumerate(text.rstrip("\n").split("\n"), start=1):
        words = line.split()
        where = f"tree {path}:{number}"
        if len(words) != 2 or not re.fullmatch("-?[0-9]+", words[1]):
            shown = excerpt(line.strip()) or "an empty line"
            raise section.error(
                f"{where}: {shown}: expected the name of a class and the number of its parent"
            )
        parent = int(words[1][:12])
        if not -1 <= parent < len(parents):
            earlier = f"an earlier line, at most {len(parents) - 1}, or " if parents else ""
            raise section.error(
                f"{where}: parent {excerpt(words[1])}: expected {earlier}-1 for none"
            )
        if parent in met and parent != parents[-1]:
            own = excerpt(words[0])
            raise section.error(f"{where}: {own}: expected it next to its parent's others")
        names.append(words[0])
        parents.append(parent)
        met.add(parent)
    return Tree(tuple(names), tuple(parents))
