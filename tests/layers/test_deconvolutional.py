"""[deconvolutional]: the transposed convolution."""

from __future__ import annotations

import pytest
import torch
from conftest import rows, run

from pydarknet.errors import CfgError
from pydarknet.layers import Shape


@pytest.mark.parametrize(
    ("size", "stride", "margin", "side"),
    [
        (1, 1, "", 5),
        (2, 2, "", 10),  # (5 - 1) * 2 + 2
        (3, 2, "pad=1", 9),  # (5 - 1) * 2 + 3 - 2 * 1
        (4, 2, "padding=1", 10),  # (5 - 1) * 2 + 4 - 2 * 1
        (4, 2, "padding=1\npad=1", 8),  # (5 - 1) * 2 + 4 - 2 * 2: pad is a flag
    ],
)
@pytest.mark.parametrize("name", ["deconvolutional", "deconv"])
def test_the_map_grows(nodes, name, size, stride, margin, side):
    text = f"[{name}]\nfilters=4\nsize={size}\nstride={stride}\n{margin}"

    [node] = nodes(text, c=2, h=5, w=5)

    assert node.output == Shape(c=4, h=side, w=side)


def spread(x: list[list[float]], kernels: list[list[list[float]]], stride: int) -> list:
    """Return the map [filter][column] to which each cell of each channel adds its kernel."""
    width = (len(x[0]) - 1) * stride + len(kernels[0][0])
    found = [[0.0] * width for _ in kernels[0]]
    for channel, cells in enumerate(x):
        for column, value in enumerate(cells):
            for filters, kernel in zip(found, kernels[channel], strict=True):
                for k, weight in enumerate(kernel):
                    filters[column * stride + k] += value * weight
    return found


def test_the_file_has_biases_then_weights_an_input_channel_after_the_other(loaded):
    # of 2 channels into 2 filters, size 2: only the upper row of each kernel is not zero
    weights = [1, 2, 0, 0, 3, 4, 0, 0, 5, 6, 0, 0, 7, 8, 0, 0]
    text = "[deconvolutional]\nfilters=2\nsize=2\nstride=1\nactivation=linear"
    x = [[1, 10, 100], [2, 20, 200]]
    a, b = spread(x, [[[1, 2], [3, 4]], [[5, 6], [7, 8]]], stride=1)

    y = run(loaded(text, [0.5, -0.5, *weights], c=2, h=1, w=3), [*x[0], *x[1]])

    assert y[0].tolist() == [[v + 0.5 for v in a], [0.5] * 4]
    assert y[1].tolist() == [[v - 0.5 for v in b], [-0.5] * 4]


def test_strides_leave_gaps_and_padding_cuts_the_edges(loaded):
    text = "[deconvolutional]\nsize=3\nstride=2\npad=1\nactivation=linear"
    weights = [0, 0, 0, 1, 2, 3, 0, 0, 0]
    [line] = spread([[1, 10]], [[[1, 2, 3]]], stride=2)  # 1 2 13 20 30

    y = run(loaded(text, [0, *weights], c=1, h=1, w=2), [1, 10])

    assert y.tolist() == [[line[1:-1]]]


def test_batch_norm_stands_between_biases_and_weights(loaded):
    text = "[deconvolutional]\nactivation=linear\nbatch_normalize=1"
    floats = [100, 10, 1, 4 - 1e-5, 3]  # bias, scale, mean, variance, weight

    y = run(loaded(text, floats, c=1, h=1, w=1), [1])

    torch.testing.assert_close(y, torch.tensor([[[110.0]]]))  # (3 - 1) / 2 * 10 + 100


def test_one_logistic_filter_is_the_default(loaded):
    y = run(loaded("[deconvolutional]", [0, 1], c=1, h=1, w=1), [0])

    assert y.tolist() == [[[0.5]]]


def test_the_row_is_as_the_c_prints_it(net):
    network = net("[deconvolutional]\nfilters=4\nsize=2\nstride=2", c=256, h=32, w=32)

    assert rows(network) == [
        "    0 deconv    4  2 x 2 / 2    32 x  32 x 256   ->    64 x  64 x   4"
    ]


@pytest.mark.parametrize(("h", "w"), [(4, 5), (5, 4)])
def test_padding_that_leaves_nothing_is_refused(net, h, w):
    with pytest.raises(CfgError) as error:
        net("[deconvolutional]\nsize=1\npadding=2", h=h, w=w)

    expected = f"net.cfg:6: [deconvolutional] padding = 2 leaves nothing of {w} x {h}"
    assert str(error.value) == expected


def test_padding_that_leaves_a_cell_is_taken(nodes):
    [node] = nodes("[deconvolutional]\nsize=1\npadding=2", c=3, h=5, w=5)

    assert node.output == Shape(c=1, h=1, w=1)


@pytest.mark.parametrize("dialect", ["pjreddie", "alexeyab"])
def test_its_file_is_the_same_in_both_dialects(loaded, dialect):
    text = "[deconvolutional]\nactivation=linear\nbatch_normalize=1"

    y = run(loaded(text, [100, 10, 1, 4 - 1e-5, 3], c=1, h=1, w=1, dialect=dialect), [1])

    torch.testing.assert_close(y, torch.tensor([[[110.0]]]))


def test_a_vector_is_refused(net):
    with pytest.raises(CfgError, match=r"net\.cfg:4: \[deconvolutional\] needs an image before"):
        net("[deconvolutional]", inputs=4)
