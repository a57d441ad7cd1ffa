"""The layers of a cfg run in order: what they give, at which sizes, and what they remember."""

from __future__ import annotations

import weakref

import numpy as np
import pytest
import torch

from pydarknet.errors import CfgError, DarknetError
from pydarknet.layers import Shape
from pydarknet.network import Network

CONV = "[convolutional]\nfilters=4\nsize=3\npad=1\nactivation=leaky\n"
POOL = "[maxpool]\nsize=2\nstride=2\n"
HEADS = """
[convolutional]
filters=18
[yolo]
mask=0,1,2
num=3
classes=1
[route]
layers=-2
[yolo]
mask=0,1,2
num=3
classes=1
"""


def filled(network: Network) -> Network:
    """Give a network first values that are the same at every call."""
    network.initialize(torch.Generator().manual_seed(7))
    return network.requires_grad_(False)


def images(*size: int) -> torch.Tensor:
    """Return noise in 0..1 of a size."""
    return torch.rand(*size, generator=torch.Generator().manual_seed(8))


# What a network gives


def test_without_a_head_the_last_layer_is_given(net):
    network = filled(net(f"{CONV}{POOL}{CONV}", h=8, w=8))
    x = images(2, 3, 8, 8)

    [last] = network(x)

    outputs = network.trace(x)
    assert last.node.index == 2
    torch.testing.assert_close(last.raw, outputs[1], rtol=0, atol=0)
    torch.testing.assert_close(last.activated, outputs[2], rtol=0, atol=0)


def test_with_heads_those_are_given_in_order(net):
    network = filled(net(HEADS, h=4, w=4))
    x = images(1, 3, 4, 4)

    heads = network(x)

    outputs = network.trace(x)
    assert [head.node.index for head in heads] == [1, 3]
    torch.testing.assert_close(heads[0].raw, outputs[0], rtol=0, atol=0)
    torch.testing.assert_close(heads[1].activated, outputs[3], rtol=0, atol=0)


def test_trace_gives_every_layers_output(net):
    network = filled(net(f"{CONV}{POOL}[avgpool]\n[softmax]", h=8, w=8))

    outputs = network.trace(images(2, 3, 8, 8))

    sizes = [(2, 4, 8, 8), (2, 4, 4, 4), (2, 4, 1, 1), (2, 4)]
    assert [tuple(y.shape) for y in outputs] == sizes


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("[softmax]\n[cost]", 0),
        ("[softmax]\n[cost]\n[cost]", 0),
        ("[softmax]\n[cost]\n[dropout]", 2),
        ("[dropout]\n[softmax]", 1),
        ("[cost]", 0),
    ],
)
def test_the_result_is_the_last_layer_that_is_no_cost(net, text, result):
    assert net(text).result == result


def test_a_network_infers_until_it_is_told_to_train(net):
    network = net("[dropout]\nprobability=1", h=2, w=2)
    x = images(1, 3, 2, 2)

    torch.testing.assert_close(network(x)[0].activated, x, rtol=0, atol=0)
    assert network.train()(x)[0].activated.count_nonzero() == 0


# What it takes


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_a_batch_may_have_any_length(net, batch):
    network = filled(net(CONV, h=8, w=6))

    assert network(images(batch, 3, 8, 6))[0].activated.shape == (batch, 4, 8, 6)


@pytest.mark.parametrize("size", [(1, 3, 6, 8), (1, 1, 8, 6)])
def test_images_must_have_the_networks_size(net, size):
    network = filled(net(CONV, h=8, w=6))

    with pytest.raises(DarknetError) as error:
        network(images(*size))

    hint = "; Network.resize changes it" if size == (1, 3, 6, 8) else ""
    assert str(error.value) == f"images of size {list(size[1:])}: expected [3, 8, 6]{hint}"


@pytest.mark.parametrize("size", [(3, 8, 6), (1, 3, 48)])
def test_a_batch_has_a_dimension_more_than_the_input(net, size):
    network = filled(net(CONV, h=8, w=6))

    with pytest.raises(DarknetError) as error:
        network(images(*size))

    assert str(error.value) == f"a batch of size {list(size)}: expected [N, 3, 8, 6]"


def test_inputs_without_an_image_are_a_row_a_sample(net):
    network = filled(net("[connected]\noutput=5", inputs=20))

    assert network.input == Shape(length=20)
    assert network(images(2, 20))[0].activated.shape == (2, 5, 1, 1)


def test_a_network_without_values_takes_no_images(net):
    network = net(CONV, h=8, w=8)

    with pytest.raises(DarknetError):
        network(images(1, 3, 8, 8))


# Other sizes


def test_resize_changes_the_shapes(net):
    network = net(f"{CONV}{POOL}[upsample]\nstride=2", h=16, w=16)

    network.resize(24, 32)

    sizes = [(4, 32, 24), (4, 16, 12), (4, 32, 24)]
    assert network.input == Shape(c=3, h=32, w=24)
    assert [node.output.tensor for node in network.nodes] == sizes


def test_resize_keeps_the_parameters(net):
    network = filled(net(f"{CONV}{POOL}{CONV}", h=16, w=16))
    before = dict(network.named_parameters())

    network.resize(24, 32)

    after = dict(network.named_parameters())
    assert before.keys() == after.keys()
    assert all(after[name] is before[name] for name in before)


