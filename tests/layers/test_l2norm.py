"""[l2norm]: the original's normalisation of every cell's channel vector."""

from __future__ import annotations

import pytest
import torch
from conftest import rows, run

from pydarknet.errors import CfgError
from pydarknet.layers import Shape


def test_the_map_keeps_its_size(nodes):
    [node] = nodes("[l2norm]", c=2, h=3, w=4)

    assert node.output == Shape(c=2, h=3, w=4)


def test_each_cell_gets_length_one(net):
    y = run(net("[l2norm]", c=2, h=1, w=2), [3, 5, -4, 12])

    # (3, -4) over 5 and (5, 12) over 13
    torch.testing.assert_close(y.flatten(), torch.tensor([3 / 5, 5 / 13, -4 / 5, 12 / 13]))


def test_there_is_no_epsilon(net):
    y = run(net("[l2norm]", c=1, h=1, w=1), [1e-15])

    torch.testing.assert_close(y.flatten(), torch.tensor([1.0]))


def test_the_row_has_the_number_of_inputs(net):
    expected = "    0 l2norm                                           24"

    assert rows(net("[l2norm]", c=2, h=3, w=4)) == [expected]


def test_a_vector_is_refused(net):
    with pytest.raises(CfgError, match=r"net\.cfg:4: \[l2norm\] needs an image before it"):
        net("[l2norm]", inputs=12)


def test_only_the_original_knows_it_without_a_scale(net):
    with pytest.raises(CfgError, match=r"net\.cfg:6: \[l2norm\] is no section of the fork"):
        net("[l2norm]", dialect="alexeyab")

    assert net("[l2norm]\nscale=20", dialect="alexeyab").layers[0].scale == 20


def test_with_a_scale_each_channel_has_its_factor(loaded):
    y = run(loaded("[l2norm]\nscale=20", [2, 10], c=2, h=1, w=2), [3, 0, 4, 0])

    # the first cell is (3, 4), of length 5; a cell of zeros stays so
    torch.testing.assert_close(y.flatten(), torch.tensor([1.2, 0.0, 8.0, 0.0]))


def test_factors_start_at_the_scale(net):
    network = net("[l2norm]\nscale=20", c=3, h=1, w=1)
    network.initialize()

    assert network.stack[0].scales.tolist() == [20, 20, 20]


def test_factors_and_what_comes_before_learn_by_the_true_gradient(net):
    network = net("[l2norm]\nscale=2", c=2, h=1, w=1)
    network.initialize()
    x = torch.tensor([[3.0, 4.0]], dtype=torch.float64).view(1, 2, 1, 1).requires_grad_()

    assert torch.autograd.gradcheck(network.stack[0].double(), x)


def delta_of(module: torch.nn.Module, x: list[float], delta: list[float]) -> list[float]:
    """Return the delta of cells (x0, x1), (x2, x3) whose channels stand apart in memory."""
    leaf = torch.tensor(x, dtype=torch.float32).view(1, 2, 1, 2).requires_grad_()
    module(leaf).backward(-torch.tensor(delta).view(1, 2, 1, 2))
    return [-value for value in leaf.grad.flatten().tolist()]


def test_by_default_a_delta_is_that_of_the_gpu_code(net):
    module = net("[l2norm]", c=2, h=1, w=2).stack[0].train()

    found = delta_of(module, [3, 5, -4, 12], [1, -2, 0.5, 3])

    pulls = [0.08, 0.047337, 0.36, 0.005917]  # recorded of the C's scales
    expected = [1 + pulls[0], -2 + pulls[1], 0.5 + pulls[2], 3 + pulls[3]]
    assert found == pytest.approx(expected, abs=1e-6)


def test_on_the_cpu_a_delta_is_unchanged_as_in_the_cpu_code(net):
    module = net("[l2norm]", c=2, h=1, w=2, batchnorm="cpu").stack[0].train()

    assert delta_of(module, [3, 5, -4, 12], [1, -2, 0.5, 3]) == [1, -2, 0.5, 3]


def test_a_cell_of_zeros_stays_so_and_learns(net):
    network = net("[l2norm]", c=2, h=1, w=2)

    assert run(network, [0, 5, 0, 12]).flatten().tolist() == pytest.approx([0, 5 / 13, 0, 12 / 13])

    found = delta_of(network.stack[0].train(), [0, 5, 0, 12], [1, -2, 0.5, 3])
    assert found == pytest.approx([2, -2 + 8 / 169, 1.5, 3 + 1 / 169])


def test_outside_training_a_gradient_is_the_derivative(net):
    x = torch.tensor([3.0, 5, -4, 12], dtype=torch.float64).view(1, 2, 1, 2).requires_grad_()

    assert torch.autograd.gradcheck(net("[l2norm]", c=2, h=1, w=2).stack[0].eval(), x)
