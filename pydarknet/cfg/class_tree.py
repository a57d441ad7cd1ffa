"""Trees of classes, as YOLO9000 uses them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path

import torch
from torch import Tensor

from .parser import Section, read_text, shortened


@dataclass(frozen=True)
class Tree:
    """Names and parents (-1: a root) of classes; classes of one parent stand together.

    Darknet: src/tree.c read_tree
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """The sizes of the groups: consecutive classes of one parent."""
        return tuple(len(list(run)) for _, run in groupby(self.parents))

    @cached_property
    def groups(self) -> Tensor:
        """The group of each class, counted from 0: int64 [classes]."""
        sizes = torch.tensor(self.sizes)
        return torch.repeat_interleave(torch.arange(len(sizes)), sizes)

    @cached_property
    def ancestors(self) -> Tensor:
        """Each class, its parent, and so on up to its root, then -1: int64 [classes, depth]."""
        rows: list[list[int]] = []
        for index, parent in enumerate(self.parents):
            rows.append([index, *(rows[parent] if parent >= 0 else [])])
        depth = max(map(len, rows))
        return torch.tensor([row + [-1] * (depth - len(row)) for row in rows])

    @cached_property
    def leaves(self) -> Tensor:
        """Which classes are nobody's parent, bool [classes]."""
        leaf = torch.ones(len(self.parents), dtype=torch.bool)
        leaf[[parent for parent in set(self.parents) if parent >= 0]] = False
        return leaf

    def products(self, probabilities: Tensor) -> Tensor:
        """Return each class's probability times those of all its ancestors; [..., classes].

        Darknet: src/tree.c hierarchy_predictions
        """
        out = probabilities.clone()
        parents = torch.tensor(self.parents, device=out.device)
        for level in self.levels:
            chosen = torch.tensor(level, device=out.device)
            out[..., chosen] *= out[..., parents[chosen]]
        return out

    def tops(self, products: Tensor, thresh: float) -> Tensor:
        """Return for each row of classes [K, classes] the deepest that a walk down trusts.

        Darknet: src/tree.c hierarchy_top_prediction
        """
        return torch.tensor([self.top(row, thresh) for row in products.tolist()], dtype=torch.int64)

    def top(self, row: list[float], thresh: float) -> int:
        """Walk down the best of each group while the product of what is met exceeds `thresh`."""
        trust, parent = 1.0, -1
        while True:
            start, end = self.children[parent]
            best = max(range(start, end), key=lambda index: row[index])
            if trust * row[best] <= thresh:
                return best if parent < 0 else parent
            if best not in self.children:
                return best
            trust, parent = trust * row[best], best

    @cached_property
    def children(self) -> dict[int, tuple[int, int]]:
        """The first and one past the last child of each class that has any; -1 has the roots."""
        found: dict[int, tuple[int, int]] = {}
        start = 0
        for size in self.sizes:
            found.setdefault(self.parents[start], (start, start + size))
            start += size
        return found

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


def read_tree(name: str, section: Section) -> Tree:
    """Read a tree file that a section names: on each line a class and the number of its parent.

    Darknet: src/tree.c read_tree
    """
    names: list[str] = []
    parents: list[int] = []
    path = found(name, section)
    for number, line in enumerate(read_text(path).rstrip("\n").split("\n"), start=1):
        words = line.split()
        where = f"tree {path}:{number}"
        if len(words) != 2 or not re.fullmatch("-?[0-9]+", words[1]):
            raise section.error(f"{where}: {shortened(line)}: expected a name and a number")
        parent = int(words[1][:12])
        if not -1 <= parent < len(parents):
            raise section.error(f"{where}: parent {shortened(words[1])}: expected an earlier line")
        if parent in parents and parent != parents[-1]:
            raise section.error(f"{where}: {words[0]}: expected it next to its parent's others")
        names.append(words[0])
        parents.append(parent)
    return Tree(tuple(names), tuple(parents))


def found(name: str, section: Section) -> Path:
    """Return the file a section names: as it stands, or beside the cfg or the cfg's folder."""
    folder = Path(section.path).parent
    for path in (Path(name), folder / name, folder.parent / name):
        if path.is_file():
            return path
    raise section.error(f"Couldn't open file: {shortened(name)}")
