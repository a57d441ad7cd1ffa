"""The rows of the layer table that several layers print."""

import pytest

from pydarknet.layers.rows import blur_row, connected_row, conv_row, fork_conv_row


def test_the_originals_convolution_has_its_filters_size_and_stride():
    assert conv_row(32, 3, 1, "416 x 416 x   3", "416 x 416 x  32", 299040768) == (
        "conv     32  3 x 3 / 1  416 x 416 x   3   ->  416 x 416 x  32  0.299 BFLOPs"
    )


@pytest.mark.parametrize(
    ("options", "middle"),
    [
        ({"stride": (1, 1)}, "   32       3 x 3/ 1   "),
        ({"stride": (2, 2), "groups": 4}, "   32/   4  3 x 3/ 2   "),
        ({"stride": (1, 1), "dilation": 2}, "   32       3 x 3/ 1(2)"),
        ({"stride": (2, 1)}, "   32       3x 3/ 1x 2 "),  # across before down
    ],
)
def test_the_forks_convolution_has_groups_dilation_and_both_strides(options, middle):
    row = fork_conv_row("conv", 32, 3, options.pop("stride"), "X", "Y", 1e9, **options)

    assert row == f"conv  {middle}X -> Y 1.000 BF"


def test_a_blur_has_a_group_a_channel():
    # 2 * 3 * 3 operations for each of the outputs
    assert blur_row(3, (2, 2), "X", "Y", 8, 10**8) == "conv      8/   8  3 x 3/ 2   X -> Y 1.800 BF"


def test_a_connected_layer_has_its_inputs_and_outputs():
    assert connected_row(25088, 4096) == "connected                            25088  ->  4096"
