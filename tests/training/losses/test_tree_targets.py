"""In a tree a class has those above it as targets, and the members of their groups have deltas."""

from __future__ import annotations

from types import SimpleNamespace

import torch

from pydarknet.modules.hierarchy import Hierarchy
from pydarknet.training.losses.tree_targets import class_targets, multi_hot

TREE = Hierarchy(("animal", "thing", "cat", "dog", "car", "cart"), (-1, -1, 0, 0, 1, 1))


def targets(kind: int, tree: Hierarchy | None) -> list[list[int]]:
    """Return the targets of a slot of a class, and the classes that have a delta."""
    classes = torch.tensor([kind])
    one_hot = torch.arange(6) == classes[:, None]
    matches = SimpleNamespace(classes=classes, one_hot=lambda count: one_hot)
    layer = SimpleNamespace(classes=6, hierarchy=tree)
    return [one.int().tolist()[0] for one in class_targets(layer, matches)]


def test_without_a_tree_every_class_has_a_delta():
    assert targets(3, None) == [[0, 0, 0, 1, 0, 0], [1] * 6]


def test_a_leaf_has_the_class_above_it_and_both_groups_have_deltas():
    assert targets(3, TREE) == [[1, 0, 0, 1, 0, 0], [1, 1, 1, 1, 0, 0]]


def test_a_root_has_its_own_group():
    assert targets(1, TREE) == [[0, 1, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0]]


def test_minus_one_is_no_index():
    flags = multi_hot(torch.tensor([[0, -1], [2, 1], [-1, -1]]), 3)

    assert flags.int().tolist() == [[1, 0, 0], [0, 1, 1], [0, 0, 0]]
