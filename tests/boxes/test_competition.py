"""Which scores compete: the best of each map or of each class."""

from __future__ import annotations

import numpy as np
import pytest

from pydarknet.boxes.box_arrays import BoxArrays
from pydarknet.boxes.competition import Competition

SCORES = [[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.6, 0.4]]


def competitors(most: int, *maps: int) -> tuple[list, list]:
    """Return the scores and the objectness of a table of four boxes, of those that compete."""
    scores = np.array(SCORES)
    table = BoxArrays(np.zeros((4, 4)), scores.max(1), scores)
    left = Competition(most, maps).competitors(table)
    return left.probabilities.tolist(), left.objectness.tolist()


@pytest.mark.parametrize(
    ("most", "maps", "scores"),
    [
        (2, (), [[0.9, 0], [0.8, 0], [0, 0.3], [0, 0.4]]),  # of each class
        (2, (1, 3), [[0.9, 0.1], [0.8, 0], [0.7, 0], [0, 0]]),  # of each map
        (5, (2, 2), SCORES),
        (1, (2, 3), SCORES),  # a table of more heads: these maps are not all of it
    ],
)
def test_of_each_map_or_class_the_best_compete(most, maps, scores):
    assert competitors(most, *maps) == (scores, [max(row) for row in scores])


def test_scores_that_equal_the_last_compete_too():
    table = BoxArrays(np.zeros((3, 4)), np.full(3, 0.5), np.array([[0.5], [0.25], [0.5]]))

    left = Competition(1).competitors(table)

    assert left.probabilities.tolist() == [[0.5], [0], [0.5]]
