"""Five iterations of training, beside the losses and weights of the C programs."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import recording
from posing_torch import posing_gpus
from torch import Tensor

import pydarknet
from pydarknet.layers import detection_heads
from pydarknet.network import Network
from pydarknet.training.learner import Learner

pytestmark = pytest.mark.usefixtures("one_thread")
CASES = [
    "train_pj_yolov3_bn",
    "train_pj_region_early",
    "train_pj_region_bn",
    "train_pj_classifier_bn",
    "train_ab_ciou_plain",
    "train_ab_mse_plain",
    "train_ab_v4tiny_ciou_bn_fixed",
    "train_ab_classifier_smooth_fixed",
    "train_pj_cli",
    "train_ab_cli",
]
LINEAGES = {"pj": "pjreddie", "ab": "alexeyab"}
# The images that the region cases were said to have seen before the first of the five.
SEEN = {"train_pj_region_bn": 12800}


def network_of(folder: Path, weights: str) -> Network:
    """Return a recording's network with some of its weights."""
    [cfg] = folder.glob("*.cfg")
    return pydarknet.load_network(
        cfg,
        folder / weights,
        dialect=LINEAGES[folder.name.split("_")[1]],
        batchnorm="cpu",
        device="cpu",
    )


def lesson_of(folder: Path, network: Network) -> tuple[Tensor, Tensor]:
    """Return the images and the truth of a recording."""
    images = torch.from_numpy(np.load(folder / "X.npy")).view(-1, *network.input.tensor)
    truth = torch.from_numpy(np.load(folder / "truth.npy"))
    if detection_heads(network.layers):
        row = 6 if network.dialect.name == "alexeyab" else 5
        truth = truth.view(len(truth), -1, row)
    return images, truth


@cache
def learned(name: str) -> tuple[Path, list, Network]:
    """Return a recording's folder, five iterations' steps, and the network after them."""
    folder = recording(name)
    network = network_of(folder, "init.weights")
    network.header = replace(network.header, seen=SEEN.get(name, 0))
    images, truth = lesson_of(folder, network)
    learner = Learner(network, seed=1)
    return folder, [learner.learn(images, truth) for _ in range(5)], network


@pytest.mark.parametrize("name", [name for name in CASES if not name.endswith("cli")])
def test_losses_averages_and_rates_are_recorded(name):
    folder, steps, _ = learned(name)

    recorded = json.loads((folder / "losses.json").read_text())
    ours = [(step.loss, step.average, step.rate) for step in steps]
    theirs = [(r["loss"], r["avg_loss"], r["rate"]) for r in recorded]
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_weights_after_five_iterations_are_recorded(name):
    folder, _, network = learned(name)

    final = "final.weights" if name.endswith("cli") else "iter5.weights"
    theirs = network_of(folder, final).state_dict()
    tolerance = 2e-4 if "_bn" in name else 2e-6
    for key, value in network.state_dict().items():
        torch.testing.assert_close(value, theirs[key], atol=tolerance, rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "copies", "waits"),
    [  # its images, and each head's truth and matches; its loss, counts and where boxes are near
        ("infer_ab_yolov4tiny_a", 6, 8),
        ("infer_pj_yolov3_a", 5, 3),
        ("infer_ab_gaussian_yolo_corners", 5, 9),
        ("infer_pj_yolov2_a", 4, 1),
        ("infer_pj_darknet19_a", 2, 1),
    ],
)
def test_a_mini_batch_is_copied_to_a_gpu_head_by_head(name, copies, waits):
    folder = recording(name)
    dialect = LINEAGES[name.split("_")[1]]
    network = pydarknet.load_network(folder / "net.cfg", device="cpu", dialect=dialect)
    network.net.__dict__.update(batch=2, subdivisions=1, burn_in=0)
    images, truth = torch.rand(2, *network.input.tensor), torch.zeros(2, 90, 5)
    truth[:, :3] = torch.tensor([0.5, 0.5, 0.3, 0.3, 0])
    if not detection_heads(network.layers):
        truth = torch.eye(network.nodes[-1].output.outputs)[:2]

    with posing_gpus() as gpus:
        learner = Learner(network.to("cuda"), seed=1)
        learner.learn(images, truth)  # which also copies constants
        before = sum(gpus.copies.values()), sum(gpus.waits.values())
        learner.learn(images, truth)
        after = sum(gpus.copies.values()), sum(gpus.waits.values())

    assert (after[0] - before[0], after[1] - before[1]) == (copies, waits)
