"""[rnn]: the plain recurrent layer."""

from __future__ import annotations

import struct
from math import exp, tanh

import pytest
import torch
from conftest import rows, run

from pydarknet.errors import CfgError
from pydarknet.layers import Shape

RNN = "[rnn]\nactivation=tanh"
FLOATS = [0.1, 0.5, 0.2, 0.7, 0.3, 0.9]  # bias and weight of input, self and output


def steps(x: list[float], *, shortcut: float = 0, squash=tanh) -> list[float]:
    """Return two outputs: s = shortcut * s + In(x) + Self(s), y = Out(s)."""
    first = tanh(0.1 + 0.5 * x[0]) + squash(0.2 + 0.7 * 0)
    second = shortcut * first + tanh(0.1 + 0.5 * x[1]) + squash(0.2 + 0.7 * first)
    return [tanh(0.3 + 0.9 * first), tanh(0.3 + 0.9 * second)]


@pytest.mark.parametrize(
    ("dialect", "shape"),
    [("pjreddie", Shape(length=5)), ("alexeyab", Shape(c=5, h=1, w=1))],
)
def test_the_output_is_a_vector_in_the_original_and_channels_in_the_fork(nodes, dialect, shape):
    [node] = nodes("[rnn]\noutput=5", c=2, h=3, w=4, dialect=dialect)

    assert node.output == shape


@pytest.mark.parametrize("shortcut", [0, 1])
@pytest.mark.parametrize("dialect", ["pjreddie", "alexeyab"])
def test_the_file_has_input_self_and_output_and_the_state_stays(loaded, dialect, shortcut):
    network = loaded(f"{RNN}\nshortcut={shortcut}", FLOATS, inputs=1, dialect=dialect)

    found = [run(network, [1]).item(), run(network, [-2]).item()]

    assert found == pytest.approx(steps([1, -2], shortcut=shortcut))


@pytest.mark.parametrize(
    ("logistic", "squash"),
    [(0, tanh), (1, lambda x: 1 / (1 + exp(-x))), (2, lambda x: 2 / (1 + exp(-x)) - 1)],
)
def test_the_forks_logistic_is_of_the_state_alone(loaded, logistic, squash):
    text = f"{RNN}\nlogistic={logistic}"
    network = loaded(text, FLOATS, inputs=1, dialect="alexeyab")

    found = [run(network, [1]).item(), run(network, [-2]).item()]

    assert found == pytest.approx(steps([1, -2], squash=squash))


def test_the_forks_state_has_a_size_of_its_own(loaded):
    text = "[rnn]\nhidden=2\noutput=1\nactivation=linear"
    floats = [0, 0, 1, 2, *[0] * 6, 5, 10, 100]  # the state is x and 2x; Out is 10, 100 and 5

    y = run(loaded(text, floats, inputs=1, dialect="alexeyab"), [3])

    assert y.tolist() == [[[635]]]  # 10 * 3 + 100 * 6 + 5


def test_the_originals_state_has_the_size_of_the_output(loaded, capsys):
    text = "[rnn]\nhidden=7\noutput=2\nactivation=linear"
    floats = [0, 0, 1, 2, *[0] * 6, 5, 6, 1, 0, 0, 1]

    y = run(loaded(text, floats, inputs=1), [3])

    assert y.tolist() == [8, 12]
    assert "Unused field: 'hidden = 7'" in capsys.readouterr().err


def test_a_batch_holds_one_step_after_the_other(loaded):
    network = loaded(RNN, FLOATS, inputs=1)
    network.take_steps(2)

    with torch.no_grad():  # two sequences, 1 -2 and 3 4, of two steps each
        [y] = network.trace(torch.tensor([[1.0], [3.0], [-2.0], [4.0]]))

    first, second = steps([1, -2]), steps([3, 4])
    expected = [first[0], second[0], first[1], second[1]]
    assert y.flatten().tolist() == pytest.approx(expected)


