"""The primitive modules: a convolution, a matrix, a blur and windows."""

import pytest
import torch
import torch.nn.functional as F

from pydarknet.modules.batch_norm import BatchNorm
from pydarknet.modules.ops import Activate, Blur, Connected, Conv, Window


def filled(module: torch.nn.Module) -> torch.nn.Module:
    """Set the parameters of a module to 1, 2, 3 ..."""
    for parameter in module.parameters():
        parameter.data = torch.arange(1.0, parameter.numel() + 1).view(parameter.shape)
    return module


def test_a_convolution_adds_biases_and_activates():
    conv = filled(Conv(1, 2, 1, activation="relu"))  # weights 1 and 2, biases 1 and 2

    assert conv(torch.tensor([[[[3.0, -2.0]]]])).flatten().tolist() == [4, 0, 8, 0]


def test_strides_and_padding_are_vertical_first():
    conv = Conv(1, 1, 3, stride=(1, 2), padding=(0, 1))

    assert conv(torch.zeros(1, 1, 5, 7)).shape == (1, 1, 3, 4)


def test_with_batch_norm_the_convolution_itself_adds_no_bias():
    conv = filled(Conv(1, 1, 1, norm=BatchNorm(1)))

    assert conv.bias is None
    assert [array.path for array in conv.weight_arrays()] == [
        "biases",
        "norm.scales",
        "norm.rolling_mean",
        "norm.rolling_variance",
        "weights",
    ]


def test_a_convolution_is_stored_with_its_weights_last():
    assert [array.path for array in Conv(1, 2, 1).weight_arrays()] == ["biases", "weights"]


def test_a_blur_comes_after_the_activation():
    conv = filled(Conv(1, 1, 1, activation="relu", blur=Blur(2, (2, 2))))

    # relu(x + 1) of -3, 1, 3, 5 is 0, 2, 4, 6, whose mean is 3
    assert conv(torch.tensor([[[[-3.0, 1.0], [3.0, 5.0]]]])).item() == 3


def test_a_matrix_reads_the_flat_input():
    connected = filled(Connected(4, 1))  # weights 1 to 4, bias 1

    assert connected(torch.ones(1, 1, 2, 2)).tolist() == [[[[11]]]]


def test_a_matrix_may_be_turned_in_the_file():
    assert [array.transposed for array in Connected(4, 1).weight_arrays()] == [False, None]


def test_a_blur_weighs_the_middle_twice():
    x = torch.zeros(1, 1, 3, 3)
    x[0, 0, 1, 1] = 16

    assert Blur(3, (1, 1))(x).flatten().tolist() == [1, 2, 1, 2, 4, 2, 1, 2, 1]


@pytest.mark.parametrize(("size", "stride"), [(3, (2, 2)), (2, (2, 1)), (3, (1, 2))])
def test_a_blurs_shape_is_that_of_what_it_gives(size, stride):
    blur = Blur(size, stride)

    assert blur.shape(7, 6) == blur(torch.zeros(1, 2, 7, 6)).shape[2:]


@pytest.mark.parametrize(
    ("window", "sides"),
    [
        (Window(2, (2, 2), 1), (0, 1, 0, 1)),  # 5 x 5: (5 + 1 - 2) // 2 + 1 = 3 windows
        (Window(2, (1, 1), 1), (0, 1, 0, 1)),
        (Window(5, (1, 1), 4), (2, 2, 2, 2)),
        (Window(2, (2, 2), 0), (0, -1, 0, -1)),  # the last row and column are in no window
    ],
)
def test_windows_are_padded_so_that_the_last_one_fits(window, sides):
    assert window.sides(5, 5) == sides


def test_what_no_window_reaches_is_cut():
    x = torch.arange(9.0).view(1, 1, 3, 3)

    assert Window(2, (2, 2), 0).pad(x, -1).flatten().tolist() == [0, 1, 3, 4]


def test_padding_has_the_value_that_is_said():
    x = torch.ones(1, 1, 1, 1)

    assert Window(2, (1, 1), 1).pad(x, -9).flatten().tolist() == [1, -9, -9, -9]


@pytest.mark.parametrize("overwrite", [False, True])
def test_an_activation_is_named_by_darknets_word(overwrite):
    x = torch.tensor([-10.0, 10.0])

    torch.testing.assert_close(Activate("leaky", overwrite=overwrite)(x), torch.tensor([-1.0, 10]))


def test_another_way_to_convolve_may_take_its_place():
    conv = filled(Conv(1, 1, 1))
    conv.convolve = lambda *arguments: F.conv2d(*arguments) * 10

    assert conv(torch.ones(1, 1, 1, 1)).item() == 20  # 10 * (1 * 1 + 1)
