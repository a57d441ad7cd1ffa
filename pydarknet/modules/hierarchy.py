"""A tree of classes as tensors, with the products of its probabilities and its best classes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from ..cfg.class_tree import Tree, read_tree
from ..cfg.parser import Section
from .onnx_writer import Value
from .parameters import constant
from .transfer import on_device

DEEP = 1000  # levels, above which they are not multiplied one after another


@dataclass(frozen=True)
class Hierarchy(Tree):
    """A tree of classes, with its groups, paths and leaves as tensors."""

    @staticmethod
    def read(name: str, section: Section) -> Hierarchy:
        """Read the tree file that a section names."""
        return Hierarchy(**vars(read_tree(name, section)))

    @cached_property
    def groups(self) -> Tensor:
        """The group of each class, counted from 0: int64 [classes]."""
        sizes = torch.tensor(self.sizes)
        return torch.repeat_interleave(torch.arange(len(sizes)), sizes)

    @cached_property
    def leaves(self) -> Tensor:
        """Which classes have no children, bool [classes]."""
        leaf = torch.ones(len(self.parents), dtype=torch.bool)
        leaf[[parent for parent in set(self.parents) if parent >= 0]] = False
        return leaf

    def paths(self, classes: Tensor) -> Tensor:
        """Return for each of int64 [K] the class, its parent, and so on to its root, then -1.

        [K, depth], as deep as the deepest of these.
        """
        rows = [self.path(index) for index in classes.tolist()]
        depth = max(map(len, rows), default=1)
        padded = [row + [-1] * (depth - len(row)) for row in rows]
        table = torch.tensor(padded, dtype=torch.int64).view(-1, depth)
        return on_device(table, classes.device)

    def products(self, probabilities: Tensor) -> Tensor:
        """Return the probability of each class times those of all its ancestors, [..., classes].

        Darknet: src/tree.c hierarchy_predictions
        """
        out = probabilities.clone()
        if len(self.levels) > DEEP:
            parents = torch.tensor(self.parents, device=out.device)
            return self.products_of_halves(out, parents)
        for level in self.levels:
            above = tuple(self.parents[index] for index in level)
            chosen, parents = (constant(line, out, torch.int64) for line in (tuple(level), above))
            out[..., chosen] *= out[..., parents]
        return out

    def onnx_products(self, probabilities: Value) -> Value:
        """Write what `products` returns of [N, K, classes], as `products_of_halves` does.

        A class with none above it gathers a column of ones, which stands after the last class.
        """
        out, above = probabilities, np.array(self.parents)
        one = out.take(2, 0, 1) * 0.0 + 1
        while (above >= 0).any():
            places = np.where(above >= 0, above, len(above)).tolist()
            out = out * out.writer.concat(2, out, one).gather(2, places)
            above = np.where(above >= 0, above[above], above)
        return out

    def products_of_halves(self, out: Tensor, above: Tensor) -> Tensor:
        """Return `products` in as many steps as the depth has bits: each doubles the way up.

        `above` int64 [classes] are the classes above, -1 beyond a root. Roundings differ.
        """
        while (above >= 0).any():
            there = above.clamp(min=0)
            out = torch.where(above >= 0, out * out[..., there], out)
            above = torch.where(above >= 0, above[there], above)
        return out

    def tops(self, products: Tensor, thresh: float) -> Tensor:
        """Return the best class of each row [K, classes]: the deepest that a walk down accepts.

        Where `Tree.top` walks down for a row, this takes a step for all rows; nothing waits for a
        GPU.

        Darknet: src/tree.c hierarchy_top_prediction
        """
        starts, sizes, below = (constant(line, products, torch.int64) for line in self.steps)
        group = torch.zeros(len(products), dtype=torch.int64, device=products.device)
        trust, walking, best = torch.ones_like(products[:, 0]), group == 0, group
        for level in range(len(self.levels) + 1):
            there, value = best_of_group(products, starts[group], sizes[group], max(self.sizes))
            walking = walking & (trust * value > thresh)
            best = torch.where(walking, there, best) if level else there
            trust, group = trust * value, below[there]
            walking, group = walking & (group >= 0), group.clamp(min=0)
        return best

    @cached_property
    def steps(self) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
        """The first class and the size of each group, and the group below each class, or -1."""
        starts = tuple(np.cumsum((0, *self.sizes[:-1])).tolist())
        numbers = {start: number for number, start in enumerate(starts)}
        nothing = (-1, -1)
        below = (self.children.get(index, nothing)[0] for index in range(len(self.parents)))
        return starts, self.sizes, tuple(numbers.get(start, -1) for start in below)


def best_of_group(
    products: Tensor, starts: Tensor, sizes: Tensor, most: int
) -> tuple[Tensor, Tensor]:
    """Return the first of the best classes of a group of each row, and its value, [K] each.

    A row's group has `sizes` classes, at most `most`, from `starts` on, int64 [K] each.
    """
    place = torch.arange(most, device=products.device)
    inside = place < sizes[:, None]
    classes = torch.where(inside, starts[:, None] + place, starts[:, None])
    values = products.gather(1, classes).masked_fill(~inside, -torch.inf)
    first = values.argmax(1, keepdim=True)
    return classes.gather(1, first)[:, 0], values.gather(1, first)[:, 0]
