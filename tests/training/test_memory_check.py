"""The largest images are tried before a training begins, and leave no trace."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from pydarknet.errors import OutOfMemory
from pydarknet.training.learner import Learner
from pydarknet.training.memory_check import is_tried, try_largest

NET = """[convolutional]
batch_normalize=1
filters=4
size=3
stride=2
pad=1
activation=leaky
[convolutional]
filters=7
activation=linear
[yolo]
classes=2
num=1
anchors=8,8
"""
SIZES = SimpleNamespace(largest=(32, 16))
SAMPLES = SimpleNamespace(truth_shape=(90, 5))


@pytest.fixture
def learner(net):
    """Return a learner of 8 images in 2 parts."""
    options = "batch=8\nsubdivisions=2\nlearning_rate=.1\nmax_batches=5"
    network = net(NET, h=8, w=8, options=options)
    network.initialize(torch.Generator().manual_seed(1))
    return Learner(network, seed=1)


def test_the_largest_images_go_through_and_back(learner, monkeypatch):
    tried = []
    real = learner.accumulate
    monkeypatch.setattr(
        learner,
        "accumulate",
        lambda images, *rest: (tried.append(images.shape), real(images, *rest)),
    )

    try_largest(learner, SIZES, SAMPLES)

    assert tried == [(4, 3, 16, 32)]


def test_the_trial_leaves_no_trace(learner):
    before = {name: value.clone() for name, value in learner.network.state_dict().items()}

    try_largest(learner, SIZES, SAMPLES)

    torch.testing.assert_close(dict(learner.network.state_dict()), before, rtol=0, atol=0)
    assert (learner.network.input.w, learner.network.input.h) == (8, 8)
    assert all(parameter.grad is None for parameter in learner.network.parameters())
    assert (learner.batch, learner.boxes) == (0, [0, 0])


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory"),
    ],
)
@pytest.mark.parametrize(
    ("most", "hint"),
    [
        (2, "set subdivisions=4 in [net]: a mini-batch of 2 fits"),
        (1, "set subdivisions=8 in [net]: a mini-batch of 1 fits"),
        (0, "none fits: use a smaller width and height in [net]"),
    ],
)
def test_what_does_not_fit_says_which_subdivisions_do(learner, monkeypatch, error, most, hint):
    def fail(images, *rest):
        if len(images) > most:
            raise error

    monkeypatch.setattr(learner, "accumulate", fail)

    with pytest.raises(OutOfMemory) as caught:
        try_largest(learner, SIZES, SAMPLES)

    assert str(caught.value) == f"4 images of 32 x 16 do not fit in memory\n    hint: {hint}"


def test_another_error_is_not_taken_for_that(learner, monkeypatch):
    def fail(*words):
        raise RuntimeError("something else")

    monkeypatch.setattr(learner, "accumulate", fail)

    with pytest.raises(RuntimeError, match="something else"):
        try_largest(learner, SIZES, SAMPLES)


@pytest.mark.parametrize(
    ("device", "random", "tried"),
    [("cpu", 0, False), ("cpu", 1, True), ("cuda", 0, True), ("cuda", 1, True)],
)
def test_memory_is_tried_for_many_sizes_and_on_a_gpu(net, device, random, tried):
    head = f"[yolo]\nclasses=1\nmask=0\nnum=1\nanchors=1,1\nrandom={random}"
    layers = net(f"[convolutional]\nfilters=6\n{head}").layers

    assert is_tried(SimpleNamespace(layers=layers, device=torch.device(device))) is tried
