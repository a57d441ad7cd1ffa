"""Weights of another number of classes: in training, what matches is loaded."""

import struct

import numpy as np
import pytest
import torch

from pydarknet.errors import WeightsError
from pydarknet.graph.weights import load as load_weights

HEADER = struct.pack("<3iQ", 0, 2, 0, 0)
# Two heads of two anchors, each after a convolution of 2 * (classes + 5) filters.
HEADS = (
    "[convolutional]\nfilters=2\n"
    "[convolutional]\nfilters={0}\n[yolo]\nmask=0,1\nnum=2\nclasses={1}\n"
    "[route]\nlayers=0\n[convolutional]\nfilters=3\n"
    "[convolutional]\nfilters={0}\n[yolo]\nmask=0,1\nnum=2\nclasses={1}\n"
)


def floats(classes: int) -> int:
    """Return how many floats the network of these classes has."""
    filters = 2 * (classes + 5)
    return (2 + 6) + (filters + 2 * filters) + (3 + 6) + (filters + 3 * filters)


@pytest.fixture
def loaded(net, tmp_path):
    """Return a function that loads the weights of some classes into a network of others."""

    def load(own: int, theirs: int, *, transfer: bool = True):
        path = tmp_path / "net.weights"
        path.write_bytes(HEADER + np.arange(floats(theirs), dtype="<f4").tobytes())
        network = net(HEADS.format(2 * (own + 5), own))
        network.load_weights(path, transfer=transfer)
        return network

    return load


@pytest.mark.parametrize(("own", "theirs"), [(3, 2), (2, 3), (1, 80), (80, 1)])
def test_layers_that_match_are_loaded_wherever_they_stand(loaded, own, theirs):
    network = loaded(own, theirs)

    first, middle = network.stack[0], network.stack[4]
    assert first.biases.tolist() == [0, 1]
    assert first.weights.flatten().tolist() == [2, 3, 4, 5, 6, 7]
    start = 8 + 2 * (theirs + 5) * 3  # floats of layers 0 and 1 in the file
    assert middle.biases.tolist() == [start, start + 1, start + 2]
    assert middle.weights.flatten().tolist() == [start + at for at in range(3, 9)]


def test_layers_before_heads_start_fresh_and_are_told(loaded, capsys):
    network = loaded(3, 2)

    for index in (1, 5):
        assert network.stack[index].biases.tolist() == [0] * 16
        assert network.stack[index].weights.abs().max() < 8  # drawn, none of the file's
        assert torch.isfinite(network.stack[index].weights).all()
    told = capsys.readouterr().err.splitlines()[-3:]
    assert "net.weights: was trained with classes = 2, the cfg says 3: the layers" in told[0]
    assert told[1:] == [
        "layer 1 [convolutional] starts fresh: 16 filters, in the file 14",
        "layer 5 [convolutional] starts fresh: 16 filters, in the file 14",
    ]


def test_outside_training_it_stays_an_error(loaded):
    with pytest.raises(WeightsError, match="has the size of classes = 2, the cfg says 3"):
        loaded(3, 2, transfer=False)


def test_the_networks_own_weights_are_loaded_in_full(loaded, capsys):
    network = loaded(2, 2)

    assert network.stack[5].biases[0] == 8 + 14 * 3 + 9
    assert "fresh" not in capsys.readouterr().err


@pytest.mark.parametrize("found", [8, 8 + 14 * 3])  # after layer 0, after layer 1
def test_a_file_that_ends_between_layers_is_a_cut_one(net, tmp_path, capsys, found):
    path = tmp_path / "net.conv.1"
    path.write_bytes(HEADER + bytes(4 * found))

    net(HEADS.format(14, 2)).load_weights(path, transfer=True)

    told = capsys.readouterr().err
    assert "ends before layer" in told
    assert "fresh" not in told


def test_a_size_that_no_classes_explain_is_refused_in_training_too(net, tmp_path):
    path = tmp_path / "net.weights"
    path.write_bytes(HEADER + bytes(4 * (floats(2) - 1)))

    with pytest.raises(WeightsError, match="ends inside layer 5"):
        net(HEADS.format(14, 2)).load_weights(path, transfer=True)


def test_what_matches_is_loaded_only_where_that_is_asked_for(net, tmp_path):
    path = tmp_path / "net.weights"
    path.write_bytes(HEADER + np.arange(floats(2), dtype="<f4").tobytes())

    with pytest.raises(WeightsError, match="ends inside layer"):
        load_weights(net(HEADS.format(16, 3)), path)
