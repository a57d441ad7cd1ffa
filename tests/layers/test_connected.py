"""[connected]: a matrix over the flat input."""

from __future__ import annotations

import struct

import pytest
import torch
from conftest import both_lineages, rows, run

from pydarknet.errors import CfgError
from pydarknet.layers import Shape

LINEAR = "[connected]\noutput=2\nactivation=linear"


@pytest.mark.parametrize("name", ["connected", "conn"])
@both_lineages
def test_the_output_is_a_channel_a_row_of_the_matrix(nodes, name, dialect):
    [node] = nodes(f"[{name}]\noutput=5", c=2, h=3, w=4, dialect=dialect)

    assert node.output == Shape(c=5, h=1, w=1)


def test_a_vector_will_do(nodes):
    [node] = nodes("[connected]\noutput=5", inputs=12)

    assert node.output == Shape(c=5, h=1, w=1)


@both_lineages
def test_the_file_has_biases_then_the_matrix_a_row_an_output(loaded, dialect):
    biases, matrix = [100, 200], [1, 2, 3, 4, 5, 6, 7, 8]

    y = run(loaded(LINEAR, biases + matrix, c=2, h=1, w=2, dialect=dialect), [1, 0, 0, 2])

    assert y.flatten().tolist() == [109, 221]  # 1 + 2 * 4 + 100 and 5 + 2 * 8 + 200


@both_lineages
def test_the_file_has_batch_norm_after_the_matrix(loaded, dialect):
    biases, matrix = [100, 200], [1, 2, 3, 4]
    scales, means, variances = [10, 20], [1, 5], [4 - 1e-5, 1 - 1e-5]
    text, floats = f"{LINEAR}\nbatch_normalize=1", biases + matrix + scales + means + variances

    y = run(loaded(text, floats, inputs=2, dialect=dialect), [1, 1])

    # (1 + 2 - 1) / sqrt(4) * 10 + 100 and (3 + 4 - 5) / sqrt(1) * 20 + 200
    torch.testing.assert_close(y.flatten(), torch.tensor([110.0, 240.0]))


@pytest.mark.parametrize(
    ("dialect", "seen"),
    [("pjreddie", "<I"), ("alexeyab", "<Q")],  # as each lineage reads such a header
)
def test_the_matrix_stands_transposed_where_the_header_says_so(loaded, dialect, seen):
    header = struct.pack("<3i", 1001, 0, 0) + struct.pack(seen, 0)
    floats = [0, 0, 1, 4, 2, 5, 3, 6]  # two biases, then [inputs][outputs]

    y = run(loaded(LINEAR, floats, header=header, inputs=3, dialect=dialect), [1, 10, 100])

    assert y.flatten().tolist() == [321, 654]  # 1 + 2 * 10 + 3 * 100 and 4 + 5 * 10 + 6 * 100


def test_one_logistic_output_is_the_default(loaded):
    y = run(loaded("[connected]", [0, 1], inputs=1), [0])

    assert y.tolist() == [[[0.5]]]  # 1 / (1 + e^0)


@pytest.mark.parametrize(
    ("dialect", "row"),
    [
        ("pjreddie", "    0 connected                              24  ->     5"),
        ("alexeyab", "   0 connected                              24  ->     5"),
    ],
)
def test_the_row_has_inputs_and_outputs(net, dialect, row):
    assert rows(net("[connected]\noutput=5", c=2, h=3, w=4, dialect=dialect)) == [row]


def test_a_product_and_a_sum_a_weight_are_counted(net):
    assert net("[connected]\noutput=5", c=2, h=3, w=4).operations() == 240  # 2 * 24 * 5


@pytest.mark.parametrize("output", [0, -1])
def test_no_output_is_refused(net, output):
    with pytest.raises(CfgError) as error:
        net(f"[connected]\noutput={output}")

    expected = f"net.cfg:7: [connected] output = {output}: expected at least 1"
    assert str(error.value) == expected


def test_one_output_is_enough(nodes):
    [node] = nodes("[connected]\noutput=1", inputs=3)

    assert node.output == Shape(c=1, h=1, w=1)
