"""What boxes have in common that are numpy's arrays or torch's tensors."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import recording

from pydarknet.boxes.box_arrays import BoxArrays, BoxRows
from pydarknet.boxes.box_columns import Detection
from pydarknet.boxes.detections import Detections

ARRAYS = {"numpy": np.float32, "torch": torch.tensor}
KINDS = {"numpy": BoxArrays, "torch": Detections}
CENTER = (0.5, 0.5, 0.5, 0.25)


@pytest.fixture(params=KINDS)
def found(request):
    """Makes boxes of objectness 0.5, 0.25, 0.125 ..., of numpy's arrays and of torch's tensors."""

    def make(*boxes: tuple[float, ...]) -> BoxRows:
        array, columns = ARRAYS[request.param], [0.5**i for i in range(1, len(boxes) + 1)]
        scores = [[0.0, 0.5]] * len(boxes)
        return KINDS[request.param](array(boxes), array(columns), array(scores))

    return make


@pytest.fixture
def three() -> BoxArrays:
    """Three boxes of two classes; the second has no class left."""
    boxes = np.array([[0.5, 0.5, 0.5, 0.25], [0.25, 0.25, 0.5, 0.5], [0.75, 0.5, 0.25, 1]])
    scores = np.array([[0.25, 0.75], [0, 0], [0.5, 0.5]])
    return BoxArrays(boxes, np.array([1, 0.5, 0.25]), scores, names=("cat",))


def test_a_box_has_its_best_class_and_the_first_of_equals(three):
    assert three.classes.tolist() == [1, 0, 0]
    assert three.scores.tolist() == [0.75, 0, 0.5]


def test_a_class_beyond_the_names_has_none(three):
    assert [three.name(index) for index in (0, 1)] == ["cat", None]


def test_iterating_gives_a_detection_a_box(three):
    assert list(three)[2] == Detection("cat", 0, 0.5, (0.75, 0.5, 0.25, 1.0), 0.25)


def test_boxes_that_are_followed_keep_their_ids(three):
    followed = replace(three, track_ids=np.array([7, 0, 9]))

    assert [found.track_id for found in followed] == [7, None, 9]
    assert [found.track_id for found in followed[[2, 0]]] == [9, 7]
    assert Detections.of_arrays(followed).numpy().track_ids.tolist() == [7, 0, 9]
    assert three[0].track_id is None


def test_boxes_that_are_kept_have_a_class(three):
    assert three.kept().objectness.tolist() == [1, 0.25]


def test_boxes_are_taken_in_the_order_of_the_index(three):
    assert three.take([2, 0]).objectness.tolist() == [0.25, 1]


def test_boxes_are_split_by_counts(three):
    assert [len(part) for part in three.split([1, 0, 2])] == [1, 0, 2]
    assert three.split([1, 2])[1].objectness.tolist() == [0.5, 0.25]


def test_edges_are_pixels_of_the_image(three):
    assert three.xyxy(8, 4)[0].tolist() == [2, 1.5, 6, 2.5]  # 4 +- 2 across, 2 +- 0.5 down


@pytest.mark.parametrize("place", [2, -1, np.int64(2), np.array(2)])
def test_a_number_gives_a_detection(three, place):
    assert three[place] == Detection("cat", 0, 0.5, (0.75, 0.5, 0.25, 1.0), 0.25)


@pytest.mark.parametrize("place", [3, -4])
def test_a_number_beyond_the_boxes_is_an_index_error(three, place):
    with pytest.raises(IndexError, match=f"box {place}: expected one of 3"):
        three[place]


@pytest.mark.parametrize("place", ["cat", 1.0, None])
def test_what_is_no_number_is_a_type_error(three, place):
    with pytest.raises(TypeError):
        three[place]


@pytest.mark.parametrize(
    ("rows", "objectness"),
    [
        (slice(1, None), [0.5, 0.25]),
        (slice(None, None, -1), [0.25, 0.5, 1]),
        (slice(5, 9), []),
        ([2, 0], [0.25, 1]),
        ([], []),
        (np.array([True, False, True]), [1, 0.25]),
    ],
)
def test_a_slice_a_list_or_a_mask_gives_boxes(three, rows, objectness):
    some = three[rows]

    assert some.objectness.tolist() == objectness
    assert some.names == ("cat",)


def test_boxes_are_shown_by_their_labels(three):
    assert repr(three) == "BoxArrays(3: 1 0.75, cat 0.00, cat 0.50)"
    assert repr(three[:0]) == "BoxArrays(0)"
    assert repr(three[[0] * 7]) == f"BoxArrays(7: {', '.join(['1 0.75'] * 5)}, ...)"


def test_a_detection_is_shown_in_a_line(three):
    assert repr(three[2]) == "Detection(cat 0.50 at 0.750, 0.500, size 0.250 x 1.000)"


def test_a_name_that_would_steer_a_terminal_is_shown_without(three):
    found = replace(three, names=("a\x1b[2Jb\n",))

    assert found[2].label == "a?[2Jb? 0.50"


# The same of arrays and tensors


def test_cat_joins_heads_in_order(found):
    heads = [found((0.1, 0, 0, 0)), found((0.2, 0, 0, 0), (0.3, 0, 0, 0))]

    joined = type(heads[0]).cat(heads)

    assert len(joined) == 3
    assert joined.objectness.tolist() == [0.5, 0.5, 0.25]
    assert joined.uncertainty is None


def test_cat_keeps_the_uncertainty_of_all(found):
    head = replace(found(CENTER), uncertainty=found((0.5, 0.5, 0.5, 0.5)).boxes)

    assert type(head).cat([head, head]).uncertainty.tolist() == [[0.5] * 4] * 2
    assert type(head).cat([head, found(CENTER)]).uncertainty is None


def test_a_stretched_image_needs_no_fit(found):
    assert found(CENTER).fit_to_image(640, 480, 416, 416, letterbox=False).boxes.tolist() == [
        list(CENTER)
    ]


def test_fit_to_image_takes_the_margins_off(found):
    # 640 x 480 in 416 x 416 is 416 x 312: 52 grey rows above, a quarter of the 416 is 1/3 of 312
    fitted = found((0.25, 0.5, 0.5, 0.25)).fit_to_image(640, 480, 416, 416).boxes[0]

    assert fitted.tolist() == pytest.approx([0.25, 0.5, 0.5, 1 / 3])


def test_fit_to_image_halves_an_odd_margin_as_a_real_number(found):
    # 90 x 70 in 48 x 48 is 48 x 37: the image begins at row 5, the sum is done with 5.5
    y = found((0.5, 5 / 48, 0.1, 0.1)).fit_to_image(90, 70, 48, 48).boxes[0, 1]

    assert y.item() == pytest.approx(-0.5 / 37)


def centers(head: np.ndarray, thresh: float) -> np.ndarray:
    """Return the centres x, y of a [yolo] output [3 * (5 + classes), H, W], cell by cell."""
    height, width = head.shape[1:]
    anchors = head.reshape(3, -1, height, width)
    x = (anchors[:, 0] + np.arange(width, dtype=np.float32)) / width
    y = (anchors[:, 1] + np.arange(height, dtype=np.float32)[:, None]) / height
    rows = np.stack((x, y, anchors[:, 4]), -1).transpose(1, 2, 0, 3).reshape(-1, 3)
    return rows[rows[:, 2] > thresh, :2]


def test_boxes_leave_the_letterbox_as_in_the_reference(found):
    folder = recording("infer_pj_yolov3_a")  # 90 x 70 in 48 x 48, see above
    expected = np.load(folder / "expected.npz")
    meta = json.loads((folder / "meta.json").read_text())
    xy = centers(expected["layer_015"], meta["thresh"])
    boxes = np.concatenate((xy, np.zeros_like(xy)), 1)
    raw = found(*boxes.tolist())

    fitted = raw.fit_to_image(meta["image_w"], meta["image_h"], 48, 48).numpy().boxes[:, :2]

    recorded = expected["det_raw_bbox"][: len(xy), :2]
    np.testing.assert_allclose(fitted, recorded, atol=1e-6, rtol=0)


@pytest.mark.parametrize("sizes", [(90, 70, 48, 48), (333, 500, 608, 416), (1, 999, 416, 416)])
def test_arrays_and_tensors_are_moved_alike_to_the_last_bit(sizes):
    numbers = np.random.default_rng(0)
    boxes = numbers.normal(0.5, 0.5, (1000, 4)).astype(np.float32)
    boxes[::50] = np.nan
    arrays = BoxArrays(boxes, boxes[:, 0], boxes[:, :1])

    tensors = Detections.of_arrays(arrays)

    moved = arrays.fit_to_image(*sizes)
    assert moved.boxes.dtype == np.float32
    assert moved.boxes.tobytes() == tensors.fit_to_image(*sizes).numpy().boxes.tobytes()
    edges = arrays.xyxy(*np.array(sizes[:2]))  # numpy's numbers leave it float32
    assert edges.dtype == np.float32
    assert edges.tobytes() == tensors.xyxy(*sizes[:2]).numpy().tobytes()
