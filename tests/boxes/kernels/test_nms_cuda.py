"""The kernels leave whom the CPU form leaves: by twins here, by themselves where there is a GPU."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from conftest import on_cuda
from kernel_twins import compiler, host_twin, numpy_twin
from overlaps import diou_step_by_step, iou_step_by_step
from suppression import KINDS, boxes_on_grid, crowds_out, nms_by_loops, order
from torch import Tensor

from pydarknet.boxes.detections import Detections
from pydarknet.boxes.kernels import nms_cuda
from pydarknet.boxes.kernels.nms_cuda import Launch
from pydarknet.boxes.nms import nms, nms_each, nms_obj
from pydarknet.boxes.rule import SuppressionRule
from pydarknet.boxes.suppression import line_survivors

POWERS = [None, 0.6, 1.0, 1.7]


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    """nms.cu compiled for the CPU."""
    if compiler() is None:
        pytest.skip("there is no C++ compiler to run nms.cu on a CPU")
    return host_twin(tmp_path_factory.mktemp("host"))


@pytest.fixture(params=["numpy", "nms.cu on a CPU"])
def twin(request):
    """What starts the kernels: their twin in numpy, then nms.cu on a CPU."""
    return numpy_twin if request.param == "numpy" else request.getfixturevalue("host")


@pytest.fixture
def _by_twin(twin, monkeypatch):
    """Let boxes on a CPU be suppressed by a twin of the kernels."""
    monkeypatch.setattr(nms_cuda, "launcher", lambda boxes: twin)


def crowded(count: int, seed: int) -> Tensor:
    """Make boxes of which each overlaps some others, and every fifth is another's equal."""
    boxes = torch.rand(count, 4, generator=torch.Generator().manual_seed(seed))
    boxes = boxes * torch.tensor([1.0, 1.0, 0.3, 0.3])
    boxes[4::5] = boxes[: len(boxes[4::5])]
    return boxes


def left_by_loops(boxes: Tensor, sizes: list[int], threshold: float, kind: str) -> list[bool]:
    """Suppress line by line with the loops of the C."""
    stay = []
    for line in boxes.split(sizes):
        left = [True] * len(line)
        for i, a in enumerate(line.numpy()):
            for j in range(i + 1, len(line)):
                if left[i] and crowds_out(a, line[j].numpy(), threshold, kind, 0.8):
                    left[j] = False
        stay += left
    return stay


def left_on_cpu(
    boxes: Tensor, sizes: list[int], threshold: float, power: float | None
) -> list[bool]:
    """Suppress line by line without the kernels."""
    lines = boxes.split(sizes)
    return [stays for line in lines for stays in line_survivors(line.numpy(), threshold, power)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_kernels_leave_whom_the_loops_of_the_reference_leave(twin, kind):
    sizes = [70, 1, 0, 35]
    boxes = crowded(sum(sizes), seed=1)

    got = nms_cuda.survivors_by_kernel(boxes, sizes, 0.3, SuppressionRule(kind, 0.8).exponent, twin)

    expected = left_by_loops(boxes, sizes, 0.3, kind)
    assert got.tolist() == expected
    assert 0 < sum(expected) < len(expected)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sizes", [[2000], [1], [64], [65], [1, 63, 64, 200, 0, 7], [300] * 4, []])
def test_the_twin_leaves_whom_the_cpu_leaves(kind, sizes):
    boxes, power = crowded(sum(sizes), seed=2), SuppressionRule(kind, 0.8).exponent

    got = nms_cuda.survivors_by_kernel(boxes, sizes, 0.45, power, numpy_twin)

    assert got.tolist() == left_on_cpu(boxes, sizes, 0.45, power)


@pytest.mark.parametrize("room", [0, 64 * 8 * 7, 64 * 8 * 14])
def test_panels_leave_whom_one_panel_leaves(twin, room, monkeypatch):
    sizes = [260, 70]
    boxes = crowded(sum(sizes), seed=3)
    whole = nms_cuda.survivors_by_kernel(boxes, sizes, 0.3, None, numpy_twin)
    monkeypatch.setattr(nms_cuda, "ROOM", room)

    got = nms_cuda.survivors_by_kernel(boxes, sizes, 0.3, None, twin)

    assert torch.equal(got, whole)


def test_a_plan_takes_every_tile_once_and_each_line_from_its_start_on():
    # 260 boxes are 5 tiles, 70 are 2: 7 words wide; room for two tiles of each
    plan = nms_cuda.plan([260, 70], room=2 * 64 * 8 * 7)

    assert plan.depth == 2
    assert plan.tiles.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1], [0, 2], [0, 3], [0, 4]]
    assert [(panel.number, panel.first, panel.last, panel.columns) for panel in plan.panels] == [
        (0, 0, 4, 5),
        (2, 4, 6, 3),
        (4, 6, 7, 1),
    ]
    # first box, boxes, first word of gone, first of bits: the first line has 128 rows of 5 words
    assert plan.lines.tolist() == [[0, 260, 0, 0], [260, 70, 5, 640]]
    assert (plan.gone, plan.bits) == (7, 640 + 128 * 2)


