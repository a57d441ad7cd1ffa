"""Darknet's update: what decays, what stands still, and at which rate."""

from __future__ import annotations

import pytest
import torch

from pydarknet.errors import CfgError
from pydarknet.network import Network
from pydarknet.training.learner import Learner
from pydarknet.training.optimizer import inference_only, mini_batch, trainable_parameters

CONV = "[convolutional]\nbatch_normalize=1\nfilters=4\nsize=1\nactivation=linear\n"
HEAD = "[convolutional]\nfilters=7\nactivation=linear\n[yolo]\nclasses=2\nnum=1\nanchors=8,8\n"
ONE = "batch=2\nlearning_rate=0.1\nmax_batches=10\npolicy=constant\ndecay=0.5\nmomentum=0.9"


@pytest.fixture
def learner(net):
    """Return a learner of convolutions before a head; layer 0 has options of its own."""

    def make(first: str = "", second: str = "", dialect="pjreddie", options: str = "") -> Learner:
        network = net(
            f"{CONV}{first}\n{CONV}{second}\n{HEAD}",
            h=4,
            w=4,
            dialect=dialect,
            options=f"{ONE}\n{options}",
        )
        network.initialize(torch.Generator().manual_seed(1))
        return Learner(network, seed=1)

    return make


def learn(learner: Learner, times: int = 1) -> None:
    """Train on noise with one box an image."""
    noise = torch.rand(2, 3, 4, 4, generator=torch.Generator().manual_seed(2))
    truth = torch.zeros(2, 90, 5)
    truth[:, 0, :4] = 0.5
    for _ in range(times):
        learner.learn(noise, truth)


def weights(network: Network, index: int = 0) -> torch.Tensor:
    """Return a copy of a layer's weights."""
    return network.stack[index].weights.detach().clone()


def test_weights_decay_and_biases_and_scales_do_not(learner):
    decays = {part.tensor: part.decays for part in trainable_parameters(learner().network)}

    conv = learner().network.stack[0]
    assert [decays.get(p) for p in (conv.weights, conv.biases, conv.norm.scales)] == [None] * 3
    assert sum(decays.values()) == 3  # the weights of three convolutions
    assert len(decays) == 8  # 2 * (weights, biases, scales) and a convolution's weights and biases


WEIGHED = "[shortcut]\nfrom=0\nweights_type=per_feature\nweights_normalization=softmax\n"


@pytest.mark.parametrize(
    ("processor", "delta", "expected"),
    [
        # the rate of .1 times the sum of 1, which is .5, and halved by the batch of 2
        ("gpu", 1, [0.1 * 0.5 / 2, -0.1 * 0.5 / 2]),
        ("gpu", 9, [0.1 * 1 / 2, -0.1 * 1 / 2]),  # the sum is at most 1
        # the decay is .5
        ("cpu", 9, [0.1 * (9 / 4 - 0.5), 0.1 * (-9 / 4 - 0.5)]),
    ],
)
def test_on_a_gpu_a_shortcuts_weights_are_clipped_and_on_a_cpu_they_decay(
    net, processor, delta, expected
):
    text = f"{CONV}{CONV}{WEIGHED}{HEAD}"
    network = net(text, h=4, w=4, dialect="alexeyab", options=ONE, batchnorm=processor)
    network.initialize(torch.Generator().manual_seed(1))
    learner = Learner(network, seed=1)
    shortcut = network.stack[2]
    shortcut.weights.grad = torch.tensor([[-delta / 2], [delta / 2]]) / learner.divisor
    before = shortcut.weights.detach().clone()

    learner.step(0.1)

    moved = (shortcut.weights.detach() - before).flatten().tolist()
    assert moved == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("layer", "arrays"),
    [
        ("[local]\nfilters=2\nsize=1\nactivation=linear\n", ["weights", "biases"]),
        ("[connected]\noutput=7\nactivation=linear\n", ["weights", "biases"]),
        ("[implicit]\nfilters=4\n[scale_channels]\nfrom=0\n", ["weights"]),
    ],
)
def test_layers_that_the_fork_forgets_are_trained(net, layer, arrays):
    network = net(f"{CONV}{layer}{HEAD}", h=1, w=1, dialect="alexeyab", options=ONE)

    parts = trainable_parameters(network)

    found = {
        name
        for name, one in network.stack[1].named_parameters()
        for part in parts
        if part.tensor is one
    }
    assert found == set(arrays)


