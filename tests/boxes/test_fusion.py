"""Boxes of several networks are fused as the package ensemble-boxes does, in 1,000 random sets."""

from dataclasses import replace

import numpy as np
import pytest
from conftest import recording

from pydarknet.boxes.box import cxcywh_to_xyxy
from pydarknet.boxes.box_arrays import BoxArrays
from pydarknet.boxes.fusion import fuse, members_settings
from pydarknet.boxes.origin import Origin
from pydarknet.boxes.settings import Decoding, Settings

HERE, NEAR, AWAY = (0.5, 0.5, 0.4, 0.4), (0.6, 0.5, 0.4, 0.4), (0.1, 0.1, 0.1, 0.1)


def found(*rows: tuple[tuple[float, ...], tuple[float, ...]], classes: int = 2) -> BoxArrays:
    """Return what a network found: a box and its scores in each row."""
    boxes = np.array([box for box, _ in rows], np.float32).reshape(-1, 4)
    scores = np.array([scores for _, scores in rows], np.float32).reshape(-1, classes)
    return BoxArrays(boxes, np.ones(len(rows), np.float32), scores, names=("a", "b"))


def members_of(arrays: dict[str, np.ndarray], rows: slice) -> list[BoxArrays]:
    """Return what the three models of a recorded set found."""
    corners = arrays["corners"][rows] / 4096
    boxes = np.concatenate(
        ((corners[:, :2] + corners[:, 2:]) / 2, corners[:, 2:] - corners[:, :2]), 1
    )
    scores = arrays["scores"][rows, None] / 65536 * (arrays["classes"][rows, None] == range(3))
    own = [arrays["models"][rows] == model for model in range(3)]
    return [BoxArrays(boxes[some], np.ones(int(some.sum())), scores[some]) for some in own]


def test_fused_boxes_are_those_of_ensemble_boxes():
    arrays = dict(np.load(recording("ensemble_boxes") / "sets.npz"))
    expected = np.load(recording("ensemble_boxes") / "fusion.npz")
    ends = np.cumsum(arrays["counts"], dtype=int)
    assert len(ends) == 1000

    got, counts = [], []
    for start, end in zip([0, *ends], ends, strict=False):
        one = fuse(members_of(arrays, slice(start, end)), 0.0)
        table = (cxcywh_to_xyxy(one.boxes), one.scores[:, None], one.classes[:, None])
        got.append(np.concatenate(table, 1))
        counts.append(len(one))

    assert counts == expected["counts"].tolist()
    np.testing.assert_allclose(np.concatenate(got), expected["rows"], rtol=0, atol=2e-6)


def test_a_network_twice_finds_what_it_finds_alone():
    alone = found((HERE, (0.75, 0.0)), (AWAY, (0.0, 0.5)))

    got = fuse([alone, alone], 0.25)

    np.testing.assert_allclose(got.boxes, alone.boxes, rtol=1e-6)
    assert got.probabilities.tolist() == alone.probabilities.tolist()
    assert got.objectness.tolist() == [0.75, 0.5]
    assert got.names == ("a", "b")


def test_a_fused_box_is_the_mean_by_scores_and_so_is_its_score():
    # they share .3 of .5: an IoU of .6
    got = fuse([found((HERE, (0.75, 0.0))), found((NEAR, (0.25, 0.0)))], 0.0)

    np.testing.assert_allclose(got.boxes, [[0.525, 0.5, 0.4, 0.4]], rtol=1e-6)
    assert got.probabilities.tolist() == [[0.5, 0]]


def test_what_one_of_two_networks_finds_counts_half():
    got = fuse([found((HERE, (0.75, 0.0))), found((AWAY, (0.5, 0.0)))], 0.25)

    assert got.probabilities.tolist() == [[0.375, 0]]  # .5 / 2 does not exceed .25


def test_the_first_networks_names_are_those_of_the_result():
    one, other = found((HERE, (0.5, 0.0))), found((HERE, (0.5, 0.0)))

    assert fuse([one], 0.0).names == ("a", "b")
    assert fuse([replace(one, names=("c", "d")), other], 0.0).names == ("c", "d")


def test_networks_need_not_all_know_where_boxes_are_from_and_how_uncertain_they_are():
    one = found((HERE, (0.5, 0.0)))
    other = replace(one, uncertainty=np.ones((1, 4), np.float32), origin=Origin((8, 8), "alexeyab"))

    for members in ([one, other], [other, one], [other, other]):
        got = fuse(members, 0.0)
        assert got.probabilities.tolist() == [[0.5, 0]]
        assert (got.uncertainty, got.origin) == (None, None)


def test_what_is_fused_is_float32():
    got = fuse([found((HERE, (0.5, 0.25)))], 0.0)

    assert {array.dtype for array in (got.boxes, got.objectness, got.probabilities)} == {
        np.dtype(np.float32)
    }


def test_boxes_of_equal_scores_keep_their_order():
    places = [(0.01 * index, 0.5, 0.001, 0.001) for index in range(90)]
    some = [(place, (0.5 - 0.25 * (index % 2),)) for index, place in enumerate(places)]

    got = fuse([found(*some, classes=1)], 0.0)

    np.testing.assert_allclose(got.boxes, [*places[::2], *places[1::2]], rtol=1e-6)


def test_of_equal_scores_the_first_classes_come_first():
    places = [(0.01 * index, 0.5, 0.001, 0.001) for index in range(90)]
    scores = [(0.5, 0.0), (0.25, 0.0), (0.0, 0.5), (0.0, 0.25)]
    some = [(place, scores[index % 4]) for index, place in enumerate(places)]

    got = fuse([found(*some)], 0.0)

    wanted = [*places[::4], *places[2::4], *places[1::4], *places[3::4]]
    np.testing.assert_allclose(got.boxes, wanted, rtol=1e-6)


def test_boxes_whose_overlap_does_not_exceed_the_limit_stay_two():
    # they share 22 of 31 + 31 - 22: .55
    got = fuse([found(((0, 0, 31, 1), (0.5,)), ((9, 0, 31, 1), (0.5,)), classes=1)], 0.0)

    assert len(got) == 2


def test_classes_are_fused_apart():
    got = fuse([found((HERE, (0.5, 0.25))), found((HERE, (0.25, 0.75)))], 0.0)

    assert got.probabilities.tolist() == [[0, 0.5], [0.375, 0]]


def test_of_nothing_comes_nothing():
    got = fuse([found(), found()], 0.0)

    assert (got.boxes.shape, got.probabilities.shape) == ((0, 4), (0, 2))


@pytest.mark.parametrize(("thresh", "weak"), [(0.25, 0.001), (0.0005, 0.0005)])
def test_members_give_weak_boxes_too(thresh, weak):
    chosen = Settings(Decoding(thresh=thresh), letterbox=False, nms=0.45)

    assert members_settings(chosen).decoding.thresh == weak
