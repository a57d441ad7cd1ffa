from __future__ import annotations

import numpy as np
import pytest

from pydarknet.cfg.class_tree import Tree
from pydarknet.runtime.classes import products, top


@pytest.mark.parametrize(
    ("scores", "expected"),  # as the C function sorts them
    [
        ([0.1, 0.4, 0.4, 0.1], [1, 2, 0]),
        ([5, 5, 7], [2, 1, 0]),
        ([5, 5, 5, 7, 5, 9], [5, 3, 2]),
        ([1, 1, 1, 1], [0, 1, 2]),
        ([3, 3, 2, 2, 2, 3], [0, 1, 5]),
        ([2, 2, 2, 2, 3, 2, 3], [4, 6, 2]),
        ([1, 2], [1, 0]),
    ],
)
def test_the_best_come_first_and_equals_in_the_order_of_the_c(scores, expected) -> None:
    assert top(np.array(scores, np.float32), 3) == expected


def test_a_score_is_multiplied_by_those_above_it() -> None:
    tree = Tree(("animal", "thing", "dog", "cat", "puppy"), (-1, -1, 0, 0, 2))
    scores = np.array([[0.5, 0.5, 0.25, 0.75, 0.5]], np.float32)

    found = products(scores, tree)

    assert found.tolist() == [[0.5, 0.5, 0.125, 0.375, 0.0625]]  # puppy: 0.5 * 0.125
    assert scores[0, 2] == 0.25  # what is given stays
