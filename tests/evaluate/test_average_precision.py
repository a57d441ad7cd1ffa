"""Average precision, by hand and against what the fork printed."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import recording
from rankings import RANKED, matched_dataset

import pydarknet
from pydarknet.errors import DataError, UsageError
from pydarknet.evaluate.average_precision import Curve, area, at_recalls, average_precision, summary
from pydarknet.evaluate.map_report import text
from pydarknet.image.tiles import Tiling
from pydarknet.network import Network


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        (0, 1 / 3 * 1 + 1 / 3 * 2 / 3),
        (11, (4 * 1 + 3 * 2 / 3) / 11),  # recalls 0 to 0.3, then 0.4 to 0.6
        (101, (34 * 1 + 33 * 2 / 3) / 101),  # 0 to 0.33, then 0.34 to 0.66
    ],
)
def test_precision_is_averaged_over_recall(points, expected):
    report = summary(matched_dataset(RANKED, [0, 0, 0]), points=points)

    assert report.classes[0].average_precision == pytest.approx(expected)


def test_a_recall_of_three_tenths_does_not_reach_the_fourth_of_eleven():
    ranked = [(0.9, 0, 0), (0.8, 0, 1), (0.7, 0, 2), (0.6, 0, -1)]

    report = summary(matched_dataset(ranked, [0] * 10), points=11)

    assert report.classes[0].average_precision == pytest.approx(3 / 11)  # as the fork prints


def test_a_class_without_truths_counts_as_0_in_the_mean():
    report = summary(matched_dataset([(0.9, 0, 0), (0.5, 1, -1)], [0]))

    assert [one.average_precision for one in report.classes] == [1, 0]
    assert report.mean_average_precision == 0.5


def test_no_detection_at_all_is_an_average_precision_of_0():
    report = summary(matched_dataset([], [0, 1]))

    assert report.mean_average_precision == 0
    assert report.counts.fn == 2
    assert math.isnan(report.counts.precision)
    assert report.counts.recall == 0


def test_in_the_ranking_the_best_detection_of_a_truth_is_right():
    report = summary(matched_dataset([(0.2, 0, 0), (0.9, 0, 0)], [0]))

    assert report.classes[0].curve.precision.tolist() == [1, 0.5]
    assert report.classes[0].curve.recall.tolist() == [1, 1]


def test_above_the_threshold_the_first_made_detection_of_a_truth_is_right():
    report = summary(matched_dataset([(0.3, 0, 0), (0.9, 0, 0)], [0]), thresh=0.25)

    assert (report.counts.tp, report.counts.fp) == (1, 1)


def test_a_detection_below_the_threshold_claims_its_truth_too():
    report = summary(matched_dataset([(0.2, 0, 0), (0.9, 0, 0)], [0]), thresh=0.25)

    assert (report.counts.tp, report.counts.fp, report.counts.fn) == (0, 1, 1)


def test_a_score_must_exceed_the_threshold_in_32_bits():
    assert summary(matched_dataset([(0.1, 0, 0)], [0]), thresh=0.1).counts.tp == 0


def test_the_average_iou_is_over_wrong_detections_too():
    report = summary(matched_dataset([(0.9, 0, 0), (0.8, 0, -1), (0.7, 1, -1)], [0, 1]))

    assert report.counts.average_iou == 0.25  # 0.75 + 0 + 0 over 3
    assert report.classes[0].counts.average_iou == 0.375


def test_a_difficult_detection_is_not_ranked_but_counted_as_wrong():
    made = matched_dataset([(0.9, 0, -1), (0.8, 0, 0)], [0])
    excused = replace(made, matches=replace(made.matches, difficult=np.array([True, False])))

    report = summary(excused)

    assert report.detections == 1
    assert report.classes[0].average_precision == 1
    assert (report.counts.tp, report.counts.fp) == (1, 1)


def test_truths_of_classes_that_do_not_exist_count_as_missed():
    report = summary(matched_dataset([(0.9, 0, 0)], [0, 7, -1]))

    assert report.counts.fn == 2
    assert report.classes[0].average_precision == 1


def test_f1_is_the_harmonic_mean():
    counts = summary(matched_dataset([(0.9, 0, 0), (0.8, 0, -1)], [0, 0, 0, 0])).counts

    assert counts.precision == 0.5
    assert counts.recall == 0.25
    assert counts.f1 == pytest.approx(1 / 3)


@pytest.mark.parametrize("points", [-1, 1])
def test_points_that_cannot_be_spread_are_refused(points):
    with pytest.raises(UsageError, match=f"-points {points}: expected 0 for the area"):
        summary(matched_dataset([], []), points=points)


def test_two_points_are_the_fewest():
    assert summary(matched_dataset([(0.9, 0, 0)], [0]), points=2).classes[0].average_precision == 1


def test_curves_without_a_detection_have_no_area():
    empty = Curve(np.zeros(0), np.zeros(0), np.zeros(0))

    assert area(empty) == at_recalls(empty, 11) == 0


# What the fork printed


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> tuple[Network, list[str]]:
    """Return the network and the images of the recorded evaluation."""
    monkeypatch.chdir(recording("train_eval_ab_greedynms"))
    network = pydarknet.load_network(
        "net.cfg", "net.weights", dialect="alexeyab", device="cpu", names="names.txt"
    )
    with open("valid.txt") as paths:
        return network, paths.read().split()


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("points0", {}),
        ("points11", {"points": 11}),
        ("points101", {"points": 101}),
        ("iou75_thresh10", {"iou_thresh": 0.75, "thresh": 0.10}),
    ],
)
def test_the_report_is_the_recorded_one_to_the_last_digit(recorded, name, options):
    report = average_precision(*recorded, **options)

    with open(f"map_{name}.txt") as printed:
        assert text(report).replace("\r", "\n") in printed.read()


# A network in training


def test_a_network_in_training_is_left_as_it_was(recorded):
    network, paths = recorded
    network.train()
    network.stack[0].eval()
    network.resize(96, 32)
    before = {name: values.clone() for name, values in network.state_dict().items()}

    average_precision(network, paths[:2])

    assert network.training
    assert not network.stack[0].training
    assert network.stack[1].training
    assert (network.input.w, network.input.h) == (96, 32)
    assert torch.is_grad_enabled()
    torch.testing.assert_close(network.state_dict(), before, atol=0, rtol=0)


def test_a_network_in_training_is_evaluated_as_if_it_were_loaded(recorded):
    network, paths = recorded
    expected = average_precision(network, paths[:2]).mean_average_precision
    network.train()
    network.resize(96, 32)

    assert average_precision(network, paths[:2]).mean_average_precision == expected


def test_it_is_left_as_it_was_also_where_the_evaluation_fails(recorded):
    network, paths = recorded
    network.train()

    def fail(seen):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        average_precision(network, paths, watch=fail)

    assert network.training
    assert torch.is_grad_enabled()


def test_a_network_without_names_calls_its_classes_by_number(recorded):
    network, paths = recorded
    network.names = ("alpha",)

    report = average_precision(network, paths[:1])

    assert [one.name for one in report.classes] == ["alpha", "class 1", "class 2"]


def test_a_list_of_difficult_images_must_pair_with_the_others(recorded):
    with pytest.raises(DataError, match="difficult images has 1: expected 11"):
        average_precision(*recorded, difficult=["imgs/im00.png"])


def test_labels_of_difficult_images_excuse(recorded, tmp_path):
    network, paths = recorded
    hard = tmp_path / "hard.png"
    hard.with_suffix(".txt").write_text("0 .5 .5 1 1\n")

    plain = average_precision(network, paths[:1], iou_thresh=0.01)
    excused = average_precision(network, paths[:1], iou_thresh=0.01, difficult=[str(hard)])

    assert excused.detections < plain.detections
    assert excused.counts == plain.counts


def test_an_empty_list_is_reported_as_nothing_found(recorded):
    report = average_precision(recorded[0], [])

    assert (report.detections, len(report.dataset.truths)) == (0, 0)
    assert report.mean_average_precision == 0


def test_equal_scores_keep_their_order():
    scores = [(0.25, 0.5, 0.75)[place * 7 % 3] for place in range(600)]
    right = [place % 5 == 1 for place in range(600)]
    made = [(score, 0, place if right[place] else -1) for place, score in enumerate(scores)]

    [one] = summary(matched_dataset(made, [0] * 600, "a")).classes

    ranked = sorted(range(600), key=lambda place: -scores[place])  # which is stable
    hits = np.cumsum([right[place] for place in ranked])
    assert one.curve.recall.tolist() == (hits / 600).tolist()


def test_a_curve_has_the_scores_of_its_class_from_the_best_on():
    report = summary(matched_dataset([(0.25, 0, 0), (0.5, 1, -1), (0.75, 0, -1)], [0]))

    assert [one.curve.scores.tolist() for one in report.classes] == [[0.75, 0.25], [0.5]]


def test_without_a_detection_above_the_threshold_the_average_iou_is_0():
    report = summary(matched_dataset([(0.1, 0, 0)], [0]))

    assert [one.counts.average_iou for one in report.classes] == [0, 0]
    assert report.counts.average_iou == 0


def test_overlaps_are_summed_in_32_bits_one_after_the_other():
    count = 3000
    made = matched_dataset([(0.9, 0, n) for n in range(count)], [0] * count, "a")
    tenths = replace(made, matches=replace(made.matches, overlaps=np.full(count, 0.1, np.float32)))
    total = np.float32(0)
    for _ in range(count):
        total = np.float32(total + np.float32(0.1))  # 299.99... in 64 bits

    report = summary(tenths)

    expected = float(total / np.float32(count))
    assert report.counts.average_iou == report.classes[0].counts.average_iou == expected
    assert expected != float(np.float32(0.1))


def test_what_is_asked_for_reaches_detector_and_labels(recorded, monkeypatch):
    network, paths = recorded
    asked = {}

    class Detector:
        def __init__(self, network, chosen, *, others):
            asked.update(chosen=chosen, others=others)

        def detect(self, paths):
            return []

    def match(seen, names, iou_thresh, lineage, *, difficult, polygons):
        asked.update(difficult=difficult, polygons=polygons, iou_thresh=iou_thresh)
        return matched_dataset([], [], "abc")

    monkeypatch.setattr("pydarknet.evaluate.average_precision.DatasetDetector", Detector)
    monkeypatch.setattr("pydarknet.evaluate.average_precision.match_dataset", match)
    tiling = Tiling(32, 32)

    average_precision(network, paths, tiling=tiling, others=[network], polygons=True)

    assert (asked["chosen"].tiling, asked["chosen"].decoding.thresh) == (tiling, np.float32(0.005))
    assert asked["chosen"].decoding.hier == 0  # a tree's classes are not cut at its default
    assert asked["others"] == [network]
    assert (asked["polygons"], asked["difficult"], asked["iou_thresh"]) == (True, None, 0.5)
    average_precision(network, paths)
    assert (asked["polygons"], asked["others"], asked["chosen"].tiling) == (False, (), None)
