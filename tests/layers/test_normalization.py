"""[normalization]: local response normalisation over neighbouring channels."""

from __future__ import annotations

import pytest
import torch
from conftest import both_lineages, rows, run

from pydarknet.errors import CfgError
from pydarknet.layers import Shape

X = [3.0, -1.0, 4.0, 1.0, -5.0, 9.0, 2.0]


def normalised(size: int, alpha: float, beta: float, kappa: float) -> list[float]:
    """Return the channels X by the running sum of the C."""
    norm = kappa + alpha * sum(x * x for x in X[: size // 2])
    found = [X[0] * norm**-beta]
    for k in range(1, len(X)):
        gone, come = k - (size - 1) // 2 - 1, k + size // 2
        norm -= alpha * X[gone] ** 2 if gone >= 0 else 0
        norm += alpha * X[come] ** 2 if come < len(X) else 0
        found.append(X[k] * norm**-beta)
    return found


@pytest.mark.parametrize("name", ["normalization", "lrn"])
@both_lineages
def test_the_map_keeps_its_size(nodes, name, dialect):
    [node] = nodes(f"[{name}]", c=2, h=3, w=4, dialect=dialect)

    assert node.output == Shape(c=2, h=3, w=4)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 9, 20])
@both_lineages
def test_the_sum_runs_over_the_channels_and_misses_one(net, size, dialect):
    text = f"[normalization]\nsize={size}\nalpha=.01\nbeta=.5\nkappa=2"

    y = run(net(text, c=7, h=1, w=1, dialect=dialect), X)

    torch.testing.assert_close(y.flatten(), torch.tensor(normalised(size, 0.01, 0.5, 2)))


def test_the_defaults_are_those_of_the_c(net):
    y = run(net("[normalization]", c=7, h=1, w=1), X)

    torch.testing.assert_close(y.flatten(), torch.tensor(normalised(5, 0.0001, 0.75, 1)))


def test_each_cell_is_by_itself(net):
    y = run(net("[normalization]\nsize=3\nalpha=1\nbeta=1", c=2, h=1, w=2), [1, 3, 2, 4])

    # N0 = 1 + x0^2, although channel 1 is a neighbour, and it stays: 1 + 1 and 1 + 9
    torch.testing.assert_close(y.flatten(), torch.tensor([1 / 2, 3 / 10, 2 / 2, 4 / 10]))


@pytest.mark.parametrize(("dialect", "index"), [("pjreddie", "    0 "), ("alexeyab", "   0 ")])
def test_the_row_has_image_and_size(net, dialect, index):
    network = net("[normalization]", c=16, h=30, w=30, dialect=dialect)

    assert rows(network) == [
        f"{index}Local Response Normalization Layer: 30 x 30 x 16 image, 5 size"
    ]


def test_a_size_of_nothing_is_refused(net):
    with pytest.raises(CfgError) as error:
        net("[normalization]\nsize=0")

    assert str(error.value) == "net.cfg:7: [normalization] size = 0: expected at least 1"


def test_a_vector_is_refused(net):
    with pytest.raises(CfgError, match=r"net\.cfg:4: \[normalization\] needs an image before it"):
        net("[normalization]", inputs=12)


LRN = "[normalization]\nsize=3\nalpha=.1\nbeta=.75\nkappa=1"
DELTA = [1, -2, 0.5, 3, -1, 0.25, 2]


@both_lineages
def test_in_training_the_sum_has_no_derivative(net, dialect):
    module = net(LRN, c=7, h=1, w=1, dialect=dialect).stack[0].train()
    x = torch.tensor(X).view(1, 7, 1, 1).requires_grad_()

    module(x).backward(torch.tensor(DELTA).view(1, 7, 1, 1))

    recorded = [0.617924, -0.78159, 0.237382, 0.883982, -0.159095, 0.039019, 0.37255]  # of the C
    torch.testing.assert_close(x.grad.flatten(), torch.tensor(recorded), rtol=0, atol=1e-6)


def test_outside_training_a_gradient_is_the_derivative(net):
    module = net(LRN, c=7, h=1, w=1).stack[0].eval().double()
    x = torch.tensor(X, dtype=torch.float64).view(1, 7, 1, 1).requires_grad_()

    assert torch.autograd.gradcheck(module, x)
