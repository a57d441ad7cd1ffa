"""Box sizes as clusters."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import HERE

from pydarknet.errors import DataError, UsageError
from pydarknet.evaluate.anchors import (
    Clusters,
    anchors_text,
    closest,
    cluster,
    counters_text,
    cut_sizes,
    iou,
    kmeans,
    means,
    pyramid,
    sides_of,
    wrong_label_lines,
)
from pydarknet.evaluate.ground_truth import GroundTruth


@pytest.mark.parametrize("name", ["seed1_k5", "seed2_k6", "seed3_k9"])
def test_centres_are_those_that_the_fork_found(name):
    recorded = np.load(HERE / "reference" / "kmeans_ab.npz")

    centers, _ = kmeans(recorded["wh"], recorded[f"init_{name}"])

    np.testing.assert_allclose(centers, recorded[name], rtol=1e-5)


def sizes(*rows: tuple[float, float]) -> np.ndarray:
    """Return sizes as float32."""
    return np.array(rows, np.float32)


def test_near_is_what_overlaps_corner_on_corner():
    overlaps = iou(sizes((2, 2)), sizes((1, 2), (4, 4), (0, 0)))

    assert overlaps.tolist() == [[0.5, 0.25, 0]]


def test_of_equal_distances_the_first_centre_is_nearest():
    assert closest(sizes((2, 2)), sizes((1, 2), (2, 1))).tolist() == [0]


def test_a_coordinate_that_would_be_0_stays():
    moved = means(sizes((2, 4), (4, 8)), np.array([0, 0]), sizes((9, 9), (5, 5)))

    assert moved.tolist() == [[3, 6], [5, 5]]


def test_one_cluster_is_the_mean():
    made = cluster(sizes((2, 4), (4, 8)), 1, np.random.default_rng(0))

    assert made.centers.tolist() == [[3, 6]]
    assert made.rounds == 0


def test_clusters_come_by_area_with_their_mean_best_overlap():
    made = cluster(sizes((10, 10), (1, 2)), 2, np.random.default_rng(3))

    assert made.centers.tolist() == [[1, 2], [10, 10]]
    assert made.average_iou == 1


def test_a_seed_decides_where_clusters_begin():
    boxes = np.random.default_rng(7).uniform(1, 100, (200, 2)).astype(np.float32)

    first, again, other = (cluster(boxes, 4, np.random.default_rng(seed)) for seed in (1, 1, 2))

    assert first.centers.tolist() == again.centers.tolist()
    assert first.centers.tolist() != other.centers.tolist()


@pytest.mark.parametrize(("count", "error"), [(0, UsageError), (3, DataError)])
def test_there_are_at_least_as_many_boxes_as_clusters(count, error):
    cluster(sizes((1, 2), (3, 4)), 2, np.random.default_rng(0))

    with pytest.raises(error, match="expected at least"):
        cluster(sizes((1, 2), (3, 4)), count, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("width", "expected"), [(33, "  1,  2, 100,201"), (32, "1.2500,1.5625, 100.0000,200.5625")]
)
def test_small_networks_have_anchors_with_decimals(width, expected):
    made = Clusters(sizes((1.25, 1.5625), (100, 200.5625)), 1, 1.0)

    assert anchors_text(made, width) == expected


def test_classes_are_counted_and_are_at_least_so_many():
    assert counters_text([0, 2, 0], 2) == "counters_per_class = 2, 0, 1"
    assert counters_text([], 2) == "counters_per_class = 0, 0"


def test_sides_above_1_are_cut_to_the_image_and_boxes_without_a_size_have_none():
    rows = [
        [0.5, 0.5, 0.25, 1],
        [0.9, 0.5, 0.4, 0.2],  # beyond the image, of a possible size: as in the C
        [0.5, 0.25, 500, 0.5],
        [1.5, 0.5, 1.5, 0.5],
        [0.5, 0.5, 0, 0.5],
        [0.5, 0.5, np.nan, 0.5],
        [2, 0.5, 1.5, 0.5],
    ]

    sizes = cut_sizes(np.array(rows, np.float32))

    expected = [[0.25, 1], [0.4, 0.2], [1, 0.5], [0.25, 0.5], *[[0, 0]] * 3]
    np.testing.assert_allclose(sizes, expected, rtol=1e-6)


def test_boxes_that_are_not_within_their_image_are_wrong():
    truths = GroundTruth.of([(0, 0.5, 0.5, 1, 1), (0, 0.5, 0, 0.25, 0.25), (0, 0.5, 0.5, 1.5, 1)])

    assert list(wrong_label_lines(truths, "a.txt")) == [
        "Wrong label: a.txt - j = 1, x = 0.500000, y = 0.000000, width = 0.250000,"
        " height = 0.250000",
        "Wrong label: a.txt - j = 2, x = 0.500000, y = 0.500000, width = 1.500000,"
        " height = 1.000000",
    ]


def test_anchors_of_a_pyramid_are_torchvisions():
    """The recorded ones have one scale a side, 16, 32 and 48 pixels."""
    recorded = np.load(HERE / "reference" / "anchor_heads" / "retina.npz")["anchors"]
    cells = recorded[[0, 1, 2, 96, 97, 98, 120, 121, 122]]  # of the first cell of each map
    expected = (cells[:, 2:] - cells[:, :2]).tolist()

    found = pyramid(np.array([[16, 16], [32, 32]]), [16, 32, 48])

    assert found.centers[::3].tolist() == expected
    assert found.centers[:9].tolist()[1:3] == [[28, 14], [36, 18]]  # of 20 and 25
    assert found.average_iou == 1


@pytest.mark.parametrize("text", ["", "32,", "32;64", "-3", "0", "a"])
def test_sides_that_are_none_are_told(text):
    with pytest.raises(UsageError, match=r"-retina .*: expected sides in pixels, such as 32,64"):
        sides_of(text)
