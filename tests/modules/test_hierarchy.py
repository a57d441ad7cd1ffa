"""The groups, paths and leaves of a tree as tensors, and its products."""

from __future__ import annotations

import torch

from pydarknet.modules.hierarchy import Hierarchy

#       0 animal      1 thing
#    2 dog   3 cat     4 car
#  5 poodle
HIERARCHY = Hierarchy(("animal", "thing", "dog", "cat", "car", "poodle"), (-1, -1, 0, 0, 1, 2))


def test_each_class_knows_its_group():
    assert HIERARCHY.groups.tolist() == [0, 0, 1, 1, 2, 3]


def test_the_path_of_a_class_begins_with_itself_and_ends_at_its_root():
    assert HIERARCHY.paths(torch.arange(6)).tolist() == [
        [0, -1, -1],
        [1, -1, -1],
        [2, 0, -1],
        [3, 0, -1],
        [4, 1, -1],
        [5, 2, 0],
    ]


def test_paths_are_as_deep_as_the_classes_asked_for():
    assert HIERARCHY.paths(torch.tensor([4, 1])).tolist() == [[4, 1], [1, -1]]
    assert HIERARCHY.paths(torch.tensor([], dtype=torch.int64)).shape == (0, 1)


def test_leaves_are_nobodys_parent():
    assert HIERARCHY.leaves.tolist() == [False, False, False, True, True, True]


def test_a_class_is_multiplied_with_its_ancestors():
    probabilities = torch.tensor([[0.8, 0.2, 0.5, 0.5, 1.0, 0.9]])

    products = HIERARCHY.products(probabilities)

    # animal, thing, .5 * animal, .5 * animal, 1 * thing, .9 * .5 * animal
    torch.testing.assert_close(products, torch.tensor([[0.8, 0.2, 0.4, 0.4, 0.2, 0.36]]))
    assert probabilities[0, 2] == 0.5


def test_each_row_of_products_has_its_own_walk():
    products = torch.tensor([[0.8, 0.2, 0.4, 0.4, 0.2, 0.36], [0.2, 0.8, 0.1, 0.1, 0.8, 0.1]])

    # .8, then .8 * .4 = .32 <= .5; thing .8, car .8 * .8 = .64, which has no children
    assert HIERARCHY.tops(products, 0.5).tolist() == [0, 4]


def test_a_line_of_descent_of_thousands_is_multiplied_at_once():
    count = 100_000  # level by level this took five seconds
    line = Hierarchy(("x",) * count, tuple(range(-1, count - 1)))
    probabilities = torch.full((2, count), 0.999, dtype=torch.float64)
    probabilities[1, 1000] = 0

    products = line.products(probabilities)

    torch.testing.assert_close(products[0], torch.cumprod(probabilities[0], 0))
    assert products[1].count_nonzero() == 1000
