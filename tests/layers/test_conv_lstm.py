"""[conv_lstm]: the fork's long short-term memory made of convolutions."""

from __future__ import annotations

from math import exp, tanh

import pytest
import torch
from conftest import rows, run

from pydarknet.errors import CfgError
from pydarknet.layers import Shape

AB = {"dialect": "alexeyab", "c": 1, "h": 1, "w": 1}
CELL = "[conv_lstm]\nsize=1"
W = {"f": 0.1, "i": 0.2, "g": 0.3, "o": 0.4}  # on the last output
U = {"f": 0.5, "i": 0.6, "g": 0.7, "o": 0.8}  # on the input
V = {"f": -0.3, "i": 0.9, "o": -0.5}  # on the cell, with a peephole
FLOATS = [0, 0.1, 0, 0.2, 0, 0.3, 0, 0.4, 0, 0.5, 0, 0.6, 0, 0.7, 0, 0.8]  # a bias, a weight


def logistic(x: float) -> float:
    return 1 / (1 + exp(-x))


def cell(x: float, h: float, c: float, look: dict[str, float]) -> tuple[float, float]:
    """Return output and cell after one step, biases being zero."""
    f = logistic(W["f"] * h + U["f"] * x + look.get("f", 0) * c)
    i = logistic(W["i"] * h + U["i"] * x + look.get("i", 0) * c)
    g = tanh(W["g"] * h + U["g"] * x)
    c = f * c + i * g
    o = logistic(W["o"] * h + U["o"] * x + look.get("o", 0) * c)
    return o * tanh(c), c


def test_the_map_keeps_its_size(nodes):
    [node] = nodes("[conv_lstm]\noutput=5\npad=1", c=2, h=3, w=4, dialect="alexeyab")

    assert node.output == Shape(c=5, h=3, w=4)


def test_the_file_has_w_f_i_g_o_then_u_and_the_state_stays(loaded):
    network = loaded(CELL, FLOATS, **AB)
    h1, c1 = cell(1.0, 0, 0, {})
    h2, _ = cell(-2.0, h1, c1, {})

    steps = [run(network, [1]).item(), run(network, [-2]).item()]

    assert steps == pytest.approx([h1, h2])


def test_with_a_peephole_the_file_begins_with_v_f_i_o_and_o_sees_the_new_cell(loaded):
    network = loaded(f"{CELL}\npeephole=1", [0, -0.3, 0, 0.9, 0, -0.5, *FLOATS], **AB)
    h1, c1 = cell(1.0, 0, 0, V)
    h2, _ = cell(-2.0, h1, c1, V)

    steps = [run(network, [1]).item(), run(network, [-2]).item()]

    assert steps == pytest.approx([h1, h2])


def test_the_cell_is_clamped_after_the_output_is_made(loaded):
    network = loaded(f"{CELL}\nstate_constrain=0.1", FLOATS, **AB)
    h1, c1 = cell(1.0, 0, 0, {})
    h2, _ = cell(-2.0, h1, 0.1, {})

    steps = [run(network, [1]).item(), run(network, [-2]).item()]

    assert c1 > 0.1
    assert steps == pytest.approx([h1, h2])


def test_a_constraint_of_zero_is_none(loaded):
    network = loaded(f"{CELL}\nstate_constrain=0", FLOATS, **AB)
    h1, c1 = cell(1.0, 0, 0, {})
    h2, _ = cell(-2.0, h1, c1, {})

    steps = [run(network, [1]).item(), run(network, [-2]).item()]

    assert steps == pytest.approx([h1, h2])


@pytest.mark.parametrize(
    ("text", "steps", "expected"),
    [("", 1, 32), ("", 3, 96), ("state_constrain=5", 3, 5), ("state_constrain=0", 3, 0)],
)
def test_the_constraint_is_32_a_time_step_unless_given(net, text, steps, expected):
    network = net(f"{CELL}\n{text}", options=f"time_steps={steps}", **AB)

    assert network.layers[0].constraint == expected


def test_every_convolution_has_the_activation(loaded):
    network = loaded(f"{CELL}\nactivation=relu", [-9, 0] * 4 + [9, 0] * 4, **AB)

    # relu(-9) + relu(9) in every gate: c = logistic(9) tanh(9), h = logistic(9) tanh(c)
    assert run(network, [1]).item() == pytest.approx(logistic(9) * tanh(logistic(9) * tanh(9)))


def test_the_cell_has_the_activation_that_is_given(loaded):
    network = loaded(f"{CELL}\nlstm_activation=relu", FLOATS, **AB)

    c = logistic(U["i"] * 3) * U["g"] * 3
    assert run(network, [3]).item() == pytest.approx(logistic(U["o"] * 3) * c)


def test_with_a_bottleneck_the_gates_see_one_convolution_of_state_and_input(loaded):
    floats = [0, 0.5, 2, *FLOATS[8:]]  # of the state, of the input; then u f, i, g, o
    network = loaded(f"{CELL}\nbottleneck=1", floats, **AB)
    q1 = tanh(0.5 * 0 + 2 * 1)
    c1 = logistic(U["i"] * q1) * tanh(U["g"] * q1)
    h1 = logistic(U["o"] * q1) * tanh(c1)
    q2 = tanh(0.5 * h1 + 2 * -2)
    c2 = logistic(U["f"] * q2) * c1 + logistic(U["i"] * q2) * tanh(U["g"] * q2)

    steps = [run(network, [1]).item(), run(network, [-2]).item()]

    assert steps == pytest.approx([h1, logistic(U["o"] * q2) * tanh(c2)])


