"""The boxes of one image as tensors, and as arrays."""

import torch

from pydarknet.boxes.box_arrays import BoxArrays
from pydarknet.boxes.detections import Batch, Detection, Detections


def found(*boxes: tuple[float, ...], probabilities: list[list[float]] | None = None) -> Detections:
    """Make detections of objectness 0.5, 0.25, 0.125 ..."""
    return Detections(
        torch.tensor(boxes),
        0.5 ** torch.arange(1, len(boxes) + 1),
        torch.tensor(probabilities or [[0.0, 0.5]] * len(boxes)),
    )


CENTER = (0.5, 0.5, 0.5, 0.25)


def test_xyxy_are_pixels_of_the_image():
    # (0.5 -+ 0.25) * 640 and (0.5 -+ 0.125) * 480
    assert found(CENTER).xyxy(640, 480).tolist() == [[160, 180, 480, 300]]


def test_xyxy_may_reach_beyond_the_image():
    assert found((0.0, 0.5, 0.5, 2.0)).xyxy(100, 100).tolist() == [[-25, -50, 25, 150]]


def test_a_box_has_the_class_of_its_best_score():
    detections = found(CENTER, CENTER, probabilities=[[0.25, 0.75, 0.5], [0.5, 0.0, 0.5]])

    assert detections.scores.tolist() == [0.75, 0.5]
    assert detections.classes.tolist() == [1, 0]  # the first of equals


def test_kept_leaves_out_boxes_without_a_class():
    detections = found(CENTER, CENTER, CENTER, probabilities=[[0, 0.5], [0, 0], [0.25, 0]])

    assert detections.kept().objectness.tolist() == [0.5, 0.125]


def test_iterating_gives_a_record_a_box():
    detections = Detections(
        torch.tensor([CENTER]),
        torch.tensor([0.75]),
        torch.tensor([[0.0, 0.5]]),
        None,
        ("cat", "dog"),
    )

    assert list(detections) == [Detection("dog", 1, 0.5, CENTER, 0.75)]


def test_a_class_without_a_name_is_none():
    detections = Detections(
        torch.tensor([CENTER]), torch.tensor([0.75]), torch.tensor([[0.0, 0.5]]), None, ("cat",)
    )

    assert [d.name for d in detections] == [None]


def test_no_boxes_are_detections_too():
    nothing = Detections(torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, 3))

    assert (len(nothing.kept()), list(nothing), nothing.scores.tolist()) == (0, [], [])


def test_to_moves_every_tensor():
    head = Detections(torch.zeros(1, 4), torch.ones(1), torch.ones(1, 2), torch.ones(1, 4))

    moved = head.to("meta")

    tensors = (moved.boxes, moved.objectness, moved.probabilities, moved.uncertainty)
    assert {t.device.type for t in tensors} == {"meta"}


def test_torch_s_indices_give_boxes_or_one():
    detections = found(CENTER, CENTER, CENTER)

    assert detections[detections.objectness.argmax()].objectness == 0.5
    assert detections[detections.objectness < 0.4].objectness.tolist() == [0.25, 0.125]
    assert detections[::-1].objectness.tolist() == [0.125, 0.25, 0.5]
    assert detections[torch.tensor([1])].objectness.tolist() == [0.25]


def test_arrays_and_tensors_are_the_same_memory():
    detections = Detections(
        torch.zeros(2, 4), torch.ones(2), torch.ones(2, 1), torch.ones(2, 4), ("cat",)
    )

    arrays = detections.numpy()
    again = Detections.of_arrays(arrays)
    arrays.boxes[1, 2] = 0.5

    assert isinstance(arrays, BoxArrays)
    assert detections.boxes[1, 2] == again.boxes[1, 2] == 0.5
    assert again.uncertainty.tolist() == [[1] * 4] * 2
    assert again.names == arrays.names == ("cat",)


def test_a_batch_of_as_many_boxes_per_image_counts_them():
    batch = Batch.even(2, found(*[CENTER] * 6))

    assert batch.counts.tolist() == [3, 3]
