"""[batchnorm]: batch normalisation as a layer of its own."""

from __future__ import annotations

import pytest
import torch
from conftest import both_lineages, rows, run

from pydarknet.errors import CfgError
from pydarknet.layers import Shape


@both_lineages
def test_the_map_keeps_its_size(nodes, dialect):
    [node] = nodes("[batchnorm]", c=2, h=3, w=4, dialect=dialect)

    assert node.output == Shape(c=2, h=3, w=4)


def test_the_original_reads_scales_means_and_variances(loaded):
    scales, means, variances = [3, 5], [1, 2], [4 - 1e-5, 1 - 1e-5]

    y = run(loaded("[batchnorm]", scales + means + variances, c=2, h=1, w=1), [7, 4])

    # (7 - 1) / sqrt(4) * 3 and (4 - 2) / sqrt(1) * 5
    torch.testing.assert_close(y.flatten(), torch.tensor([9.0, 10.0]))


def test_the_fork_reads_biases_first(loaded):
    biases, scales, means, variances = [100, 200], [3, 5], [1, 2], [4 - 1e-5, 1 - 1e-5]
    floats = biases + scales + means + variances

    y = run(loaded("[batchnorm]", floats, c=2, h=1, w=1, dialect="alexeyab"), [7, 4])

    torch.testing.assert_close(y.flatten(), torch.tensor([109.0, 210.0]))


@pytest.mark.parametrize(
    ("dialect", "batchnorm", "divisor"),
    [
        ("pjreddie", "gpu", 0.0031622777),  # sqrt(0 + 1e-5)
        ("pjreddie", "cpu", 1e-6),  # sqrt(0) + 1e-6
        ("alexeyab", "gpu", 0.0031622777),
        ("alexeyab", "cpu", 0.0031622777),
    ],
)
def test_untouched_it_divides_by_the_root_of_no_variance(net, dialect, batchnorm, divisor):
    network = net("[batchnorm]", c=1, h=1, w=2, dialect=dialect, batchnorm=batchnorm)
    network.initialize()

    y = run(network, [1, -2])

    torch.testing.assert_close(y.flatten(), torch.tensor([1 / divisor, -2 / divisor]))


@pytest.mark.parametrize(
    ("dialect", "row"),
    [
        ("pjreddie", "    0 Batch Normalization Layer: 4 x 3 x 2 image"),
        ("alexeyab", "   0 Batch Normalization Layer: 4 x 3 x 2 image"),
    ],
)
def test_the_row_has_width_height_and_channels(net, dialect, row):
    assert rows(net("[batchnorm]", c=2, h=3, w=4, dialect=dialect)) == [row]


def test_a_vector_is_refused(net):
    with pytest.raises(CfgError, match=r"net\.cfg:4: \[batchnorm\] needs an image before it"):
        net("[batchnorm]", inputs=12)


def test_the_output_of_a_connected_layer_is_an_image(nodes):
    node = nodes("[connected]\noutput=3\n[batchnorm]", inputs=12)[1]

    assert node.output == Shape(c=3, h=1, w=1)