def test_as_on_a_cpu_biases_learn_and_the_deltas_of_all_readers_count(net):
    text = f"{CONV}{CONV}[shortcut]\nfrom=0\n{HEAD}"
    network = net(text, h=4, w=4, dialect="alexeyab", options=ONE, batchnorm="cpu")
    network.initialize(torch.Generator().manual_seed(1))
    with torch.no_grad():
        network.stack[1].norm.scales.zero_()  # so layer 0 learns from the shortcut alone
    before = [network.stack[index].biases.detach().clone() for index in (0, 1)]

    learn(Learner(network, seed=1))

    after = [network.stack[index].biases.detach() for index in (0, 1)]
    assert all((one != two).all() for one, two in zip(before, after, strict=True))


@pytest.mark.parametrize("scale", [0.0, 1.0, 2.0])
def test_a_layer_has_a_rate_of_its_own(learner, scale):
    made = learner(f"learning_rate={scale}")
    before = weights(made.network)

    learn(made)

    plain = learner()
    start = weights(plain.network)
    learn(plain)
    step = weights(plain.network) - start
    torch.testing.assert_close(weights(made.network) - before, scale * step, atol=1e-6, rtol=1e-4)


def test_the_original_decays_what_is_before_stopbackward(learner):
    made = learner(second="stopbackward=1")
    first = weights(made.network)

    learn(made)

    # w -= rate * decay * w, 0.1 * 0.5
    torch.testing.assert_close(weights(made.network), first * 0.95)
    assert made.network.stack[0].norm.training


def test_the_fork_leaves_what_is_before_stopbackward_and_decays_that_layer(learner):
    made = learner(second="stopbackward=1", dialect="alexeyab")
    first, second = weights(made.network), weights(made.network, 1)

    learn(made)

    torch.testing.assert_close(weights(made.network), first, rtol=0, atol=0)
    torch.testing.assert_close(weights(made.network, 1), second * 0.95)
    assert inference_only(made.network) == {0}
    assert not made.network.stack[0].norm.training


def test_train_only_bn_leaves_parameters_and_moves_statistics(learner):
    made = learner(second="train_only_bn=1", dialect="alexeyab")
    before = [weights(made.network, index) for index in (0, 1)]
    mean = made.network.stack[0].norm.rolling_mean.clone()

    learn(made)

    for index in (0, 1):
        torch.testing.assert_close(weights(made.network, index), before[index], rtol=0, atol=0)
    assert not torch.equal(made.network.stack[0].norm.rolling_mean, mean)


@pytest.mark.parametrize(
    ("option", "moves"),
    [
        ("dont_update=2", [False, False, True]),  # updated where 2 < batch
        ("burnin_update=1", [False, True, True]),  # updated from batch burn_in * 1 on
    ],
)
def test_the_fork_updates_some_layers_later(learner, option, moves):
    made = learner(option, dialect="alexeyab", options="burn_in=2")
    moved = []
    for _ in range(3):
        before = weights(made.network)
        learn(made)
        moved.append(not torch.equal(weights(made.network), before))

    assert moved == moves


@pytest.mark.parametrize(
    ("first", "options", "dialect"), [("", "clip=.01", "pjreddie"), ("clip=.01", "", "alexeyab")]
)
def test_clip_holds_weights(learner, first, options, dialect):
    made = learner(first, dialect=dialect, options=options)

    learn(made)

    assert weights(made.network).abs().max() <= 0.01


def test_grad_centr_takes_each_filters_mean_from_its_gradient(net):
    text = f"{CONV.replace('size=1', 'size=4')}pad=0\ngrad_centr=1\n{HEAD}"
    network = net(text, c=2, h=4, w=4, dialect="alexeyab", options=ONE.replace("0.5", "0"))
    network.initialize(torch.Generator().manual_seed(1))
    learner = Learner(network, seed=1)
    before = weights(network)

    truth = torch.zeros(2, 200, 6)
    truth[:, 0, :4] = 0.5
    learner.learn(torch.rand(2, 2, 4, 4), truth)

    moved = (weights(network) - before).mean((1, 2, 3))  # 2 * 4 * 4 = 32 weights a filter
    torch.testing.assert_close(moved, torch.zeros(4), atol=1e-6, rtol=0)


def test_the_originals_batchnorm_section_is_not_trained(net):
    network = net(f"[batchnorm]\n{HEAD}", h=4, w=4, options=ONE)
    network.initialize()

    assert len(trainable_parameters(network)) == 2  # the head's convolution


@pytest.mark.parametrize(("dialect", "options"), [("pjreddie", ""), ("alexeyab", "pad=1\n")])
def test_a_crnn_is_trained(net, dialect, options):
    network = net(f"[crnn]\n{options}{HEAD}", h=4, w=4, options=ONE, dialect=dialect)
    network.initialize()

    # weights and biases of three convolutions, and the head's
    assert len(trainable_parameters(network)) == 8


