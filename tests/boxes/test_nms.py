"""Tensors are suppressed as arrays are: on a CPU by the same code, for the kernels in torch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from kernel_twins import numpy_twin
from posing_torch import posing_gpus
from suppression import KINDS, boxes_on_grid, nms_obj_by_loops, order
from torch.utils._python_dispatch import TorchDispatchMode

from pydarknet.boxes.box_arrays import BoxArrays
from pydarknet.boxes.detections import Detections
from pydarknet.boxes.kernels import nms_cuda
from pydarknet.boxes.nms import arrays_of, nms, nms_each, nms_obj
from pydarknet.boxes.rule import SuppressionRule
from pydarknet.boxes.suppression import suppress_each

NAN, INF = float("nan"), float("inf")
ODD = [
    (NAN, 0.5, 0.1, 0.1),
    (0.5, 0.5, 0.1, NAN),
    (0.5, 0.5, INF, 0.1),
    (INF, 0.5, 0.1, 0.1),
    (0.5, 0.5, -0.2, 0.1),
    (0.5, 0.5, -0.2, -0.2),
    (0.5, 0.5, 0, 0),
    (1e8, 0.5, 1, 0.1),  # its edges are rounded: it shares more than it has
    (0.5, 0.5, 1e-30, 1e-30),  # its area is 0 in single precision
    (0.5, 0.5, 1e30, 1e30),  # its area is infinite
]
SCORES = {
    "of many ties": lambda numbers, shape: numbers.integers(0, 5, shape) / 4,
    "one or two per box": lambda numbers, shape: (
        numbers.random(shape) * (numbers.random(shape) < 2 / shape[1])
    ),
    "some negative, some no numbers": lambda numbers, shape: numbers.choice(
        [NAN, -0.5, -0.25, 0, 0.25, 0.5], shape
    ),
}


def random_boxes(count: int, classes: int, scores: str) -> BoxArrays:
    """Return boxes of which many are equal, some odd, and some without objectness."""
    numbers = np.random.default_rng(count)
    boxes = numbers.random((count, 4), np.float32) * np.float32([1, 1, 0.3, 0.3])
    boxes[3::4] = boxes[: len(boxes[3::4])]
    boxes[5::11] = np.resize(np.float32(ODD), boxes[5::11].shape)
    return BoxArrays(
        boxes,
        numbers.integers(0, 4, count).astype(np.float32),
        SCORES[scores](numbers, (count, classes)).astype(np.float32),
        np.arange(count)[:, None],  # the number of the row
    )


def as_bytes(found: BoxArrays) -> list[bytes]:
    """Return all numbers, to be compared to the last bit, NaN too."""
    return [a.tobytes() for a in (found.boxes, found.probabilities, found.uncertainty)]


@pytest.fixture
def _by_torch(monkeypatch):
    """Let torch order boxes on a CPU for a twin of the kernels."""
    monkeypatch.setattr(nms_cuda, "launcher", lambda boxes: numpy_twin)


@pytest.mark.usefixtures("_by_torch")
@pytest.mark.parametrize("stay", [False, True])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scores", SCORES)
@pytest.mark.parametrize("count", [0, 1, 150])
def test_torch_for_the_kernels_leaves_what_numpy_leaves(count, scores, kind, stay):
    images = [random_boxes(count, 7, scores), random_boxes(count + 1, 7, scores)]

    got = nms_each(
        [Detections.of_arrays(one) for one in images], 0.3, SuppressionRule(kind, 0.8), stay=stay
    )

    expected = suppress_each(images, 0.3, SuppressionRule(kind, 0.8), stay=stay)
    assert [as_bytes(one.numpy()) for one in got] == [as_bytes(one) for one in expected]


@pytest.mark.usefixtures("_by_torch")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scores", SCORES)
def test_torch_for_the_kernels_leaves_what_numpy_leaves_of_all_classes_together(scores, kind):
    images = [random_boxes(150, 7, scores), random_boxes(1, 7, scores)]
    rule = SuppressionRule(kind, 0.8, agnostic=True)

    got = nms_each([Detections.of_arrays(one) for one in images], 0.3, rule)

    expected = suppress_each(images, 0.3, rule)
    assert [as_bytes(one.numpy()) for one in got] == [as_bytes(one) for one in expected]


@pytest.mark.usefixtures("_by_torch")
def test_torch_for_the_kernels_leaves_the_best_scores_that_numpy_leaves():
    boxes = random_boxes(150, 7, "of many ties")
    rule = SuppressionRule(after=9)

    [got] = nms_each([Detections.of_arrays(boxes)], 0.3, rule)

    [expected], [every] = (suppress_each([boxes], 0.3, one) for one in (rule, SuppressionRule()))
    assert as_bytes(got.numpy()) == as_bytes(expected) != as_bytes(every)


@pytest.mark.parametrize("kind", ["softnms", "softnms_gaussian", "none"])
@pytest.mark.parametrize("agnostic", [False, True])
def test_where_no_pairs_decide_no_kernel_is_launched(kind, agnostic, monkeypatch):
    monkeypatch.setattr(nms_cuda, "launcher", lambda boxes: pytest.fail("a kernel is loaded"))
    boxes, rule = random_boxes(150, 7, "of many ties"), SuppressionRule(kind, agnostic=agnostic)

    [got] = nms_each([Detections.of_arrays(boxes)], 0.3, rule)

    [expected] = suppress_each([boxes], 0.3, rule)
    assert as_bytes(got.numpy()) == as_bytes(expected)


@pytest.mark.usefixtures("_by_torch")
@pytest.mark.parametrize("kind", ["default", "greedynms"])
def test_torch_for_the_kernels_leaves_what_numpy_leaves_of_many(kind):
    many = random_boxes(6000, 1, "of many ties")

    [expected] = suppress_each([many], 0.3, SuppressionRule(kind))

    assert as_bytes(
        nms(Detections.of_arrays(many), 0.3, SuppressionRule(kind)).numpy()
    ) == as_bytes(expected)
    assert 0 < len(expected.kept()) < len(many.kept()) > 3000


@pytest.mark.parametrize("stay", [False, True])
def test_boxes_on_a_cpu_are_suppressed_as_arrays(stay):
    images = [boxes_on_grid(seed) for seed in range(3)]

    got = nms_each(images, 0.45, SuppressionRule("greedynms"), stay=stay)

    expected = suppress_each(
        [one.numpy() for one in images], 0.45, SuppressionRule("greedynms"), stay=stay
    )
    assert [as_bytes(one.numpy()) for one in got] == [as_bytes(one) for one in expected]
    assert all(one.boxes.dtype == torch.float32 for one in got)
    alone = nms(images[0], 0.45, SuppressionRule("greedynms"), stay=stay)
    assert as_bytes(alone.numpy()) == as_bytes(expected[0])


def test_suppression_by_objectness_leaves_what_the_loops_leave():
    detections = boxes_on_grid(1)

    got = nms_obj(detections, 0.45)

    expected = nms_obj_by_loops(detections, 0.45)
    assert order(got) == [row.number for row in expected]
    assert got.objectness.tolist() == [row.objectness for row in expected]


def test_what_is_given_stays_as_it_is():
    detections = boxes_on_grid(1)
    before = detections.probabilities.clone(), detections.objectness.clone()

    nms(detections, 0.1)
    nms_obj(detections, 0.1)

    assert torch.equal(detections.probabilities, before[0])
    assert torch.equal(detections.objectness, before[1])


class OnGpu(torch.Tensor):
    """A tensor of the CPU that says that it is a GPU's."""

    device = torch.device("cuda")

    @staticmethod
    def of(found: Detections) -> Detections:
        return found.each(lambda tensor: tensor.as_subclass(OnGpu))


