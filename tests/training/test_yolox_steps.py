"""[yolox] learns as the official head does in a plain loop of torch: scripts/record_yolox.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import record_yolox
import torch
from conftest import HERE

from pydarknet.network import Network
from pydarknet.ports.import_arrays import import_stored
from pydarknet.ports.layouts import Layout, one
from pydarknet.ports.stored import Stored
from pydarknet.training.learner import Learner

RECORDED = np.load(HERE / "reference" / "yolox" / "steps.npz")
SIDE, IMAGES = record_yolox.SIDE, record_yolox.IMAGES
NORMALISED = (
    "[convolutional]\nbatch_normalize=1\nfilters={}\nsize={}\nstride={}\npad=1\nactivation=swish\n"
)
LINEAR = "[convolutional]\nfilters={}\nsize=1\nactivation=linear\n"
HEAD = (
    NORMALISED.format(8, 1, 1)
    + NORMALISED.format(8, 3, 1) * 2
    + LINEAR.format(3)
    + "[route]\nlayers=-4\n"
    + NORMALISED.format(8, 3, 1) * 2
    + LINEAR.format(4)
    + "[route]\nlayers=-2\n"
    + LINEAR.format(1)
    + "[route]\nlayers=-3,-1,-7\n"
)
BODY = NORMALISED.format(8, 3, 2) * 3 + NORMALISED.format(16, 3, 2)
CFG = f"{BODY}[route]\nlayers=2\n{HEAD}[route]\nlayers=3\n{HEAD}[yolox]\nlayers=15,27\nclasses=3\n"
OPTIONS = (
    f"batch={IMAGES}\nmomentum={record_yolox.MOMENTUM}\ndecay={record_yolox.DECAY}\n"
    "max_batches=1000\n"
)
PLACES = tuple(f"backbone.{k}" for k in range(4)) + tuple(
    f"head.{name}"
    for k in range(2)
    for name in (
        f"stems.{k}",
        f"cls_convs.{k}.0",
        f"cls_convs.{k}.1",
        f"cls_preds.{k}",
        f"reg_convs.{k}.0",
        f"reg_convs.{k}.1",
        f"reg_preds.{k}",
        f"obj_preds.{k}",
    )
)
LAYOUT = Layout("recorded", 1e-5, (one("{place}.conv", "{place}.bn"), one("{place}")), PLACES)


def learner_of(net: Callable[..., Network], rate: float, folder: Path) -> Learner:
    """Return what trains the recorded network from its first values."""
    options = f"{OPTIONS}learning_rate={rate}\n"
    network = net(CFG, h=SIDE, w=SIDE, dialect="alexeyab", options=options)
    pairs = zip(RECORDED["names"], RECORDED["shapes"].tolist(), strict=True)
    shapes = {str(name): tuple(n for n in shape if n) for name, shape in pairs}
    arrays = {
        name: Stored(value.shape, "F32", lambda value=value: value)
        for name, value in record_yolox.values_of(shapes).items()
    }
    import_stored(network, arrays, LAYOUT, folder)
    return Learner(network, seed=1)


@pytest.mark.parametrize(
    ("recorded", "steps", "tolerance"),
    [(20, 20, 1e-4), (300, 100, 1e-3), pytest.param(300, 300, 1e-3, marks=pytest.mark.slow)],
)
def test_losses_are_those_of_the_official_head(
    net, tmp_path, one_thread, recorded, steps, tolerance
):
    learner = learner_of(net, record_yolox.RUNS[recorded], tmp_path)

    losses = []
    for number in range(steps):
        images, truth = record_yolox.step_of(number)
        rows = np.concatenate([truth[:, :, 1:] / SIDE, truth[:, :, :1]], 2)
        losses.append(learner.learn(torch.from_numpy(images), torch.from_numpy(rows)).loss)

    expected = RECORDED[f"losses_{recorded}"][:steps].tolist()
    assert losses == pytest.approx(expected, rel=tolerance)
