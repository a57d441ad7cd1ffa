"""How a weights file is read: its header, its arrays in order, and files of a part of a network."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from pydarknet.errors import WeightsError
from pydarknet.graph.weights import load, read_floats
from pydarknet.network import Network

HEADER = struct.pack("<3iQ", 0, 2, 0, 0)
# On images of 3 channels, layer 0 has 2 + 2 + 2 + 2 + 2 * 3 = 14 floats, layer 2 has 1 + 2 = 3.
NORMED = "[convolutional]\nfilters=2\nbatch_normalize=1\n"
PLAIN = "[convolutional]\nfilters=1\n"
TWO = f"{NORMED}[maxpool]\n{PLAIN}[avgpool]"


def weights_file(path: Path, floats: Sequence[float], header: bytes = HEADER) -> Path:
    """Write a weights file."""
    path.write_bytes(header + struct.pack(f"<{len(floats)}f", *floats))
    return path


@pytest.fixture
def file(tmp_path):
    """Make a weights file of given floats."""
    return lambda floats, header=HEADER: weights_file(tmp_path / "net.weights", floats, header)


def values(network: Network, layer: int, path: str) -> list:
    """Return an array of a layer as lists of numbers."""
    return network.stack[layer].state_dict()[path].tolist()


# Headers

SHORT, LONG = "<3iI", "<3iQ"


# Orders


def test_a_convolution_has_its_weights_last(net, file):
    network = net(NORMED)

    network.load_weights(file(range(14)))

    assert values(network, 0, "biases") == [0, 1]
    assert values(network, 0, "norm.scales") == [2, 3]
    assert values(network, 0, "norm.rolling_mean") == [4, 5]
    assert values(network, 0, "norm.rolling_variance") == [6, 7]
    assert torch.tensor(values(network, 0, "weights")).flatten(1).tolist() == [
        [8, 9, 10],
        [11, 12, 13],
    ]


def test_a_matrix_has_its_batch_norm_last(net, file):
    network = net("[connected]\noutput=2\nbatch_normalize=1", inputs=3)

    network.load_weights(file(range(14)))

    assert values(network, 0, "biases") == [0, 1]
    assert values(network, 0, "weights") == [[2, 3, 4], [5, 6, 7]]
    assert values(network, 0, "norm.scales") == [8, 9]
    assert values(network, 0, "norm.rolling_variance") == [12, 13]


@pytest.mark.parametrize(
    ("form", "version", "weights"),
    [
        (LONG, (0, 2, 0), [[2, 3, 4], [5, 6, 7]]),
        (SHORT, (1001, 0, 0), [[2, 4, 6], [3, 5, 7]]),  # in the file: inputs x outputs
    ],
)
def test_a_matrix_is_turned_where_the_header_says_so(net, file, form, version, weights):
    network = net("[connected]\noutput=2", inputs=3)

    network.load_weights(file(range(8), struct.pack(form, *version, 0)))

    assert values(network, 0, "weights") == weights


@pytest.mark.parametrize(
    ("flipped", "weights"),
    [(1, [[2, 4, 6], [3, 5, 7]]), (0, [[2, 3, 4], [5, 6, 7]])],  # 3 inputs x 2 filters, or 2 x 3
)
def test_a_flipped_convolution_is_turned(net, file, flipped, weights):
    network = net(f"[convolutional]\nfilters=2\nflipped={flipped}")

    network.load_weights(file(range(8)))

    assert torch.tensor(values(network, 0, "weights")).flatten(1).tolist() == weights


def test_layers_follow_each_other_without_a_gap(net, file):
    network = net(TWO)

    loaded = network.load_weights(file(range(17)))

    assert values(network, 2, "biases") == [14]
    assert torch.tensor(values(network, 2, "weights")).flatten().tolist() == [15, 16]
    assert (loaded.layers, loaded.floats) == (4, 17)


def test_weights_may_be_loaded_over_others(net, file):
    network = net(PLAIN)
    network.load_weights(file([1, 2, 3, 4]))
    biases = network.stack[0].biases

    network.load_weights(file([5, 6, 7, 8]))

    assert biases.tolist() == [5]


def test_a_layer_that_shares_has_nothing_in_the_file(net, file):
    three = "[convolutional]\nfilters=3\n"
    network = net(f"{three}{three}share_index=0\n", dialect="alexeyab")

    network.load_weights(file(range(12)))  # 3 + 3 * 3

    assert network.stack[1].weights is network.stack[0].weights
    assert values(network, 1, "biases") == [0, 1, 2]


# Switches of a layer


def test_dontload_leaves_a_layer_out_of_the_file(net, file):
    network = net(f"{NORMED}dontload=1\n{PLAIN}")

    network.load_weights(file([7, 8, 9]))

    assert values(network, 0, "norm.scales") == [1, 1]
    assert values(network, 1, "biases") == [7]


def test_dontloadscales_leaves_the_batch_norm_out(net, file):
    network = net(f"{NORMED}dontloadscales=1")

    network.load_weights(file(range(1, 9)))

    assert values(network, 0, "biases") == [1, 2]
    assert values(network, 0, "norm.scales") == [1, 1]
    assert values(network, 0, "norm.rolling_variance") == [0, 0]
    assert torch.tensor(values(network, 0, "weights")).flatten().tolist() == [3, 4, 5, 6, 7, 8]


def test_numload_reads_so_many_filters(net, file):
    network = net(f"{NORMED}numload=1")
    network.initialize(torch.Generator().manual_seed(7))
    second = values(network, 0, "weights")[1]

    network.load_weights(file(range(1, 8)))  # 1 + 1 + 1 + 1 + 1 * 3

    assert values(network, 0, "biases") == [1, 0]
    assert values(network, 0, "norm.rolling_variance") == [4, 0]
    assert torch.tensor(values(network, 0, "weights")[0]).flatten().tolist() == [5, 6, 7]
    assert values(network, 0, "weights")[1] == second


def test_what_numload_leaves_out_has_first_values(net, file):
    network = net(f"{NORMED}numload=1")

    network.load_weights(file(range(1, 8)))

    assert values(network, 0, "biases") == [1, 0]
    assert values(network, 0, "norm.scales") == [2, 1]
    assert values(network, 0, "norm.rolling_mean") == [3, 0]
    assert values(network, 0, "norm.rolling_variance") == [4, 0]


def test_the_fork_does_not_know_numload(net, file):
    network = net(f"{NORMED}numload=1", dialect="alexeyab")

    network.load_weights(file(range(14)))

    assert values(network, 0, "biases") == [0, 1]


# Files of a part of a network


def test_a_file_that_ends_between_layers_fills_those_before(net, file, capsys):
    network = net(TWO)
    path = file(range(14))

    loaded = network.load_weights(path)

    told = f"{path}: ends before layer 2: layers 2 to 3 keep first values\n"
    assert capsys.readouterr().err.endswith(told)
    assert loaded.layers == 2
    assert values(network, 0, "biases") == [0, 1]
    assert values(network, 2, "biases") == [0]


def test_a_whole_file_has_nothing_to_tell(net, file, capsys):
    network = net(TWO)
    capsys.readouterr()

    network.load_weights(file(range(17)))

    assert capsys.readouterr().err == ""


def test_layers_that_a_file_lacks_keep_their_values(net, file):
    network = net(TWO)
    network.load_weights(file(range(17)))

    network.load_weights(file([9] * 14))

    assert values(network, 0, "biases") == [9, 9]
    assert values(network, 2, "biases") == [14]


@pytest.mark.parametrize("floats", [14, 15, 17])
def test_upto_reads_the_layers_before_it_and_does_not_ask_for_more(net, file, capsys, floats):
    network = net(TWO)
    capsys.readouterr()

    network.load_weights(file(range(floats)), upto=2)

    assert capsys.readouterr().err == ""
    assert values(network, 0, "biases") == [0, 1]
    assert values(network, 2, "biases") == [0]


@pytest.mark.parametrize(("floats", "first"), [(16, 2), (13, 0), (0, 0)])
def test_a_lenient_reader_keeps_whole_layers_only(net, file, capsys, floats, first):
    network = net(TWO)
    path = file([5] * floats)

    loaded = network.load_weights(path, strict=False)

    told = f"{path}: ends before layer {first}: layers {first} to 3 keep first values\n"
    assert capsys.readouterr().err.endswith(told)
    assert loaded.layers == first
    assert values(network, 0, "biases") == ([5, 5] if first else [0, 0])
    assert values(network, 2, "biases") == [0]


# What is read, and what is told


def test_a_file_is_read_strictly_and_as_a_whole_unless_asked_otherwise(net, file):
    loaded = load(net(TWO), file(range(17)))

    assert (loaded.floats, loaded.header.version, loaded.header.seen) == (17, (0, 2, 0), 0)
    with pytest.raises(WeightsError, match="ends inside layer 2"):
        load(net(TWO), file(range(16)))


@pytest.mark.parametrize(("upto", "layers"), [(1, 1), (4, 4), (9, 4)])
def test_the_layers_that_are_loaded_are_counted(net, file, upto, layers):
    assert load(net(TWO), file(range(17)), upto=upto).layers == layers


@pytest.mark.parametrize(
    ("more", "told"), [(1, "1 float is left over of 18"), (2, "2 floats are left over of 19")]
)
def test_floats_that_are_left_over_are_counted(net, file, capsys, more, told):
    path = file(range(17 + more))

    net(TWO).load_weights(path)

    assert f"{path}: {told}: " in capsys.readouterr().err


def test_parameters_are_views_of_one_piece_of_memory(net, file):
    network = net(NORMED)

    network.load_weights(file(range(14)))

    state = network.stack[0].state_dict()
    pieces = {state[name].untyped_storage().data_ptr() for name in ("biases", "weights")}
    assert len(pieces) == 1


@pytest.mark.parametrize(("count", "floats"), [(2, [1, 2]), (3, [1, 2, 3])])
def test_floats_behind_an_offset_are_read_and_no_more(file, count, floats):
    found = read_floats(file([1, 2, 3]), len(HEADER), count)

    assert (found.tolist(), found.dtype) == (floats, torch.float32)


def test_a_file_that_grows_shorter_while_it_is_read_is_told(file):
    path = file([1, 2, 3])

    with pytest.raises(WeightsError) as error:
        read_floats(path, len(HEADER), 4)

    assert str(error.value) == f"{path}: grew shorter while it was read: 3 floats"
