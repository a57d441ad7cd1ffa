"""The classes of a classifier by their scores, down a tree or not; numpy alone."""

from __future__ import annotations

from collections import deque
from pathlib import Path

import numpy as np

from ..cfg.class_tree import Tree, read_tree
from ..cfg.parser import Section


def tree_of(trees: dict[str, str], path: str | Path) -> Tree | None:
    """Return the first of the trees whose texts a file has, by name; None if it has none."""
    for name in trees:
        return read_tree(name, Section("net", str(path), 0, texts=trees))
    return None


def products(scores: np.ndarray, tree: Tree) -> np.ndarray:
    """Return the score of each class times those of all above it, [..., classes].

    Darknet: src/tree.c hierarchy_predictions
    """
    out, parents = scores.copy(), np.array(tree.parents)
    for level in tree.levels:
        out[..., level] *= out[..., parents[level]]
    return out


def top(scores: np.ndarray, k: int) -> list[int]:
    """Return the indices of the k best of scores [classes], best first.

    Of equals the first is not always before the others: see `equals`.

    Darknet: src/utils.c top_k
    """
    best = (-scores).argsort(kind="stable")[:k]
    values = scores[best]
    for value in np.unique(values):
        if np.count_nonzero(scores == value) > 1:
            best[values == value] = equals(scores, value, k)
    found: list[int] = best.tolist()
    return found


def equals(scores: np.ndarray, value: float, k: int) -> list[int]:
    """Return the indices of the scores of a value that are among the k best, in the C's order.

    The C inserts one score after the other. Behind each that is inserted, it lets the first of
    equals go to their end; where the k places are full, it falls out.

    Darknet: src/utils.c top_k
    """
    order: deque[int] = deque()
    places = k
    for index in np.flatnonzero(scores >= value).tolist():
        if scores[index] == value:
            if len(order) < places:
                order.append(index)
            continue
        order.rotate(-1)
        places -= 1
        if len(order) > places:
            order.pop()
    return list(order)
