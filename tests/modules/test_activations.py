"""The value of each of Darknet's activations at some numbers."""

from __future__ import annotations

from math import e, exp, log, tanh

import pytest
import torch

from pydarknet.modules.activations import activation, register, words


def value(word: str, x: float) -> float:
    """Return the value of an activation at a number."""
    return activation(word)(torch.tensor([float(x)])).item()


@pytest.mark.parametrize(
    ("word", "x", "expected"),
    [
        ("linear", -3, -3),
        ("leaky", 2, 2),
        ("leaky", -2, -0.2),
        ("revleaky", 2, 2),
        ("revleaky", -2, -0.2),
        ("relu", 2, 2),
        ("relu", -2, 0),
        ("relu6", 5, 5),
        ("relu6", 7, 6),
        ("relu6", -1, 0),
        ("ramp", 2, 2.2),  # 2 + 0.1 * 2
        ("ramp", -2, -0.2),
        ("relie", 2, 2),
        ("relie", -2, -0.02),
        ("hardtan", 3, 1),
        ("hardtan", 0.5, 0.5),
        ("hardtan", -3, -1),
        ("lhtan", 0.5, 0.5),
        ("lhtan", 3, 1.002),  # 0.001 * (3 - 1) + 1
        ("lhtan", 1.5, 1.0005),
        ("lhtan", -3, -0.003),
        ("lhtan", -0.5, -0.0005),
        ("plse", 2, 0.75),  # 0.125 * 2 + 0.5
        ("plse", 6, 1.02),  # 0.01 * (6 - 4) + 1
        ("plse", 4.5, 1.005),
        ("plse", -6, -0.02),  # 0.01 * (-6 + 4)
        ("plse", -4.5, -0.005),
        ("stair", 0.5, 0),  # floor 0 is even: floor(0.25)
        ("stair", 1.75, 0.75),  # floor 1 is odd: 0.75 + floor(0.875)
        ("stair", 2.5, 1),  # floor 2 is even: floor(1.25)
        ("stair", 3.25, 1.25),  # floor 3 is odd: 0.25 + floor(1.625)
        ("stair", -0.75, -0.75),  # floor -1 is odd: 0.25 + floor(-0.375)
        ("hard_mish", 2, 2),
        ("hard_mish", 0.5, 0.5),
        ("hard_mish", -1, -0.5),  # 1 / 2 - 1
        ("hard_mish", -1.9, -0.095),  # 3.61 / 2 - 1.9
        ("hard_mish", -3, 0),
    ],
)
def test_pieces_of_straight_lines(word, x, expected):
    assert value(word, x) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("word", "x", "expected"),
    [
        ("logistic", 1, 1 / (1 + 1 / e)),
        ("loggy", 1, 2 / (1 + 1 / e) - 1),
        ("tanh", 1, (e - 1 / e) / (e + 1 / e)),
        ("elu", 2, 2),
        ("elu", -1, 1 / e - 1),
        ("selu", 2, 2.1014),  # 1.0507 * 2
        ("selu", 0.5, 0.52535),
        ("selu", -1, 1.0507 * 1.6732 * (1 / e - 1)),
        ("gelu", 1, 0.5 * (1 + tanh(0.797885 + 0.035677))),
        ("gelu", -2, -(1 + tanh(0.797885 * -2 + 0.035677 * -8))),
        ("mish", 1, tanh(log(1 + e))),
        ("mish", -1, -tanh(log(1 + 1 / e))),
        ("swish", 1, 1 / (1 + 1 / e)),
        ("swish", -2, -2 / (1 + exp(2))),
    ],
)
def test_curves(word, x, expected):
    assert value(word, x) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("word", "x", "expected"),
    [
        ("logistic", 1000, 1),
        ("logistic", -1000, 0),
        ("loggy", -1000, -1),
        ("tanh", 1000, 1),
        ("elu", 1000, 1000),
        ("elu", -1000, -1),
        ("selu", 1000, 1050.7),
        ("selu", -1000, -1.0507 * 1.6732),
        ("gelu", 1000, 1000),
        ("gelu", -1000, 0),
        ("mish", 1000, 1000),
        ("mish", -1000, 0),
        ("swish", 1000, 1000),
        ("swish", -1000, 0),
    ],
)
def test_curves_far_out_are_numbers(word, x, expected):
    assert value(word, x) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("normalize_channels", [1 / 4.0001, 0, 3 / 4.0001]),  # 1 + 0 + 3 + 0.0001
        (
            "normalize_channels_softmax",
            [exp(x) / (0.0001 + exp(1) + exp(-2) + exp(3)) for x in (1, -2, 3)],
        ),
        (
            "normalize_channels_softmax_maxval",
            [exp(x) / (0.0001 + exp(-2) + exp(-5) + 1) for x in (-2, -5, 0)],
        ),
    ],
)
def test_normalising_goes_over_the_channels_of_a_cell(word, expected):
    x = torch.tensor([1.0, -2.0, 3.0]).view(1, 3, 1, 1).expand(2, 3, 2, 2)

    y = activation(word)(x)

    torch.testing.assert_close(y, torch.tensor(expected).view(1, 3, 1, 1).expand(2, 3, 2, 2))


COMMON = "elu hardtan leaky lhtan linear loggy logistic plse ramp relie relu selu stair tanh"
FORKS = (
    "gelu hard_mish mish normalize_channels normalize_channels_softmax"
    " normalize_channels_softmax_maxval relu6 revleaky swish"
)


@pytest.mark.parametrize(
    ("lineage", "known"), [("pjreddie", COMMON), ("alexeyab", f"{COMMON} {FORKS}")]
)
def test_each_lineage_knows_its_words(lineage, known):
    assert sorted(words(lineage)) == sorted(known.split())


def test_a_word_is_entered_once():
    with pytest.raises(ValueError, match=r"^activation leaky is registered twice$"):
        register("leaky", lambda x: x)(torch.relu)
