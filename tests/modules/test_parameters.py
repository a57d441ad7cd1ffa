"""Arrays of modules: their storage, their initial values, and constants."""

import pytest
import torch
from torch import nn

from pydarknet.modules.parameters import (
    Parametric,
    WeightArray,
    array,
    assign,
    constant,
    fill,
    spread,
    under,
)


class Two(Parametric):
    """A module of two arrays; the initial value of the first is 7."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.empty(2))
        self.register_buffer("means", torch.empty(3))

    def fill(self, name: str, tensor: torch.Tensor, generator: torch.Generator | None) -> None:
        tensor.fill_(7 if name == "weights" else 0)


def test_arrays_are_stored_under_their_owners_name():
    assert under("norm", [WeightArray("scales", rows=2)]) == (WeightArray("norm.scales", rows=2),)


def test_parameters_are_stored_in_their_order():
    assert Two().weight_arrays() == (WeightArray("weights"),)


def test_more_parameters_than_32_bits_count_are_refused():
    with pytest.raises(ValueError, match="65536 x 32768 parameters: more than 32 bits can count"):
        array(65536, 32768)


def test_fewer_are_not():
    with torch.device("meta"):
        assert array(65535, 32768).shape == (65535, 32768)


def test_arrays_without_memory_get_their_first_values():
    with torch.device("meta"):
        module = Two()

    fill(module, None)

    assert (module.weights.tolist(), module.means.tolist()) == ([7, 7], [0, 0, 0])


def test_arrays_with_values_keep_them():
    module = Two()
    module.weights.data = torch.tensor([1.0, 2.0])

    fill(module, None)

    assert module.weights.tolist() == [1, 2]


@pytest.mark.parametrize(("uniform", "most"), [(True, 0.5), (False, 10.0)])
def test_weights_are_spread_by_the_root_of_2_over_the_fan_in(uniform, most):
    weights = torch.empty(10000)

    spread(weights, 8, uniform, torch.Generator().manual_seed(0))

    deviation = 0.5 / 3**0.5 if uniform else 0.5  # of numbers even in -0.5 to 0.5, or normal
    assert weights.std().item() == pytest.approx(deviation, rel=0.03)
    assert weights.abs().max() <= most


def test_a_tensor_takes_a_parameters_place_and_still_learns_or_not():
    module = Two()
    module.weights.requires_grad_(False)

    assign(module, "weights", torch.tensor([1.0, 2.0]))
    assign(module, "means", torch.zeros(1))

    assert isinstance(module.weights, nn.Parameter)
    assert not module.weights.requires_grad
    assert module.means.tolist() == [0]


def test_a_parameter_of_a_child_is_named_by_its_path():
    outer = nn.Sequential(Two())

    assign(outer, "0.weights", torch.tensor([3.0, 4.0]))

    assert outer[0].weights.tolist() == [3, 4]


def test_a_constant_is_made_once_a_type():
    like = torch.zeros(1)

    assert constant((1.0, 2.0), like) is constant((1.0, 2.0), like)
    assert constant((1.0, 2.0), like, torch.int64).tolist() == [1, 2]
