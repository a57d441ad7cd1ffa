"""Suppression leaves what the C leaves, in the order in which it leaves it."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from conftest import recording
from suppression import (
    KINDS,
    boxes_on_grid,
    crowds_out,
    nms_by_loops,
    nms_obj_by_loops,
    order,
)

from pydarknet.boxes import suppression as module
from pydarknet.boxes.box_arrays import BoxArrays
from pydarknet.boxes.rule import SuppressionRule
from pydarknet.boxes.suppression import suppress_each, suppress_objects

DETECTORS = [
    "ab_gaussian_yolo_a",
    "ab_gaussian_yolo_corners",
    "ab_grayscale",
    "ab_letterbox_cfg:tall",
    "ab_letterbox_cfg:wide",
    "ab_nonsquare_a:same",
    "ab_nonsquare_a:tall",
    "ab_nonsquare_a:wide",
    "ab_region_tree",
    "ab_yolov1_a",
    "ab_yolov1_b",
    "ab_yolov2_a",
    "ab_yolov2_nosoftmax",
    "ab_yolov3_a",
    "ab_yolov3_b",
    "ab_yolov3tiny_a",
    "ab_yolov4_csp_newcoords_mish",
    "ab_yolov4_mish_a",
    "ab_yolov4_mish_diounms",
    "ab_yolov4tiny_a",
    "ab_yolov7_newcoords_swish",
    "pj_nonsquare_a:same",
    "pj_nonsquare_a:tall",
    "pj_nonsquare_a:wide",
    "pj_yolov1_a",
    "pj_yolov1_b",
    "pj_yolov2_a",
    "pj_yolov2_nosoftmax",
    "pj_yolov3_a",
    "pj_yolov3_b",
    "pj_yolov3tiny_a",
]  # folder infer_NAME, and which of its images


WAYS = {
    "all boxes at once": {},
    "all boxes at once, box by box": {"CHUNK": 1},
    "class by class": {"CALL": -(10**9)},
    "sorted, for all classes": {"MANY": 0},
    "sorted, class by class": {"MANY": 0, "CALL": -(10**9)},
}


def suppress(
    found: BoxArrays, threshold: float, kind: str = "default", beta: float = 0.6, **options: bool
) -> BoxArrays:
    """Suppress the boxes of one image."""
    stay = options.pop("stay", False)
    rule = SuppressionRule(kind, beta, **options)
    [left] = suppress_each([found], threshold, rule, stay=stay)
    return left


@pytest.fixture(params=WAYS.values(), ids=WAYS)
def _every_way(request, monkeypatch):
    """Run a test with every way of comparing boxes."""
    for name, value in request.param.items():
        monkeypatch.setattr(module, name, value)


@pytest.mark.usefixtures("_every_way")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(6))
def test_nms_is_the_loops_of_the_reference(kind, seed):
    detections = boxes_on_grid(seed).numpy()

    got = suppress(detections, 0.45, kind, beta=0.8)

    expected = nms_by_loops(detections, 0.45, kind, beta=0.8)
    assert order(got) == [row.number for row in expected]
    assert got.probabilities.tolist() == [row.prob for row in expected]


@pytest.mark.usefixtures("_every_way")
@pytest.mark.parametrize("seed", range(6))
def test_nms_is_the_loops_where_few_boxes_have_a_class(seed):
    detections = boxes_on_grid(seed, count=30, classes=8).numpy()
    detections.probabilities[np.arange(30 * 8).reshape(30, 8) % 5 > 0] = 0

    got = suppress(detections, 0.3)

    expected = nms_by_loops(detections, 0.3, "default", 0)
    assert order(got) == [row.number for row in expected]
    assert got.probabilities.tolist() == [row.prob for row in expected]


@pytest.mark.parametrize("seed", range(12))
def test_nms_is_the_loops_for_negative_scores_too(seed):
    grid, numbers = boxes_on_grid(seed).numpy(), np.random.default_rng(seed)
    scores = numbers.choice(np.float32([-0.5, -0.25, 0, 0.25, 0.5]), (40, 4))
    detections = replace(grid, probabilities=scores)

    got = suppress(detections, 0.45)

    expected = nms_by_loops(detections, 0.45, "default", 0)
    assert order(got) == [row.number for row in expected]
    assert got.probabilities.tolist() == [row.prob for row in expected]


@pytest.mark.usefixtures("_every_way")
@pytest.mark.parametrize("seed", range(6))
def test_nms_obj_is_the_loops_of_the_reference(seed):
    detections = boxes_on_grid(seed).numpy()

    got = suppress_objects(detections, 0.45)

    expected = nms_obj_by_loops(detections, 0.45)
    assert order(got) == [row.number for row in expected]
    assert got.objectness.tolist() == [row.objectness for row in expected]
    assert got.probabilities.tolist() == [row.prob for row in expected]


@pytest.mark.parametrize("pairs", [1, 35, 10**6])  # one of ten boxes at a time, three, all
def test_a_box_crowds_out_what_it_overlaps_however_many_are_compared_at_a_time(pairs, monkeypatch):
    monkeypatch.setattr(module, "CHUNK", pairs)
    boxes = boxes_on_grid(0, count=10).numpy().boxes

    got = module.crowds(boxes, 0.3, None)

    assert got == [
        sum(int(crowds_out(a, b, 0.3, "default", 0)) << bit for bit, b in enumerate(boxes))
        for a in boxes
    ]


@pytest.mark.parametrize(
    ("objectness", "scores", "left"),
    [
        ((0, 1, 1, 1), [(0.5,)] * 4, [3, 1, 2, 0]),  # equals keep the order after the swap
        ((1, 1, 1), [(0, 0.5), (0, 0.5), (0.25, 0.5)], [2, 0, 1]),  # or that of the class before
        ((1, 1, 1), [(-0.5,), (0.25,), (0,)], [1, 2, 0]),  # what has none is more than a negative
        ((0, 1, 1), [(0, 0), (0, 0.5), (-0.5, 0.5)], [1, 2, 0]),  # and so among equals after it
    ],
)
def test_boxes_that_overlap_none_come_in_the_order_of_the_loops(objectness, scores, left):
    apart = [(place, 0.5, 0.5, 0.5) for place in range(len(scores))]
    found = replace(scored(*scores, boxes=apart), objectness=np.float32(objectness))

    got = suppress(found, 0.45)

    assert order(got) == left == [row.number for row in nms_by_loops(found, 0.45, "default", 0)]


@pytest.mark.parametrize(
    ("count", "shared", "compared"),
    [
        (400, False, [200, 200]),  # twice 200^2 pairs are fewer than 400^2
        (400, True, [400]),  # once 400^2 pairs, and not for each class
        (100, False, [100]),  # to begin twice takes longer than to compare all
    ],
)
def test_boxes_are_compared_at_once_or_by_class_as_is_less_work(
    count, shared, compared, monkeypatch
):
    sizes, crowds = [], module.crowds
    monkeypatch.setattr(
        module, "crowds", lambda boxes, *rest: sizes.append(len(boxes)) or crowds(boxes, *rest)
    )
    scores = np.ones((count, 2), np.float32)
    if not shared:
        scores[: count // 2, 0] = scores[count // 2 :, 1] = 0
    places = np.full((count, 4), 0.5, np.float32)

    suppress(BoxArrays(places, np.ones(count, np.float32), scores), 0.45)

    assert sizes == compared


# Against the C program


def recorded(detector: str, file: str) -> Any:
    """Return a file of a recording, read: `expected` the arrays, `meta` the settings."""
    name, _, which = detector.partition(":")
    path = recording(f"infer_{name}") / (f"{file}_{which}" if which else file)
    if file == "meta":
        return json.loads(path.with_suffix(".json").read_text())
    return np.load(path.with_suffix(".npz"))


def part(arrays: dict[str, np.ndarray], step: str) -> BoxArrays:
    return BoxArrays(*(arrays[f"det_{step}_{key}"] for key in ("bbox", "obj", "prob")))


def assert_same(got: BoxArrays, expected: BoxArrays) -> None:
    """Compare in order, to the last bit: no number is computed, they are moved or zeroed."""
    np.testing.assert_array_equal(got.boxes, expected.boxes)
    np.testing.assert_array_equal(got.objectness, expected.objectness)
    np.testing.assert_array_equal(got.probabilities, expected.probabilities)


@pytest.mark.parametrize("many", [0, 10**9])
@pytest.mark.parametrize("detector", DETECTORS)
def test_nms_leaves_what_the_reference_leaves(detector, many, monkeypatch):
    monkeypatch.setattr(module, "MANY", many)
    arrays, meta = recorded(detector, "expected"), recorded(detector, "meta")

    got = suppress(part(arrays, "raw"), meta["nms"], meta["nms_kind"], meta["beta_nms"])

    assert_same(got, part(arrays, "nms"))


@pytest.mark.parametrize("detector", DETECTORS)
def test_nms_obj_leaves_what_the_reference_leaves(detector):
    arrays, meta = recorded(detector, "expected"), recorded(detector, "meta")

    got = suppress_objects(part(arrays, "raw"), meta["nms"])

    assert_same(got, part(arrays, "nmsobj"))


# One fact each


def scored(*rows: tuple[float, ...], boxes: list[tuple[float, ...]]) -> BoxArrays:
    number = np.arange(len(rows))[:, None]
    return BoxArrays(
        np.array(boxes, np.float32),
        np.ones(len(rows), np.float32),
        np.array(rows, np.float32),
        number,
    )


HERE, BESIDE, AWAY = (0.5, 0.5, 0.2, 0.2), (0.5, 0.6, 0.2, 0.2), (0.1, 0.1, 0.1, 0.1)


def test_the_better_of_two_boxes_stays():
    got = suppress(scored((0.5,), (0.75,), (0.25,), boxes=[HERE, HERE, AWAY]), 0.45)

    assert got.probabilities.tolist() == [[0.75], [0], [0.25]]
    assert order(got) == [1, 0, 2]


def test_classes_do_not_suppress_each_other():
    got = suppress(scored((0.5, 0.0), (0.0, 0.75), boxes=[HERE, HERE]), 0.45)

    assert got.probabilities.tolist() == [[0, 0.75], [0.5, 0]]


def test_an_overlap_equal_to_the_threshold_stays():
    # two of the size 2 x 2, one lower by 1: they share 2 of 6
    boxes = [(0.0, 0.0, 2.0, 2.0), (0.0, 1.0, 2.0, 2.0)]

    third = float(np.float32(2) / 6)
    assert suppress(scored((0.5,), (0.25,), boxes=boxes), third).probabilities.tolist() == [
        [0.5],
        [0.25],
    ]


def test_an_overlap_above_the_threshold_goes():
    boxes = [(0.0, 0.0, 2.0, 2.0), (0.0, 1.0, 2.0, 2.0)]

    assert suppress(scored((0.5,), (0.25,), boxes=boxes), 0.33).probabilities.tolist() == [
        [0.5],
        [0],
    ]


def test_a_suppressed_box_suppresses_nobody():
    # each overlaps its neighbour by 3 of 5, the first and the last by 2 of 6
    boxes = [(0.0, 0.0, 4.0, 1.0), (1.0, 0.0, 4.0, 1.0), (2.0, 0.0, 4.0, 1.0)]

    got = suppress(scored((0.75,), (0.5,), (0.25,), boxes=boxes), 0.45)

    assert got.probabilities.tolist() == [[0.75], [0], [0.25]]


def test_boxes_come_back_in_the_order_of_the_last_class():
    got = suppress(scored((0.5, 0.0), (0.75, 0.25), (0.0, 0.5), boxes=[AWAY, HERE, BESIDE]), 0.45)

    # by class 1: rows 2 and 1; row 0 has none of it
    assert order(got) == [2, 1, 0]


@pytest.mark.parametrize(
    ("kind", "beta", "threshold", "left"),
    [
        ("default", 0.6, 0.45, 0),  # 0.5 is above
        ("cornersnms", 0.6, 0.45, 0),
        ("greedynms", 0.6, 0.45, 0.25),  # 0.5 - (1 / 17)^0.6 = 0.317 is not
        ("greedynms", 0.6, 0.30, 0),
        ("greedynms", 1.0, 0.43, 0.25),  # its exponent is fixed
        ("diounms", 1.0, 0.43, 0),  # 0.5 - 1 / 17 = 0.441
        ("diounms", 0.6, 0.43, 0.25),
    ],
)
def test_the_kind_decides_whether_distance_counts(kind, beta, threshold, left):
    # two of 1 x 3, one lower by 1: they share 2 of 4, d^2 = 1, both lie in 1 x 4: c^2 = 17
    detections = scored((0.5,), (0.25,), boxes=[(0.0, 0.0, 1.0, 3.0), (0.0, 1.0, 1.0, 3.0)])

    got = suppress(detections, threshold, kind, beta)

    assert got.probabilities.tolist() == [[0.5], [left]]


def test_boxes_without_objectness_are_swapped_to_the_end_and_forgotten():
    boxes = scored((0.5,), (0.75,), (0.5,), (0.5,), boxes=[HERE, AWAY, HERE, AWAY])
    detections = replace(boxes, objectness=np.array([0.0, 0.5, 0.5, 0.5]))

    got = suppress(detections, 0.45)

    # 0 changes places with 3: that leaves 3 1 2, sorted by score 1 3 2
    assert order(got) == [1, 3, 2, 0]
    assert got.probabilities.tolist() == [[0.75], [0], [0.5], [0.5]]


def test_nms_obj_forgets_the_classes():
    boxes = scored((0.5, 0), (0, 0.25), boxes=[HERE, HERE])
    detections = replace(boxes, objectness=np.array([0.5, 0.75]))

    got = suppress_objects(detections, 0.45)

    assert got.objectness.tolist() == [0.75, 0]
    assert got.probabilities.tolist() == [[0, 0.25], [0, 0]]


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_found_stays_nothing(kind):
    nothing = BoxArrays(np.zeros((0, 4)), np.zeros(0), np.zeros((0, 3)))

    assert len(suppress(nothing, 0.45, kind)) == 0
    assert len(suppress_objects(nothing, 0.45)) == 0


def test_what_is_given_stays_as_it_is():
    detections = scored((0.5,), (0.75,), boxes=[HERE, HERE])

    suppress(detections, 0.45)
    suppress_objects(detections, 0.45)

    assert detections.objectness.tolist() == [1, 1]
    assert detections.probabilities.tolist() == [[0.5], [0.75]]


def test_boxes_may_keep_their_places():
    got = suppress(scored((0.25,), (0.75,), (0.5,), boxes=[HERE, AWAY, HERE]), 0.45, stay=True)

    assert order(got) == [0, 1, 2]
    assert got.probabilities.tolist() == [[0], [0.75], [0.5]]


def test_boxes_move_unless_they_are_to_stay():
    [got] = suppress_each([scored((0.25,), (0.75,), boxes=[HERE, AWAY])], 0.45)

    assert order(got) == [1, 0]


# Kinds of ours


@pytest.mark.parametrize("agnostic", [False, True])
def test_none_suppresses_nothing_and_moves_nothing(agnostic):
    boxes = scored((0.5, 0.25), (0.75, 0.0), boxes=[HERE, HERE])

    assert suppress(boxes, 0.45, "none", agnostic=agnostic) is boxes


def test_softnms_lowers_a_score_by_the_overlap():
    # two of 2 x 2, one lower by 1: they share 2 of 6
    boxes = [(0.0, 0.0, 2.0, 2.0), (0.0, 1.0, 2.0, 2.0)]

    got = suppress(scored((0.25,), (0.5,), boxes=boxes), 0.3, "softnms", stay=True)

    np.testing.assert_allclose(got.probabilities, [[0.25 * 2 / 3], [0.5]], rtol=1e-6)


def test_softnms_leaves_a_score_whose_overlap_is_no_more_than_the_threshold():
    boxes = [(0.0, 0.0, 2.0, 2.0), (0.0, 1.0, 2.0, 2.0)]

    got = suppress(scored((0.25,), (0.5,), boxes=boxes), 0.34, "softnms", stay=True)

    assert got.probabilities.tolist() == [[0.25], [0.5]]


def test_softnms_returns_boxes_in_the_order_of_the_scores_before():
    got = suppress(scored((0.25,), (0.5,), (0.75,), boxes=[AWAY, HERE, HERE]), 0.45, "softnms")

    assert order(got) == [2, 1, 0]
    assert got.probabilities.tolist() == [[0.75], [0], [0.25]]  # equal boxes: 1 - IoU is 0


@pytest.mark.parametrize("kind", KINDS)
def test_classes_compete_if_suppression_is_agnostic(kind):
    boxes = scored((0.5, 0.25), (0.0, 0.75), (0.25, 0.25), boxes=[HERE, HERE, AWAY])

    got = suppress(boxes, 0.45, kind, agnostic=True, stay=True)

    assert got.probabilities.tolist() == [[0, 0], [0, 0.75], [0.25, 0.25]]


def test_agnostic_suppression_returns_boxes_by_their_best_class():
    boxes = scored((0.5, 0.0), (0.0, 0.75), (0.6, 0.1), boxes=[HERE, AWAY, BESIDE])

    assert order(suppress(boxes, 0.45, agnostic=True)) == [1, 2, 0]


def test_agnostic_softnms_lowers_all_scores_of_a_box():
    # two of 2 x 2, one lower by 1: they share 2 of 6
    boxes = [(0.0, 0.0, 2.0, 2.0), (0.0, 1.0, 2.0, 2.0)]

    got = suppress(
        scored((0.5, 0.0), (0.25, 0.125), boxes=boxes), 0.3, "softnms", agnostic=True, stay=True
    )

    expected = [[0.5, 0], [0.25 * 2 / 3, 0.125 * 2 / 3]]
    np.testing.assert_allclose(got.probabilities, expected, rtol=1e-6)


def test_agnostic_softnms_goes_on_with_the_best_score_of_those_that_it_lowered():
    # three of 2 x 2 in a row, each lower by 1 than the one before: neighbours share 2 of 6
    boxes = [(0.0, 0.0, 2.0, 2.0), (0.0, 1.0, 2.0, 2.0), (0.0, 2.0, 2.0, 2.0)]
    scores = (0.9, 0.0), (0.0, 0.8), (0.3, 0.1)

    got = suppress(scored(*scores, boxes=boxes), 0.3, "softnms", agnostic=True, stay=True)

    # .8 becomes .53, which is more than .3: the second box lowers the third
    expected = [[0.9, 0], [0, 0.8 * 2 / 3], [0.3 * 2 / 3, 0.1 * 2 / 3]]
    np.testing.assert_allclose(got.probabilities, expected, rtol=1e-6)


@pytest.mark.parametrize("kind", ["default", "softnms", "softnms_gaussian", "none"])
def test_of_no_boxes_no_kind_and_no_class_leaves_any(kind):
    nothing = BoxArrays(np.zeros((0, 4)), np.zeros(0), np.zeros((0, 3)))

    assert len(suppress(nothing, 0.45, kind, agnostic=True)) == 0


def test_only_the_best_scores_of_those_left_stay():
    places = [0.1, 0.5, 0.8, 0.8]
    found = BoxArrays(
        np.array([[x, 0.5, 0.1, 0.1] for x in places], np.float32),
        np.array([0.875, 0.75, 0.7, 0.625], np.float32),
        np.array([[0.875, 0], [0.75, 0.125], [0.5, 0], [0, 0.625]], np.float32),
    )
    rule = SuppressionRule(agnostic=True)

    def scores(after: int) -> list[list[float]]:
        limited = replace(rule, after=after)
        [left] = suppress_each([found], 0.45, limited, stay=True)
        return left.probabilities.tolist()

    assert scores(0) == [[0.875, 0], [0.75, 0.125], [0, 0], [0, 0.625]]
    assert scores(3) == [[0.875, 0], [0.75, 0], [0, 0], [0, 0.625]]
    assert scores(1) == [[0.875, 0], [0, 0], [0, 0], [0, 0]]


def test_a_box_without_a_score_left_has_no_objectness():
    boxes = scored((0.5, 0.25), (0.75, 0.0), (0.125, 0.0), boxes=[HERE, AWAY, BESIDE])
    found = replace(boxes, objectness=np.array([0.5, 0.75, 0.25]))

    got = module.best_scores(found, 2)

    assert got.probabilities.tolist() == [[0.5, 0], [0.75, 0], [0, 0]]
    assert got.objectness.tolist() == [0.5, 0.75, 0]


def test_where_there_are_no_more_scores_than_may_stay_nothing_changes():
    found = scored((0.5,), (0.75,), (0.0,), boxes=[HERE, AWAY, BESIDE])

    assert module.best_scores(found, 2) is module.best_scores(found, 0) is found


def test_of_equal_scores_the_first_stay():
    found = scored(*[(0.25,), (0.5,)] * 250, boxes=[HERE] * 500)

    assert module.best_scores(found, 3).probabilities.nonzero()[0].tolist() == [1, 3, 5]
