"""Processes that train one network, beside one process that does the work of all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from together import together
from torch import Tensor

from pydarknet.errors import CfgError
from pydarknet.network import Network
from pydarknet.ranks.ranks import Ranks
from pydarknet.training.learner import Learner, Step
from pydarknet.training.learner_state import recurrent_states
from pydarknet.training.state import State
from pydarknet.training.team import AtOnce, InTurn

pytestmark = pytest.mark.usefixtures("one_thread")
LAYERS = """
[convolutional]
batch_normalize=1
filters=6
size=3
stride=2
pad=1
activation=leaky
[convolutional]
batch_normalize=1
filters=8
size=3
pad=1
activation=logistic
[convolutional]
filters=14
size=1
activation=linear
[yolo]
mask=0,1
anchors=4,4,8,8
num=2
classes=2
"""
OPTIONS = "batch=8\nmax_batches=100\nburn_in=2\n"


@pytest.fixture
def begun(net) -> Callable[..., Network]:
    """Return a function that makes the same network again and again, in float64."""

    def make(
        text: str = "", dialect: str = "alexeyab", batchnorm: str = "gpu", **changes: object
    ) -> Network:
        network = net(text or LAYERS, options=OPTIONS, dialect=dialect, batchnorm=batchnorm)
        network.initialize(torch.Generator().manual_seed(3))
        network.net = replace(network.net, **changes)
        return network.double()

    return make


def lessons(count: int) -> list[tuple[Tensor, Tensor]]:
    """Return the images and the truths of some batches; the last two images have no boxes."""
    draws = torch.Generator().manual_seed(1)
    found = []
    for _ in range(count):
        truth = torch.zeros(8, 4, 6)
        truth[:6, :2, :4] = torch.rand(6, 2, 4, generator=draws) / 2 + 0.2
        truth[:6, :2, 4] = torch.randint(2, (6, 2), generator=draws).float()
        found.append((torch.rand(8, 3, 16, 16, generator=draws), truth))
    return found


def learn(learner: Learner, count: int) -> tuple[list[Step], list[str], Learner]:
    """Train some iterations on this process's share of each; return its steps and lines too."""
    lines: list[str] = []
    wanted = list(learner.spread.wanted)
    steps = [
        learner.learn(
            images[wanted], truth[wanted], lambda losses: lines.extend(one.line() for one in losses)
        )
        for images, truth in lessons(count)
    ]
    return steps, lines, learner


def assert_same(ours: Network, theirs: Network, tolerance: float = 1e-12) -> None:
    """Compare all arrays of two networks, each in relation to its largest number."""
    for name, value in theirs.state_dict().items():
        largest = float(value.abs().max())
        torch.testing.assert_close(ours.state_dict()[name], value, rtol=0, atol=tolerance * largest)


@pytest.mark.parametrize(("size", "each"), [(2, 1), (2, 2), (4, 2)])
@pytest.mark.parametrize("options", [{}, {"adam": True}, {"ema_alpha": 0.9, "max_batches": 4}])
def test_processes_do_what_one_does_with_more_subdivisions(begun, size, each, options):
    steps, lines, one = learn(Learner(begun(subdivisions=size * each, **options), seed=1), 3)

    def work(ranks: Ranks) -> tuple[list[Step], list[str], Learner]:
        network = begun(subdivisions=each, **options)
        return learn(Learner(network, seed=1, team=InTurn(network, ranks)), 3)

    for theirs, told, learner in together(size, work):
        assert_same(learner.network, one.network)
        assert told == lines
        assert learner.boxes == one.boxes
        for ours, expected in zip(theirs, steps, strict=True):
            assert (ours.batch, ours.rate, ours.images) == (expected.batch, expected.rate, 8)
            assert ours.loss == pytest.approx(expected.loss, rel=1e-12)
            assert ours.average == pytest.approx(expected.average, rel=1e-12)