def test_batch_norm_stands_between_biases_and_weights_of_a_part(loaded):
    part = [0.5, 0.2, 1, 4 - 1e-5, 0.3]  # bias, scale, mean, variance, weight
    network = loaded(f"{CELL}\nbatch_normalize=1", part * 8, **AB)
    gate = 0.43 + 0.4  # (0.3 * 1 - 1) / 2 * 0.2 + 0.5 of x = 1, (0.3 * 0 - 1) / 2 * 0.2 + 0.5

    y = run(network, [1]).item()

    assert y == pytest.approx(logistic(gate) * tanh(logistic(gate) * tanh(gate)))


def test_a_dilated_kernel_looks_further(loaded):
    two_to_the_left = [0, 0, 0, 0, 9, 0, 0, 0, 0, 0]  # bias and 3 x 3 weights
    text = "[conv_lstm]\npad=1\ndilation=2\nactivation=relu"
    network = loaded(text, [0] * 40 + two_to_the_left * 4, dialect="alexeyab", c=1, h=1, w=4)

    y = run(network, [1, 0, 0, 0]).flatten().tolist()

    moved = logistic(9) * tanh(logistic(9) * tanh(9))
    assert y == pytest.approx([0, 0, moved, 0])


def test_two_sequences_do_not_mix(loaded):
    network = loaded(CELL, FLOATS, **AB)

    with torch.no_grad():
        [y] = network.trace(torch.tensor([1.0, -2.0]).view(2, 1, 1, 1))

    expected = [cell(1.0, 0, 0, {})[0], cell(-2.0, 0, 0, {})[0]]
    assert y.flatten().tolist() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("options", "row", "parts"),
    [
        ("", "conv    256       3 x 3/ 1     13 x  13 x 256 ->   13 x  13 x 256 0.199 BF", 8),
        (
            "peephole=1",
            "conv    256       3 x 3/ 1     13 x  13 x 256 ->   13 x  13 x 256 0.199 BF",
            11,
        ),
        (
            "groups=2",
            "conv    256/   2  3 x 3/ 1     13 x  13 x 256 ->   13 x  13 x 256 0.100 BF",
            8,
        ),
        (
            "dilation=2",
            "conv    256       3 x 3/ 1(2)  13 x  13 x 256 ->   13 x  13 x 256 0.199 BF",
            8,
        ),
    ],
)
def test_the_row_is_followed_by_one_a_convolution(net, options, row, parts):
    text = f"[conv_lstm]\noutput=256\npad=1\n{options}"

    first, *others = rows(net(text, c=256, h=13, w=13, dialect="alexeyab"))

    assert first == "   0 CONV_LSTM Layer: 13 x 13 x 256 image, 256 filters"
    assert others == [row] * parts  # 2 * 256 * 9 * 256 * 13 * 13 / 1e9 = 0.199


SIZE = "changes the size of the map: expected stride=1, odd size and pad=1"
NEITHER = "xnor and shortcut: expected neither in [conv_lstm]"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", SIZE),  # size is 3
        ("pad=1\nstride=2", SIZE),
        ("pad=1\nsize=4", SIZE),
        ("pad=1\nxnor=1", NEITHER),
        ("pad=1\nshortcut=1", NEITHER),
        ("pad=1\noutput=3\ngroups=2", "groups = 2 must divide output = 3"),
        ("pad=1\noutput=3\ngroups=3", "groups = 3 must divide the 2 channels it gets"),
        ("pad=1\noutput=3\nbottleneck=1", "a bottleneck needs output = 2, the channels it gets"),
    ],
)
def test_what_cannot_be_computed_is_refused(net, text, problem):
    with pytest.raises(CfgError) as error:
        net(f"[conv_lstm]\n{text}", c=2, dialect="alexeyab")

    assert str(error.value) == f"net.cfg:6: [conv_lstm] {problem}"


@pytest.mark.parametrize(
    "text",
    [
        "pad=1",
        "padding=1",
        "size=1",
        "pad=1\nsize=5",
        "pad=1\noutput=4\ngroups=2",
        "pad=1\noutput=2\nbottleneck=1",
        "pad=1\ndilation=2",
    ],
)
def test_what_keeps_the_size_is_taken(nodes, text):
    [node] = nodes(f"[conv_lstm]\n{text}", c=2, h=6, w=8, dialect="alexeyab")

    assert (node.output.h, node.output.w) == (6, 8)


def test_only_the_fork_knows_it(net):
    with pytest.raises(CfgError, match=r"net\.cfg:6: \[conv_lstm\] is no section"):
        net("[conv_lstm]\npad=1")


def test_a_vector_is_refused(net):
    with pytest.raises(CfgError, match=r"net\.cfg:4: \[conv_lstm\] needs an image before it"):
        net("[conv_lstm]\npad=1", inputs=4, dialect="alexeyab")


def test_the_defaults_are_those_of_the_c(net):
    [layer] = net("[conv_lstm]\npad=1", dialect="alexeyab").layers

    assert (layer.output, layer.size, layer.stride, layer.dilation) == (1, 3, 1, 1)
    assert (layer.padding, layer.groups, layer.activation) == (0, 1, "linear")
    assert (layer.lstm_activation, layer.time_normalizer) == ("tanh", 1)


@pytest.mark.parametrize("option", ["output", "size", "stride", "dilation", "groups"])
def test_nothing_is_refused(net, option):
    with pytest.raises(CfgError) as error:
        net(f"[conv_lstm]\n{option}=0", dialect="alexeyab")

    assert str(error.value) == f"net.cfg:7: [conv_lstm] {option} = 0: expected at least 1"


@pytest.mark.parametrize("option", ["output", "size", "stride", "dilation", "groups"])
def test_one_is_taken(nodes, option):
    [node] = nodes(f"[conv_lstm]\npad=1\n{option}=1", h=6, w=8, dialect="alexeyab")

    assert node.output == Shape(c=1, h=6, w=8)