def test_a_resized_network_gives_what_one_of_that_size_gives(net):
    network, other = (filled(net(f"{CONV}{POOL}[softmax]", h=n, w=n)) for n in (16, 8))
    x = images(1, 3, 8, 8)

    network.resize(8, 8)

    torch.testing.assert_close(network(x)[0].activated, other(x)[0].activated, rtol=0, atol=0)


def test_a_matrix_over_the_map_fixes_the_size(net):
    network = net(f"{CONV}[connected]\noutput=5", h=16, w=16)

    with pytest.raises(CfgError) as error:
        network.resize(24, 32)

    problem = "[connected] cannot take images of 24 x 32: it has one size"
    assert str(error.value) == f"net.cfg:11: {problem}"
    assert network.input == Shape(c=3, h=16, w=16)


def test_a_matrix_over_means_does_not(net):
    network = filled(net(f"{CONV}[avgpool]\n[connected]\noutput=5", h=16, w=16))

    network.resize(24, 32)

    assert network(images(1, 3, 32, 24))[0].activated.shape == (1, 5, 1, 1)


def test_a_refused_size_leaves_the_network_as_it_was(net):
    network = filled(net(f"{CONV}[softmax]\n[connected]\noutput=5", h=4, w=4))
    x = images(1, 3, 4, 4)
    before = network(x)[-1].activated

    with pytest.raises(CfgError):
        network.resize(8, 8)

    torch.testing.assert_close(network(x)[-1].activated, before, rtol=0, atol=0)


def test_numbers_without_an_image_have_no_other_size(net):
    network = net("[connected]\noutput=5", inputs=20)

    with pytest.raises(DarknetError, match="image"):
        network.resize(8, 8)


# Memory of maps


def test_a_map_is_freed_after_its_last_reader(net):
    network = filled(net(CONV * 3, h=4, w=4))
    steps = network.steps(images(1, 3, 4, 4))

    first = weakref.ref(next(steps)[2])
    next(steps)
    next(steps)

    assert first() is None


def test_a_map_is_kept_for_a_later_reader(net):
    network = filled(net(f"{CONV * 3}[route]\nlayers=-1,0", h=4, w=4))
    steps = network.steps(images(1, 3, 4, 4))

    first = weakref.ref(next(steps)[2])
    next(steps)
    next(steps)

    assert first() is not None


@pytest.mark.parametrize(
    ("text", "floats"),
    [
        # a 1 x 1 convolution: 3 * 2 + 2 parameters, a map of 3 * 16 and one of 2 * 16
        ("[convolutional]\nfilters=2", 8 + 48 + 32),
        # the same again: 2 * 2 + 2 more, and at most two maps at a time
        ("[convolutional]\nfilters=2\n" * 2, 8 + 6 + 48 + 32),
        # a convolution of 3 x 3 has 2 * 27 + 2, and lays the map out with its margin, 3 * 6 * 6
        ("[convolutional]\nfilters=2\nsize=3\npad=1", 56 + 48 + 32 + 108),
        # a route keeps the first map of 32 for the third, which gives 64
        ("[convolutional]\nfilters=2\n" * 2 + "[route]\nlayers=0,1", 8 + 6 + 32 + 32 + 64),
    ],
)
def test_the_footprint_is_parameters_and_the_most_maps_at_a_time(net, text, floats):
    assert net(text, c=3, h=4, w=4).footprint() == 4 * floats


@pytest.mark.parametrize("move", ["double", "half"])
def test_shared_parameters_are_shared_after_a_move(net, move):
    text = f"{CONV}[convolutional]\nfilters=4\nsize=3\npad=1\nshare_index=0\n"
    network = filled(net(text, c=4, h=4, w=4, dialect="alexeyab"))

    getattr(network, move)()

    assert network.stack[1].weights is network.stack[0].weights


def test_what_a_network_computes_goes_to_numpy(net):
    network = net("[convolutional]\nfilters=2")
    network.initialize()
    images = torch.rand(1, 3, 16, 16)

    [head] = network(images)

    assert head.activated.numpy().shape == (1, 2, 16, 16)
    assert network.trace(images)[0].numpy().shape == (1, 2, 16, 16)


@pytest.mark.parametrize(
    "run", [lambda net, x: net(x)[0].activated, lambda net, x: net.trace(x)[0]]
)
def test_gradients_are_recorded_where_somebody_wants_them(net, run):
    network = net("[convolutional]\nfilters=2")
    network.initialize()
    images = torch.rand(1, 3, 16, 16)

    assert run(network, images.clone().requires_grad_()).requires_grad
    assert run(network.train(), images).requires_grad
    with torch.no_grad():
        assert not run(network, images).requires_grad


@pytest.mark.parametrize(
    ("images", "form"),
    [(np.zeros((1, 3, 16, 16)), "ndarray"), (torch.zeros(1, 3, 16, 16).byte(), "torch.uint8")],
)
def test_images_that_are_no_floats_are_told(net, images, form):
    network = net("[convolutional]\nfilters=2")
    network.initialize()

    for run in (network, network.trace):
        with pytest.raises(DarknetError, match=f"images are {form}: expected a tensor of float32"):
            run(images)