def test_shared_parameters_are_updated_once(net):
    text = f"{CONV}{CONV.replace('filters=4', 'filters=4')}share_index=0\n{HEAD}"
    network = net(text, c=4, h=4, w=4, dialect="alexeyab", options=ONE)
    network.initialize()

    # weights, biases, scales, and the head's convolution
    assert len(trainable_parameters(network)) == 5


@pytest.mark.parametrize(("batch", "subdivisions", "mini"), [(64, 16, 4), (8, 3, 2), (2, 4, 1)])
def test_a_mini_batch_is_a_whole_number_of_images(net, batch, subdivisions, mini):
    network = net(HEAD, options=f"batch={batch}\nsubdivisions={subdivisions}")

    assert mini_batch(network.net) == mini


# Adam, by its formulas


def test_adam_moves_by_the_rate_at_first(learner):
    made = learner(options="adam=1\neps=0.0000001")
    before = weights(made.network)

    learn(made)

    # the first step of Adam is the rate itself, whatever the gradient, but for its epsilon
    moved = (weights(made.network) - before).abs()
    torch.testing.assert_close(moved, torch.full_like(moved, 0.1), rtol=1e-3, atol=0)


def test_dropout_draws_the_same_in_the_same_iteration(net):
    text = f"{CONV}[dropout]\nprobability=.5\n{HEAD}"
    finals = []
    for _ in range(2):
        network = net(text, h=4, w=4, options=ONE)
        network.initialize(torch.Generator().manual_seed(1))
        made = Learner(network, seed=1)
        learn(made, 3)
        finals.append(weights(network))

    torch.testing.assert_close(finals[0], finals[1], rtol=0, atol=0)


def test_a_heads_delta_passes_to_what_it_reads(net):
    """[cost] after [softmax]: the cost's delta goes through the softmax as it is."""
    text = "[connected]\noutput=3\nactivation=linear\n[softmax]\n[cost]\n"
    network = net(text, inputs=4, options=ONE.replace("decay=0.5", "decay=0"))
    network.initialize(torch.Generator().manual_seed(1))
    before = network.stack[0].biases.detach().clone()
    made = Learner(network, seed=1)
    x, truth = torch.ones(2, 4), torch.eye(3)[:2]
    with torch.no_grad():
        p = network.eval().trace(x)[1]

    made.learn(x, truth)

    # (truth - p) of the softmax and again of the cost, the mean of two samples, times the rate
    step = 0.1 * 2 * (truth - p).mean(0)
    torch.testing.assert_close(network.stack[0].biases.detach() - before, step)


def test_a_network_that_leaves_nothing_to_train_is_told(net):
    network = net(f"{HEAD}train_only_bn=1\n", h=4, w=4, dialect="alexeyab", options=ONE)
    network.initialize()

    with pytest.raises(CfgError, match=r"^net\.cfg:1: \[net\] no layer is left to train: expected"):
        Learner(network, seed=1)


@pytest.mark.parametrize(("first", "options"), [("use_rolling=1", ""), ("", "use_rolling=1")])
def test_rolling_statistics_normalise_and_stay_where_the_cfg_says_so(learner, first, options):
    made = learner(first=first, options=options)
    norm, other = (made.network.stack[index].norm for index in (0, 1))
    with torch.no_grad():
        norm.rolling_mean.fill_(0.25)
        norm.rolling_variance.fill_(4)
        other.rolling_variance.fill_(4)
    scales = norm.scales.detach().clone()

    learn(made, times=2)

    assert norm.rolling_mean.tolist() == [0.25] * 4
    assert norm.rolling_variance.tolist() == [4] * 4
    assert not torch.equal(norm.scales, scales)
    assert bool(other.rolling_mean.count_nonzero()) == bool(first)  # only [net] keeps all


@pytest.mark.parametrize("dialect", ["pjreddie", "alexeyab"])
@pytest.mark.parametrize(
    ("section", "options", "variance"),
    [("use_rolling=1\n", "", 1), ("", "use_rolling=1\n", 1), ("", "", 0)],  # 0 as in the C
)
def test_statistics_that_stay_begin_so_that_they_change_nothing(
    net, dialect, section, options, variance
):
    text = f"[batchnorm]\n{section}[convolutional]\nbatch_normalize=1\n{section}"
    network = net(text, h=4, w=4, dialect=dialect, options=options)
    network.initialize()

    norms = [network.stack[0].norm, network.stack[1].norm]

    assert [norm.rolling_variance.unique().tolist() for norm in norms] == [[variance]] * 2
    x = torch.rand(1, 3, 4, 4)
    torch.testing.assert_close(
        network.trace(x)[0], x if variance else x * 1e5**0.5, rtol=1e-3, atol=0
    )
