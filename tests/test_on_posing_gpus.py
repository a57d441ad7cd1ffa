"""Every reference network detects, classifies and trains on a posing GPU as it does on the CPU.

There devices do not mix, and what is recorded neither copies from the host nor waits for the GPU.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from conftest import HERE
from posing_gpu import Gpus, threads_of
from posing_torch import posing_gpus
from torch import Tensor

import pydarknet
from pydarknet.inference.classify import classify
from pydarknet.layers import DetectionHead
from pydarknet.layers.detection import DetectionLayer
from pydarknet.network import Network
from pydarknet.training.learner import Learner
from pydarknet.training.losses import owns_cost

pytestmark = pytest.mark.usefixtures("one_thread")

FOLDERS = sorted(path.parent for path in HERE.glob("reference/*/net.cfg"))
NAMES = [path.name for path in FOLDERS]
TREE = "infer_ab_region_tree"  # also as the original reads it
PAIRS = [*((name, "alexeyab" if "_ab_" in name else "pjreddie") for name in NAMES)]
PAIRS.append((TREE, "pjreddie"))
QUICK = {  # the others are like them
    "coco",
    "infer_ab_gaussian_yolo_corners",
    "infer_ab_lrn_upscale",
    "infer_ab_lstm_seq",
    "infer_ab_misc_layers",
    "infer_ab_region_tree",
    "infer_ab_yolov4tiny_a",
    "infer_pj_classifier_crop_cost",
    "infer_pj_yolov1_a",
    "train_eval_pj",
}
NETWORKS = [
    pytest.param(*pair, marks=() if pair[0] in QUICK else pytest.mark.slow) for pair in PAIRS
]
IMAGE = np.random.default_rng(1).integers(0, 255, (40, 50, 3), dtype=np.uint8)
MOST_WAITS, MOST_COPIES = 4, 7  # per image with boxes
MOST_TRAINING_WAITS, MOST_TRAINING_COPIES = 10, 12  # per mini-batch


def opened(name: str, dialect: str, batchnorm: str = "gpu") -> Network:
    """Return the network of a recording on the CPU, with its weights if it has some."""
    folder = HERE / "reference" / name
    files = [path for path in (folder / "net.weights",) if path.exists()]
    return pydarknet.load_network(
        folder / "net.cfg",
        *files,
        device="cpu",
        dialect=dialect,
        batchnorm=batchnorm,
        strict="activations" not in name,
    )


def numbers(gpus: Gpus) -> tuple[int, int]:
    """Return how many waits and copies were counted."""
    return sum(gpus.waits.values()), sum(gpus.copies.values())


@pytest.mark.parametrize(("name", "dialect"), NETWORKS)
def test_what_is_recorded_computes_the_same_without_the_host(name, dialect):
    network = opened(name, dialect)
    steps = max(network.net.time_steps, 1)
    images = torch.rand(
        2 * steps, *network.input.tensor, generator=torch.Generator().manual_seed(1)
    )
    with torch.inference_mode():
        expected = [[head.activated for head in network(images)] for _ in range(4)]
    network.reset()

    with posing_gpus() as gpus:
        fast, images = network.to("cuda").prepared(), images.to("cuda")
        with torch.inference_mode():
            found = [fast(images) for _ in range(3)]
            before = numbers(gpus)
            found.append(fast(images))

    assert numbers(gpus) == before
    assert fast.runner is None or not fast.runner.refused
    for heads, plain in zip(found, expected, strict=True):
        for head, one in zip(heads, plain, strict=True):
            torch.testing.assert_close(
                head.activated.inner, one, rtol=1e-4, atol=1e-4, equal_nan=True
            )


@pytest.mark.parametrize(("name", "dialect"), NETWORKS)
def test_pictures_have_the_boxes_or_classes_that_they_have_on_the_cpu(name, dialect):
    network = opened(name, dialect)
    network.precision = "float"
    answer = answers(network)
    if answer is None:
        pytest.skip("it takes numbers, no images")
    expected = answer(network)

    with posing_gpus() as gpus:
        network.reset()
        network.to("cuda")
        first = answer(network)
        network.reset()
        answer(network)
        before = numbers(gpus)
        network.reset()
        last = answer(network)

    waits, copies = (after - count for after, count in zip(numbers(gpus), before, strict=True))
    assert waits <= MOST_WAITS
    assert copies <= MOST_COPIES
    for one in (first, last):
        torch.testing.assert_close(one, expected, rtol=1e-3, atol=1e-4, equal_nan=True)


def answers(network: Network):
    """Return what finds the boxes, or scores the classes, of an image; None if it takes none."""
    if not network.input.image:
        return None
    if any(isinstance(layer, DetectionHead) for layer in network.layers):
        return lambda network: sorted_scores(network.detect(IMAGE, thresh=0.005))
    return lambda network: classify(network, [IMAGE])


def sorted_scores(found) -> Tensor:
    """Return the scores of boxes, best first: boxes of nearly equal scores may change places."""
    return found.probabilities.amax(1).sort(descending=True).values


# Threads


@pytest.mark.parametrize("count", [40, pytest.param(3000, marks=pytest.mark.slow)])
def test_threads_find_the_boxes_of_their_own_images_on_two_gpus(count):
    names = {"train_eval_pj": "pjreddie", "train_eval_ab_greedynms": "alexeyab"}
    images = [np.roll(IMAGE, 7 * shift, 0) for shift in range(10)]

    with posing_gpus(2):
        networks = [opened(*pair).to(f"cuda:{index}") for index, pair in enumerate(names.items())]
        expected = [[boxes_of(network, image) for image in images] for network in networks]

        def work(thread: int) -> int:
            draws, wrong = np.random.default_rng(thread), 0
            with torch.cuda.stream(torch.cuda.Stream(thread % 2) if thread % 3 else None):
                for _ in range(count // 8):
                    network, image = draws.integers(2), draws.integers(len(images))
                    found = boxes_of(networks[network], images[image])
                    wrong += not torch.equal(found, expected[network][image])
            return wrong

        assert sum(threads_of(work, 8)) == 0

    assert len({tuple(boxes.flatten().tolist()) for some in expected for boxes in some}) == 20


def boxes_of(network: Network, image: np.ndarray) -> Tensor:
    """Return the boxes of an image with the probabilities of their classes."""
    found = network.detect(image, thresh=0.005)
    return torch.cat([found.boxes, found.probabilities], 1)


# Training

WITH_COST = [  # and an image
    *("coco", "train_eval_ab_greedynms", "train_eval_pj"),
    *(name for name in NAMES if "darknet19" in name or "crop_cost" in name or "header" in name),
    *(name for name in NAMES if "yolov" in name or "gaussian" in name or "tree" in name),
    *("infer_ab_gru_seq", "infer_ab_lstm_seq", "infer_ab_rnn_seq", "infer_pj_batchnorm_padding"),
]
TRAINED = [pair for pair in NETWORKS if pair.values[0] in WITH_COST]
MIXED = [
    pytest.param(*pair, marks=() if pair[0] in ("coco", TREE) else pytest.mark.slow)
    for pair in PAIRS
    if pair[0] in WITH_COST
]


def truth_of(network: Network) -> Tensor:
    """Return the truth of four images: three boxes each, or the first class."""
    draws = torch.Generator().manual_seed(1)
    last = [node for node in network.nodes if owns_cost(node.layer)][-1]
    boxes = torch.rand(4, 3, 4, generator=draws) * 0.4 + 0.3
    if not isinstance(last.layer, DetectionHead):
        return torch.eye(last.output.outputs)[:1].expand(4, -1)
    if isinstance(last.layer, DetectionLayer):
        truth = torch.zeros(4, last.layer.cells**2, 1 + last.layer.classes + 4)
        truth[:, :3, :2], truth[:, :3, -4:] = 1, boxes
        return truth.flatten(1)
    truth = torch.zeros(4, 30, 5 + getattr(last.layer, "coords", 4) - 4)
    truth[:, :3, :4], truth[:, :3, 4] = boxes, torch.randint(0, 2, (4, 3), generator=draws).float()
    return truth


def losses(network: Network, amp: torch.dtype | None = None) -> Iterator[float]:
    """Yield the losses of two iterations of training, of two mini-batches each."""
    network.initialize(torch.Generator().manual_seed(1))
    network.net.__dict__.update(batch=4, subdivisions=2, burn_in=0, learning_rate=1e-5)
    images = torch.rand(4, *network.input.tensor, generator=torch.Generator().manual_seed(1))
    learner, truth = Learner(network, seed=1, amp=amp), truth_of(network)
    for _ in range(2):
        yield learner.learn(images, truth).loss


@pytest.mark.parametrize(("name", "dialect"), TRAINED)
def test_it_trains_as_on_the_cpu(name, dialect):
    expected = list(losses(opened(name, dialect)))

    with posing_gpus() as gpus:
        training = losses(opened(name, dialect).to("cuda"))
        found = [next(training)]
        before = numbers(gpus)
        found.append(next(training))

    waits, copies = (after - count for after, count in zip(numbers(gpus), before, strict=True))
    assert waits <= 2 * MOST_TRAINING_WAITS
    assert copies <= 2 * MOST_TRAINING_COPIES
    assert found == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("batchnorm", ["gpu", "cpu"])
@pytest.mark.parametrize(("name", "dialect"), MIXED)
def test_it_trains_in_mixed_precision(name, dialect, batchnorm):
    plain = list(losses(opened(name, dialect, batchnorm)))

    with posing_gpus():
        found = list(losses(opened(name, dialect, batchnorm).to("cuda"), torch.bfloat16))

    assert found == pytest.approx(plain, rel=0.2)
