from __future__ import annotations

import numpy as np

from pydarknet.cfg.class_tree import Tree
from pydarknet.runtime.classes import products, top


def test_the_best_come_first_and_of_equals_the_first() -> None:
    assert top(np.array([0.1, 0.4, 0.4, 0.1], np.float32), 3) == [1, 2, 0]


def test_a_score_is_multiplied_by_those_above_it() -> None:
    tree = Tree(("animal", "thing", "dog", "cat", "puppy"), (-1, -1, 0, 0, 2))
    scores = np.array([[0.5, 0.5, 0.25, 0.75, 0.5]], np.float32)

    found = products(scores, tree)

    assert found.tolist() == [[0.5, 0.5, 0.125, 0.375, 0.0625]]  # puppy: 0.5 * 0.125
    assert scores[0, 2] == 0.25  # what is given stays
