"""Recurrent layers: their state between calls, and several steps in one call."""

from __future__ import annotations

import pytest
import torch

from pydarknet.network import Network

LAYERS = [
    pytest.param("[rnn]\noutput=4", "pjreddie", id="rnn"),
    pytest.param("[rnn]\noutput=4\nhidden=5\nshortcut=1", "alexeyab", id="rnn of the fork"),
    pytest.param("[gru]\noutput=4", "pjreddie", id="gru"),
    pytest.param("[lstm]\noutput=4\nbatch_normalize=1", "alexeyab", id="lstm"),
    pytest.param("[crnn]\noutput_filters=4\nhidden_filters=5", "pjreddie", id="crnn"),
    pytest.param("[crnn]\noutput=4\nhidden=5\npad=1", "alexeyab", id="crnn of the fork"),
    pytest.param("[conv_lstm]\noutput=4\npad=1\npeephole=1", "alexeyab", id="conv_lstm"),
    pytest.param("[history]\nhistory_size=3", "alexeyab", id="history"),
]
each_recurrent_layer = pytest.mark.parametrize(("text", "dialect"), LAYERS)


@pytest.fixture
def remembering(net):
    """Return a function that makes a network of one recurrent layer, with weights."""

    def make(text: str, dialect: str) -> Network:
        network = net(text, c=3, h=4, w=4, dialect=dialect)
        network.initialize(torch.Generator().manual_seed(7))
        return network.requires_grad_(False)

    return make


def sequences(steps: int, number: int) -> torch.Tensor:
    """Return noise for `number` sequences, step after step: [steps * number, 3, 4, 4]."""
    return torch.rand(steps * number, 3, 4, 4, generator=torch.Generator().manual_seed(8))


def output(network: Network, x: torch.Tensor) -> torch.Tensor:
    """Return the output of the last layer."""
    return network(x)[-1].activated


@each_recurrent_layer
def test_a_state_is_kept_from_call_to_call(remembering, text, dialect):
    network = remembering(text, dialect)
    x = sequences(1, 2)

    first, second = output(network, x), output(network, x)

    assert not torch.equal(first, second)


@each_recurrent_layer
def test_reset_forgets_the_state(remembering, text, dialect):
    network = remembering(text, dialect)
    x = sequences(1, 2)
    first = output(network, x)

    network.reset()

    torch.testing.assert_close(output(network, x), first, rtol=0, atol=0)


@each_recurrent_layer
def test_a_batch_of_steps_is_as_many_calls(remembering, text, dialect):
    network = remembering(text, dialect)
    x = sequences(3, 2)
    calls = torch.cat([output(network, step) for step in x.chunk(3)])

    network.reset()
    network.take_steps(3)

    torch.testing.assert_close(output(network, x), calls)


@each_recurrent_layer
def test_without_steps_a_batch_is_sequences_side_by_side(remembering, text, dialect):
    network = remembering(text, dialect)
    x = sequences(1, 3)
    together = output(network, x)

    network.reset()

    torch.testing.assert_close(output(network, x[1:2]), together[1:2])


@each_recurrent_layer
def test_another_number_of_sequences_begins_anew(remembering, text, dialect):
    network = remembering(text, dialect)
    x = sequences(1, 2)
    alone = output(network, x[:1])

    output(network, x)

    torch.testing.assert_close(output(network, x[:1]), alone, rtol=0, atol=0)


def test_resize_forgets_the_state(remembering):
    network = remembering("[crnn]\noutput=4\nhidden=5\npad=1", "alexeyab")
    output(network, sequences(1, 1))

    network.resize(2, 2)

    assert output(network, torch.zeros(1, 3, 2, 2)).shape == (1, 4, 2, 2)


def test_training_remembers_the_state_without_its_past(net):
    network = net("[rnn]\noutput=4", inputs=6)
    network.initialize(torch.Generator().manual_seed(7))

    output(network.train(), torch.rand(1, 6))

    [state] = network.stack[0].state
    assert not state.requires_grad


@pytest.mark.parametrize(
    ("text", "dialect", "forgets"),
    [
        ("[crnn]\noutput_filters=4\nhidden_filters=5", "pjreddie", True),
        ("[crnn]\noutput=4\nhidden=5\npad=1", "alexeyab", True),
        ("[rnn]\noutput=4\nhidden=5", "alexeyab", True),
        ("[rnn]\noutput=4", "pjreddie", False),
        ("[gru]\noutput=4", "alexeyab", False),
        ("[lstm]\noutput=4", "pjreddie", False),
    ],
)
def test_some_layers_are_trained_without_a_memory(remembering, text, dialect, forgets):
    network = remembering(text, dialect)
    x = sequences(1, 2)
    first, second = output(network.train(), x), output(network, x)

    assert torch.equal(first, second) is forgets
    assert torch.equal(output(network.eval(), x), second) is False, "else all go on"
