"""Where a gradient passes a head as it is, and where it ends."""

import pytest
import torch

from pydarknet.training.straight_through import Straight, straighten

CONV = "[convolutional]\nfilters=2\nsize=1\nactivation=linear\n"


def gradients(network) -> list[float] | None:
    """Return what the first convolution's biases get of a gradient of 1 and 3 at the end."""
    network.initialize(torch.Generator().manual_seed(1))
    network.train()
    output = network.trace(torch.ones(1, *network.input.tensor))[-1]
    if not output.requires_grad:
        return None
    output.backward(torch.tensor([1.0, 3.0]).view(output.shape))
    return network.stack[0].biases.grad.tolist()


def test_a_delta_goes_to_the_input_as_it_is():
    raw = torch.zeros(1, 2, 1, 1, requires_grad=True)

    output = Straight.apply(raw, torch.tensor([[5.0, 6.0]]))
    output.backward(torch.tensor([[1.0, 3.0]]))

    assert output.tolist() == [[5, 6]]
    assert raw.grad.flatten().tolist() == [1, 3]


def test_a_softmax_is_passed_straight(net):
    network = net(f"{CONV}[softmax]", c=1, h=1, w=1)
    straighten(network)

    assert gradients(network) == [1, 3]


def test_what_undoes_it_leaves_the_softmaxs_own_gradient(net):
    network = net(f"{CONV}[softmax]", c=1, h=1, w=1)
    for handle in straighten(network):
        handle.remove()

    assert sum(gradients(network)) == pytest.approx(0, abs=1e-6)  # a softmax's always is


@pytest.mark.parametrize(("dialect", "passes"), [("pjreddie", True), ("alexeyab", False)])
def test_onlyforward_of_a_layer_ends_gradients_in_the_fork_alone(net, dialect, passes):
    network = net(f"{CONV}[dropout]\nprobability=0\nonlyforward=1", c=1, h=1, w=1, dialect=dialect)
    straighten(network)

    assert (gradients(network) is not None) is passes