def test_a_plan_of_nothing_has_no_panels():
    assert nms_cuda.plan([]).panels == nms_cuda.plan([0, 0]).panels == []


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((0, 0, 2, 2), (float("nan"), 0, 2, 2)),
        ((0, 0, 2, 2), (0, 0, float("inf"), 2)),
        ((1, 1, 0, 0), (1, 1, 0, 0)),  # 0 / 0
        ((1, 1, -2, -2), (1, 1, 2, 2)),
        ((0, 0, 2, 2), (0, 0, 2, 2)),
        ((0, 0, 2, 2), (0, 1, 2, 2)),  # 2 / 6: the threshold
        ((0, 0, 1e-30, 1e-30), (0, 0, 1e-30, 1e-30)),  # whose area is 0 in float32
        ((0, 0, 3e-20, 3e-20), (0, 0, 3e-20, 3e-20)),  # whose area is subnormal
        ((0, 0, 1e30, 1e30), (0, 0, 1e30, 1e30)),  # whose area is infinite
    ],
)
@pytest.mark.parametrize("power", [None, 0.6, 1.0])
@pytest.mark.parametrize("threshold", [0.0, (torch.tensor(2.0) / 6).item(), -0.5])
def test_odd_boxes_fare_as_on_a_cpu(twin, a, b, power, threshold):
    boxes = torch.tensor([a, b, a], dtype=torch.float32)

    got = nms_cuda.survivors_by_kernel(boxes, [3], threshold, power, twin)

    assert got.tolist() == left_on_cpu(boxes, [3], threshold, power)


def left_of_pairs(power: float | None, launch: Launch, device: str = "cpu") -> list[list[bool]]:
    """Suppress pairs by the overlap that they have in the C, and by the next number below."""
    found = []
    for a, b in crowded(60, seed=7).view(30, 2, 4):
        pair = torch.stack((a, a * (1 + b / 3)))
        one, other = pair.numpy()
        overlap = iou_step_by_step(one, other)
        if power is not None:
            overlap = diou_step_by_step(one, other, power)
        below = np.nextafter(np.float32(overlap), np.float32(-1))
        found += [
            nms_cuda.survivors_by_kernel(pair.to(device), [2], t, power, launch).tolist()
            for t in (float(overlap), float(below))
        ]
    return found


@pytest.mark.parametrize("power", POWERS)
def test_the_overlap_is_that_of_the_cpu_to_the_last_bit(twin, power):
    assert left_of_pairs(power, twin) == [[True, True], [True, False]] * 30


# The whole suppression, its order and its ties


@pytest.mark.usefixtures("_by_twin")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(2))
def test_of_equal_boxes_and_scores_the_same_stay(kind, seed):
    detections = boxes_on_grid(seed, count=90)

    got = nms(detections, 0.45, SuppressionRule(kind, 0.8))

    expected = nms_by_loops(detections, 0.45, kind, beta=0.8)
    assert order(got) == [row.number for row in expected]
    assert got.probabilities.tolist() == [row.prob for row in expected]


@pytest.mark.usefixtures("_by_twin")
def test_images_suppressed_at_once_do_not_meet():
    images = [
        boxes_on_grid(0),
        boxes_on_grid(1, count=0),
        boxes_on_grid(2, count=70),
        boxes_on_grid(0),
    ]

    together = nms_each(images, 0.3)

    for got, image in zip(together, images, strict=True):
        alone = nms(image, 0.3)
        assert order(got) == order(alone)
        assert torch.equal(got.probabilities, alone.probabilities)


