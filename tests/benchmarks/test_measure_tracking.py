"""Scenes and scores by which trackers are compared."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from conftest import BENCHMARKS


@pytest.fixture
def script(monkeypatch):
    """The benchmark."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import measure_tracking

    return measure_tracking


def seen(script, whose) -> list:
    """Return frames with boxes of these objects."""
    return [
        script.View(index / 10, np.zeros((len(row), 4)), np.ones(len(row)), np.zeros(len(row)), row)
        for index, row in enumerate(map(np.array, whose))
    ]


def judge(script, whose, ids) -> tuple[int, int, int]:
    pytest.importorskip("scipy", reason="pip install -c constraints.txt '.[track]'")
    answers = iter(map(np.array, ids))
    return script.judge(lambda view: next(answers), seen(script, whose))[:3]


@pytest.mark.parametrize(
    ("ids", "right", "changes"),
    [
        ([[5, 9], [5, 9], [5, 9]], 6, 0),
        ([[0, 0], [5, 9], [5, 9]], 4, 0),  # no id in the first frame
        ([[5, 9], [9, 5], [9, 5]], 4, 2),  # they change places
        ([[5, 5], [5, 5], [5, 5]], 3, 0),  # both have one id, which is right for one
        ([[5, 9], [5, 8], [5, 7]], 4, 2),
    ],
)
def test_a_box_is_right_if_it_has_the_id_that_its_object_has_most_often(
    script, ids, right, changes
):
    assert judge(script, [[0, 1]] * 3, ids) == (6, right, changes)


def test_boxes_of_nothing_do_not_count(script):
    assert judge(script, [[0, -1], [-1, 0]], [[5, 6], [6, 5]]) == (2, 2, 0)


def test_an_object_is_hidden_by_those_after_it(script):
    edges = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [20, 0, 30, 10.0]])

    assert script.hidden_shares(edges).tolist() == [0.5, 0, 0]


def test_objects_walk_at_their_pace_and_others_come_where_one_left(script):
    edges, people = script.walks(np.random.default_rng(0), 5)

    assert edges.shape == (1200, 5, 4)
    assert people.shape == (1200, 5)
    assert (people[0] == range(5)).all()
    assert 10 < len(np.unique(people)) < 60
    for one in np.unique(people[people >= 0]):
        rows, [column, *_] = np.nonzero(people == one)
        steps = np.diff(edges[rows, column], axis=0)
        assert one % 5 == column
        assert (np.hypot(steps[:, 0], steps[:, 1]) <= 300 / 60 + 1e-9).all()
        assert np.diff(rows).max(initial=1) == 1


@pytest.mark.parametrize("riders", [False, True])
def test_a_detector_misses_one_in_ten(script, riders):
    rng = np.random.default_rng(0)
    truth = np.tile([[0, 0, 10, 10], [50, 50, 60, 60.0]], (1200, 1, 1))
    people = np.tile([0, 1], (1200, 1))
    options = SimpleNamespace(riders=riders, confused=0.25)
    views = list(script.views(rng, truth, people, 30.0, False, options))

    whose = np.concatenate([view.whose for view in views])
    kinds = np.concatenate([view.kinds for view in views])

    assert len(views) == 600
    assert (whose >= 0).mean() > 0.9  # of two objects; a tenth of a box of nothing a frame
    assert (whose >= 0).sum() == pytest.approx(1200 * 0.91, rel=0.04)
    assert (kinds[whose == 1] == 0).mean() == pytest.approx(0.25, abs=0.05)
