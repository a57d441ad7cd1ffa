"""[lstm]: the long short-term memory."""

from __future__ import annotations

import struct
from math import exp, tanh

import pytest
import torch
from conftest import both_lineages, rows, run

from pydarknet.errors import CfgError
from pydarknet.layers import Shape

LSTM = "[lstm]\n"
W = {"f": (0.1, 0.5), "i": (0.2, -0.6), "g": (0.3, 0.7), "o": (0.4, 0.8)}  # bias, weight of h
U = {"f": (0.5, 0.9), "i": (0.6, -1.1), "g": (0.7, 1.2), "o": (0.8, -1.3)}  # of x
ORDERS = {"pjreddie": "ifog", "alexeyab": "figo"}


def floats(dialect: str) -> list[float]:
    """Return the file of a lineage: the parts of the state, then those of the input."""
    return [x for parts in (W, U) for gate in ORDERS[dialect] for x in parts[gate]]


def logistic(x: float) -> float:
    return 1 / (1 + exp(-x))


def step(x: float, h: float, c: float) -> tuple[float, float]:
    """Return output and cell after one step."""
    f, i, g, o = (W[k][0] + W[k][1] * h + U[k][0] + U[k][1] * x for k in "figo")
    c = logistic(f) * c + logistic(i) * tanh(g)
    return logistic(o) * tanh(c), c


@pytest.mark.parametrize(
    ("dialect", "shape"),
    [("pjreddie", Shape(length=5)), ("alexeyab", Shape(c=5, h=1, w=1))],
)
def test_the_output_is_a_vector_in_the_original_and_channels_in_the_fork(nodes, dialect, shape):
    [node] = nodes("[lstm]\noutput=5", c=2, h=3, w=4, dialect=dialect)

    assert node.output == shape


@both_lineages
def test_each_lineage_stores_the_gates_in_its_order(loaded, dialect):
    network = loaded(LSTM, floats(dialect), inputs=1, dialect=dialect)
    h1, c1 = step(1, 0, 0)
    h2, _ = step(-2, h1, c1)

    steps = [run(network, [1]).item(), run(network, [-2]).item()]

    assert steps == pytest.approx([h1, h2])


@pytest.mark.parametrize(("dialect", "size"), [("pjreddie", (2, 1)), ("alexeyab", (2, 1, 1, 1))])
def test_two_sequences_do_not_mix(loaded, dialect, size):
    network = loaded(LSTM, floats(dialect), inputs=1, dialect=dialect)

    with torch.no_grad():
        [y] = network.trace(torch.tensor([[1.0], [-2.0]]))

    assert y.shape == size
    assert y.flatten().tolist() == pytest.approx([step(1, 0, 0)[0], step(-2, 0, 0)[0]])


def test_forgetting_the_state_begins_anew(loaded):
    network = loaded(LSTM, floats("pjreddie"), inputs=1)
    first = run(network, [1]).item()

    network.reset()

    assert run(network, [1]).item() == first


def test_a_part_with_batch_norm_is_stored_as_a_connected_layer(loaded):
    part = [0.5, 0.3, 0.2, 1, 4 - 1e-5]  # bias, weight, scale, mean, variance
    network = loaded(f"{LSTM}batch_normalize=1", part * 8, inputs=1)
    gate = 0.43 + 0.4  # (0.3 * 1 - 1) / 2 * 0.2 + 0.5 of x = 1, (0.3 * 0 - 1) / 2 * 0.2 + 0.5

    y = run(network, [1]).item()

    assert y == pytest.approx(logistic(gate) * tanh(logistic(gate) * tanh(gate)))


def test_matrices_stand_transposed_where_the_header_says_so(loaded):
    header = struct.pack("<3iI", 1001, 0, 0, 0)
    state = [0] * 6  # 2 biases, 2 x 2 weights
    matrix = [0, 0, 1, 4, 2, 5, 3, 6]  # 2 biases, then [inputs][outputs]
    network = loaded(f"{LSTM}output=2", state * 4 + matrix * 4, header=header, inputs=3)

    assert network.stack[0].parts["uf"].weights.tolist() == [[1, 2, 3], [4, 5, 6]]


@pytest.mark.parametrize(
    ("dialect", "index"),
    [("pjreddie", "    0 "), ("alexeyab", "   0 ")],
)
def test_the_row_is_followed_by_the_inputs_parts_and_the_states(net, dialect, index):
    network = net("[lstm]\noutput=5", c=2, h=3, w=4, dialect=dialect)

    assert rows(network) == [
        f"{index}LSTM Layer: 24 inputs, 5 outputs",
        *["\t\tconnected                              24  ->     5"] * 4,
        *["\t\tconnected                               5  ->     5"] * 4,
    ]


def test_a_product_and_a_sum_a_weight_are_counted(net):
    network = net("[lstm]\noutput=5", c=2, h=3, w=4)

    assert network.operations() == 1160  # 2 * 5 * (4 * 24 + 4 * 5)


def test_one_output_is_the_default(nodes):
    [node] = nodes("[lstm]", inputs=3)

    assert node.output == Shape(length=1)


def test_no_output_is_refused(net):
    with pytest.raises(CfgError) as error:
        net("[lstm]\noutput=0", inputs=3)

    assert str(error.value) == "net.cfg:5: [lstm] output = 0: expected at least 1"


def test_one_output_is_enough(nodes):
    [node] = nodes("[lstm]\noutput=1", inputs=3)

    assert node.output == Shape(length=1)