@pytest.mark.usefixtures("_by_twin")
def test_nothing_found_starts_no_kernel(monkeypatch):
    nothing = Detections(torch.zeros(0, 4), torch.zeros(0), torch.zeros(0, 3))
    monkeypatch.setattr(nms_cuda, "launcher", lambda boxes: pytest.fail)

    assert len(nms(nothing, 0.45)) == len(nms_obj(nothing, 0.45)) == 0
    assert nms_each([], 0.45) == []


# Where there is a GPU


@pytest.mark.cuda
@on_cuda
def test_the_kernels_can_be_had_on_this_gpu():
    assert nms_cuda.launcher(torch.zeros(1, 4, device="cuda")) is not None


@pytest.mark.cuda
@on_cuda
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sizes", [[1], [64, 65], [2000], [500, 0, 3, 1200], [9000]])
def test_a_gpu_leaves_whom_the_cpu_leaves(kind, sizes):
    boxes, power = crowded(sum(sizes), seed=4), SuppressionRule(kind, 0.8).exponent
    launch = nms_cuda.launcher(boxes.cuda())
    assert launch is not None

    got = nms_cuda.survivors_by_kernel(boxes.cuda(), sizes, 0.45, power, launch)

    assert got.tolist() == left_on_cpu(boxes, sizes, 0.45, power)


@pytest.mark.cuda
@on_cuda
@pytest.mark.parametrize("power", POWERS)
def test_the_overlap_on_a_gpu_is_that_of_the_cpu_to_the_last_bit(power):
    launch = nms_cuda.launcher(torch.zeros(1, 4, device="cuda"))
    assert launch is not None

    assert left_of_pairs(power, launch, "cuda") == [[True, True], [True, False]] * 30


@pytest.mark.cuda
@on_cuda
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(6))
def test_a_gpu_breaks_ties_as_the_cpu_does(kind, seed):
    detections = boxes_on_grid(seed, count=300)

    [got, again] = nms_each([detections.to("cuda")] * 2, 0.45, SuppressionRule(kind, 0.8))

    expected = nms(detections, 0.45, SuppressionRule(kind, 0.8))
    assert order(got) == order(again) == order(expected)
    assert torch.equal(got.probabilities.cpu(), expected.probabilities)


@pytest.mark.cuda
@on_cuda
def test_a_gpu_suppresses_by_objectness_as_the_cpu_does():
    detections = boxes_on_grid(0, count=300)

    got = nms_obj(detections.to("cuda"), 0.45)

    expected = nms_obj(detections, 0.45)
    assert order(got) == order(expected)
    assert torch.equal(got.objectness.cpu(), expected.objectness)


@pytest.mark.cuda
@on_cuda
def test_panels_on_a_gpu_leave_whom_one_panel_leaves(monkeypatch):
    boxes, sizes = crowded(3000, seed=5), [2000, 1000]
    expected = left_on_cpu(boxes, sizes, 0.3, None)
    monkeypatch.setattr(nms_cuda, "ROOM", 0)
    launch = nms_cuda.launcher(boxes.cuda())
    assert launch is not None

    got = nms_cuda.survivors_by_kernel(boxes.cuda(), sizes, 0.3, None, launch)

    assert got.tolist() == expected


@pytest.mark.cuda
@on_cuda
def test_the_kernels_run_on_the_stream_that_is_current():
    boxes = crowded(2000, seed=6)
    expected = left_on_cpu(boxes, [2000], 0.45, None)
    stream = torch.cuda.Stream()
    launch = nms_cuda.launcher(boxes.cuda())
    assert launch is not None

    with torch.cuda.stream(stream):
        late = torch.zeros(2000, 4, device="cuda")
        torch.cuda._sleep(10_000_000)  # some milliseconds: a kernel on another stream would see 0
        late.copy_(boxes.cuda())
        got = nms_cuda.survivors_by_kernel(late, [2000], 0.45, None, launch)
    stream.synchronize()

    assert got.tolist() == expected
