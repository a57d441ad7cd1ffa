"""[logistic]: the original's logistic with cross entropy."""

from __future__ import annotations

from math import exp

import pytest
import torch
from conftest import rows, run

from pydarknet.errors import CfgError
from pydarknet.layers import Shape


@pytest.mark.parametrize(
    ("size", "shape"),
    [({"c": 2, "h": 3, "w": 4}, Shape(c=2, h=3, w=4)), ({"inputs": 24}, Shape(length=24))],
)
def test_the_input_keeps_its_size(nodes, size, shape):
    [node] = nodes("[logistic]", **size)

    assert node.output == shape


def test_every_value_is_squashed(net):
    y = run(net("[logistic]", inputs=3), [-2, 0, 1])

    expected = [1 / (1 + exp(2)), 0.5, 1 / (1 + exp(-1))]
    torch.testing.assert_close(y, torch.tensor(expected))


def test_the_row_has_the_number_of_inputs(net):
    expected = "    0 logistic x entropy                               24"

    assert rows(net("[logistic]", c=2, h=3, w=4)) == [expected]


def test_only_the_original_knows_it(net):
    with pytest.raises(CfgError, match=r"net\.cfg:6: \[logistic\] is no section"):
        net("[logistic]", dialect="alexeyab")
