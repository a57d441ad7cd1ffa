"""[gru]: the gated recurrent unit."""

from __future__ import annotations

import struct
from math import exp, tanh

import pytest
import torch
from conftest import both_lineages, rows, run

from pydarknet.errors import CfgError
from pydarknet.layers import Shape

GRU = "[gru]\n"
STATE = {"z": (0.1, 0.5), "r": (0.2, -0.6), "h": (0.3, 0.7)}  # bias and weight of the state
INPUT = {"z": (0.4, 0.8), "r": (0.5, 0.9), "h": (0.6, -1.1)}  # and of the input
FILES = {
    "pjreddie": [*sum(STATE.values(), ()), *sum(INPUT.values(), ())],
    "alexeyab": [*sum(INPUT.values(), ()), *sum(STATE.values(), ())],
}


def logistic(x: float) -> float:
    return 1 / (1 + exp(-x))


def step(x: float, s: float, squash=logistic) -> float:
    """Return the state after one step."""

    def gate(name: str, state: float) -> float:
        (a, u), (b, w) = INPUT[name], STATE[name]
        return a + u * x + b + w * state

    z, r = logistic(gate("z", s)), logistic(gate("r", s))
    return z * s + (1 - z) * squash(gate("h", r * s))


@both_lineages
def test_the_output_is_a_vector(nodes, dialect):
    [node] = nodes("[gru]\noutput=5", c=2, h=3, w=4, dialect=dialect)

    assert node.output == Shape(length=5)


@both_lineages
def test_the_original_stores_the_states_parts_first_and_the_fork_the_inputs(loaded, dialect):
    network = loaded(GRU, FILES[dialect], inputs=1, dialect=dialect)
    first = step(1, 0)

    steps = [run(network, [1]).item(), run(network, [-2]).item()]

    assert steps == pytest.approx([first, step(-2, first)])


@pytest.mark.parametrize(("dialect", "squash"), [("pjreddie", tanh), ("alexeyab", logistic)])
def test_tanh_is_an_option_of_the_original_alone(loaded, dialect, squash):
    network = loaded(f"{GRU}tanh=1", FILES[dialect], inputs=1, dialect=dialect)
    first = step(1, 0, squash)

    steps = [run(network, [1]).item(), run(network, [-2]).item()]

    assert steps == pytest.approx([first, step(-2, first, squash)])


def test_two_sequences_do_not_mix(loaded):
    network = loaded(GRU, FILES["pjreddie"], inputs=1)

    with torch.no_grad():
        [y] = network.trace(torch.tensor([[1.0], [-2.0]]))

    assert y.shape == (2, 1)
    assert y.flatten().tolist() == pytest.approx([step(1, 0), step(-2, 0)])


def test_forgetting_the_state_begins_anew(loaded):
    network = loaded(GRU, FILES["pjreddie"], inputs=1)
    first = run(network, [1]).item()

    network.reset()

    assert run(network, [1]).item() == first


def test_a_part_with_batch_norm_is_stored_as_a_connected_layer(loaded):
    part = [0.5, 0.3, 0.2, 1, 4 - 1e-5]  # bias, weight, scale, mean, variance
    network = loaded(f"{GRU}batch_normalize=1", part * 6, inputs=1)
    gate = 0.43 + 0.4  # (0.3 * 1 - 1) / 2 * 0.2 + 0.5 of x = 1, (0.3 * 0 - 1) / 2 * 0.2 + 0.5

    y = run(network, [1]).item()

    assert y == pytest.approx((1 - logistic(gate)) * logistic(gate))


def test_matrices_stand_transposed_where_the_header_says_so(loaded):
    header = struct.pack("<3iI", 1001, 0, 0, 0)
    state = [0] * 6  # 2 biases, 2 x 2 weights
    matrix = [0, 0, 1, 4, 2, 5, 3, 6]  # 2 biases, then [inputs][outputs]
    network = loaded(f"{GRU}output=2", state * 3 + matrix * 3, header=header, inputs=3)

    assert network.stack[0].parts["uz"].weights.tolist() == [[1, 2, 3], [4, 5, 6]]


@pytest.mark.parametrize(
    ("dialect", "index"),
    [("pjreddie", "    0 "), ("alexeyab", "   0 ")],
)
def test_the_row_is_followed_by_the_inputs_parts_and_the_states(net, dialect, index):
    network = net("[gru]\noutput=5", c=2, h=3, w=4, dialect=dialect)

    assert rows(network) == [
        f"{index}GRU Layer: 24 inputs, 5 outputs",
        *["\t\tconnected                              24  ->     5"] * 3,
        *["\t\tconnected                               5  ->     5"] * 3,
    ]


def test_a_product_and_a_sum_a_weight_are_counted(net):
    network = net("[gru]\noutput=5", c=2, h=3, w=4)

    assert network.operations() == 870  # 2 * 5 * (3 * 24 + 3 * 5)


def test_one_output_is_the_default(nodes):
    [node] = nodes("[gru]", inputs=3)

    assert node.output == Shape(length=1)


def test_no_output_is_refused(net):
    with pytest.raises(CfgError) as error:
        net("[gru]\noutput=0", inputs=3)

    assert str(error.value) == "net.cfg:5: [gru] output = 0: expected at least 1"


def test_one_output_is_enough(nodes):
    [node] = nodes("[gru]\noutput=1", inputs=3)

    assert node.output == Shape(length=1)