class Operations(TorchDispatchMode):
    """Counts torch's operations, but for views, which launch nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.count += not func.is_view
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("uncertain", [True, False])
def test_boxes_come_from_a_gpu_as_one_table(uncertain):
    images = [boxes_on_grid(seed, count=count) for seed, count in ((0, 9), (1, 0), (2, 5))]
    if not uncertain:
        images = [replace(one, uncertainty=None, names=("a",)) for one in images]

    got = arrays_of([OnGpu.of(one) for one in images])

    for one, image in zip(got, images, strict=True):
        expected = image.numpy()
        assert one.names == image.names
        assert np.array_equal(one.boxes, expected.boxes)
        assert np.array_equal(one.objectness, expected.objectness)
        assert np.array_equal(one.probabilities, expected.probabilities)
        assert np.array_equal(one.uncertainty, expected.uncertainty)


@pytest.mark.usefixtures("_by_torch")
@pytest.mark.parametrize("classes", [2, 80])
def test_a_gpu_does_as_much_for_few_classes_as_for_many(classes):
    found = Detections.of_arrays(random_boxes(200, classes, "of many ties"))

    with Operations() as operations:
        nms(found, 0.45)

    assert operations.count < 20  # that of a sort per class was 3 * classes + 46


@pytest.mark.parametrize(("images", "classes"), [(1, 4), (1, 80), (4, 4)])
def test_a_gpu_is_waited_for_twice_whatever_is_found(images, classes):
    grids = [boxes_on_grid(seed, classes=classes) for seed in range(images)]
    found = [replace(one, uncertainty=one.uncertainty.float()) for one in grids]
    expected = suppress_each([one.numpy() for one in found], 0.45)

    with posing_gpus() as gpus:
        there = [one.to("cuda") for one in found]
        before = sum(gpus.waits.values()), sum(gpus.copies.values())
        got = nms_each(there, 0.45)
        after = sum(gpus.waits.values()), sum(gpus.copies.values())

    assert [as_bytes(one.numpy()) for one in got] == [as_bytes(one) for one in expected]
    assert after[0] - before[0] == 2  # for the boxes, and for which of them stay
    assert after[1] - before[1] == 4  # those, the order of the boxes, and the plan


def test_of_no_images_nothing_is_left():
    assert nms_each([], 0.45) == []
