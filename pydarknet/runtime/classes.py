"""The classes of a classifier by their scores, down a tree or not; numpy alone."""

from __future__ import annotations

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
    """Return the indices of the k best of scores [classes], best first; of equals the first.

    Darknet: src/utils.c top_k
    """
    best: list[int] = (-scores).argsort(kind="stable")[:k].tolist()
    return best