@pytest.mark.parametrize(("size", "subdivisions"), [(2, 1), (2, 2), (4, 1)])
@pytest.mark.parametrize("batchnorm", ["gpu", "cpu"])
@pytest.mark.parametrize("dialect", ["pjreddie", "alexeyab"])
def test_processes_that_share_statistics_do_what_one_does(
    begun, size, subdivisions, batchnorm, dialect
):
    options = {"subdivisions": subdivisions, "batchnorm": batchnorm, "dialect": dialect}
    steps, _, one = learn(Learner(begun(**options), seed=1), 3)

    def work(ranks: Ranks) -> tuple[list[Step], list[str], Learner]:
        network = begun(**options)
        return learn(Learner(network, seed=1, team=AtOnce(network, ranks)), 3)

    for theirs, told, learner in together(size, work):
        assert_same(learner.network, one.network, 1e-10)
        assert len(told) == 3 * size * subdivisions  # a line for each part
        assert learner.boxes == one.boxes
        for ours, expected in zip(theirs, steps, strict=True):
            assert ours.loss == pytest.approx(expected.loss, rel=1e-9)


BODY = LAYERS[: LAYERS.rindex("[convolutional]")]
HEADS = {
    "yolox": "[convolutional]\nfilters=7\n[yolox]\nclasses=2\nl1=1\n",
    "ssd": "[convolutional]\nfilters=14\n[ssd]\nanchors=4,4,8,8\nclasses=2\n",
    "centernet": "[convolutional]\nfilters=6\n[centernet]\nclasses=2\n",
    "retina": "[convolutional]\nfilters=12\n[retina]\nanchors=4,4,8,8\nclasses=2\n",
    "simota": f"{LAYERS[len(BODY) :]}assign=simota\n",
}


@pytest.mark.parametrize(("team", "parts"), [(InTurn, 2), (AtOnce, 1)])
@pytest.mark.parametrize("head", HEADS)
def test_losses_that_boxes_share_are_those_of_one_process(begun, head, team, parts):
    text = BODY + HEADS[head]
    steps, _, one = learn(Learner(begun(text, subdivisions=parts), seed=1), 3)

    def work(ranks: Ranks) -> tuple[list[Step], list[str], Learner]:
        network = begun(text, subdivisions=1)
        return learn(Learner(network, seed=1, team=team(network, ranks)), 3)

    for theirs, _, learner in together(2, work):
        assert_same(learner.network, one.network, 1e-6)
        for ours, expected in zip(theirs, steps, strict=True):
            assert ours.loss == pytest.approx(expected.loss, rel=1e-6)


@pytest.mark.parametrize("team", [InTurn, AtOnce])
@pytest.mark.parametrize(("subdivisions", "size"), [(3, 2), (8, 2), (1, 3)])
def test_a_batch_that_does_not_come_out_even_is_refused(begun, team, subdivisions, size):
    network = begun(subdivisions=subdivisions)

    with pytest.raises(CfgError, match=rf"multiple of {subdivisions * size}, for {size} processes"):
        team(network, Ranks(0, size))


def test_recurrent_layers_are_refused(begun):
    network = begun("[rnn]\noutput=2\n[softmax]\n", dialect="pjreddie")

    with pytest.raises(CfgError, match="the one before left: expected -sync_bn, where 2 processes"):
        InTurn(network, Ranks(0, 2))


SEQUENCES = (
    f"{BODY}[conv_lstm]\nbatch_normalize=1\noutput=8\nsize=3\npad=1\npeephole=1\n"
    f"{LAYERS[len(BODY) :]}"
)


@pytest.mark.parametrize(("batch", "steps"), [(8, 1), (4, 2)])
def test_processes_that_share_mini_batches_share_sequences(begun, batch, steps):
    options = {"batch": batch, "time_steps": steps, "subdivisions": 2}
    _, _, one = learn(Learner(begun(SEQUENCES, **options), seed=1), 3)

    def work(ranks: Ranks) -> tuple[Learner, State, dict[str, Tensor]]:
        network = begun(SEQUENCES, **options)
        _, _, learner = learn(Learner(network, seed=1, team=AtOnce(network, ranks)), 3)
        learner.prepare_save()
        whole = learner.state({})
        return learner, whole, learner.team.part_of(whole).tensors

    states = recurrent_states(one.network)
    assert states
    for learner, whole, own in together(2, work):
        assert_same(learner.network, one.network, 1e-10)
        for name, value in recurrent_states(learner.network).items():
            torch.testing.assert_close(whole.tensors[name], states[name])
            torch.testing.assert_close(own[name], value)