@pytest.mark.parametrize(("dialect", "size"), [("pjreddie", (2, 1)), ("alexeyab", (2, 1, 1, 1))])
def test_two_sequences_do_not_mix(loaded, dialect, size):
    network = loaded(RNN, FLOATS, inputs=1, dialect=dialect)

    with torch.no_grad():
        [y] = network.trace(torch.tensor([[1.0], [-2.0]]))

    assert y.shape == size
    assert y.flatten().tolist() == pytest.approx([steps([1, 0])[0], steps([-2, 0])[0]])


def test_forgetting_the_state_begins_anew(loaded):
    network = loaded(RNN, FLOATS, inputs=1)
    first = run(network, [1]).item()

    network.reset()

    assert run(network, [1]).item() == first


def test_a_part_with_batch_norm_is_stored_as_a_connected_layer(loaded):
    part = [5, 3, 2, 1, 4 - 1e-5]  # bias, weight, scale, mean, variance
    text = "[rnn]\nactivation=linear\nbatch_normalize=1"

    y = run(loaded(text, part * 3, inputs=1), [1])

    # In(1) = (3 - 1) / 2 * 2 + 5 = 7, Self(0) = (0 - 1) / 2 * 2 + 5 = 4, Out(11) = 32 + 5
    torch.testing.assert_close(y, torch.tensor([37.0]))


def test_matrices_stand_transposed_where_the_header_says_so(loaded):
    header = struct.pack("<3iI", 1001, 0, 0, 0)
    floats = [0, 0, 1, 4, 2, 5, 3, 6, *[0] * 6, *[0] * 6]  # 2 biases, then [inputs][outputs]
    network = loaded("[rnn]\noutput=2", floats, header=header, inputs=3)

    assert network.stack[0].parts["input"].weights.tolist() == [[1, 2, 3], [4, 5, 6]]


@pytest.mark.parametrize(
    ("dialect", "index", "units"), [("pjreddie", "    0 ", 5), ("alexeyab", "   0 ", 7)]
)
def test_the_row_is_followed_by_one_a_part(net, dialect, index, units):
    network = net("[rnn]\noutput=5\nhidden=7", c=2, h=3, w=4, dialect=dialect)

    assert rows(network) == [
        f"{index}RNN Layer: 24 inputs, 5 outputs",
        f"\t\tconnected                              24  ->     {units}",
        f"\t\tconnected                               {units}  ->     {units}",
        f"\t\tconnected                               {units}  ->     5",
    ]


@pytest.mark.parametrize(("dialect", "count"), [("pjreddie", 340), ("alexeyab", 504)])
def test_a_product_and_a_sum_a_weight_are_counted(net, dialect, count):
    network = net("[rnn]\noutput=5\nhidden=7", c=2, h=3, w=4, dialect=dialect)

    # 2 * (24 * 5 + 5 * 5 + 5 * 5) and 2 * (24 * 7 + 7 * 7 + 7 * 5)
    assert network.operations() == count


def test_one_hidden_unit_is_the_forks_default(net):
    [rnn] = net("[rnn]", inputs=3, dialect="alexeyab").layers

    assert (rnn.output, rnn.hidden, rnn.logistic) == (1, 1, 0)


def test_one_logistic_output_is_the_default(loaded):
    y = run(loaded("[rnn]", [0, 1, 0, 1, -1, 1], inputs=1), [0])

    assert y.tolist() == [0.5]  # the state is .5 + .5, the output logistic(1 * 1 - 1)


def test_no_output_is_refused(net):
    with pytest.raises(CfgError) as error:
        net("[rnn]\noutput=0", inputs=3)

    assert str(error.value) == "net.cfg:5: [rnn] output = 0: expected at least 1"


def test_one_output_is_enough(nodes):
    [node] = nodes("[rnn]\noutput=1", inputs=3)

    assert node.output == Shape(length=1)
