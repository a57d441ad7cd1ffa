"""How a weights file is written, and that the old one stays until the new one is whole."""

from __future__ import annotations

import hashlib
import os
import struct

import pytest
import torch

from pydarknet.errors import DarknetError, WeightsError
from pydarknet.graph.header import Header
from pydarknet.graph.weights import digest_of
from pydarknet.network import Network

# On images of 3 channels, layer 0 has 2 + 2 + 2 + 2 + 2 * 3 = 14 floats, layer 2 has 1 + 2 = 3.
NORMED = "[convolutional]\nfilters=2\nbatch_normalize=1\n"
PLAIN = "[convolutional]\nfilters=1\n"
TWO = f"{NORMED}[maxpool]\n{PLAIN}"


def floats(*numbers: float) -> bytes:
    """Return numbers as they stand in a weights file."""
    return struct.pack(f"<{len(numbers)}f", *numbers)


def header(*version: int, seen: int = 0) -> bytes:
    """Return a header with a seen of 8 bytes."""
    return struct.pack("<3iQ", *version, seen)


@pytest.fixture
def network_of(net, tmp_path):
    """Make a network with the content of a weights file."""

    def make(text: str, content: bytes, **options) -> Network:
        network = net(text, **options)
        (tmp_path / "old.weights").write_bytes(content)
        network.load_weights(tmp_path / "old.weights")
        return network

    return make


@pytest.mark.parametrize(("dialect", "version"), [("pjreddie", (0, 2, 0)), ("alexeyab", (0, 2, 5))])
def test_a_file_has_the_header_of_its_dialect(network_of, tmp_path, dialect, version):
    network = network_of(TWO, header(0, 1, 0)[:16] + floats(*range(17)), dialect=dialect)

    network.save_weights(tmp_path / "new.weights")

    content = (tmp_path / "new.weights").read_bytes()
    assert content == header(*version) + floats(*range(17))


@pytest.mark.parametrize(
    "old",
    [struct.pack("<3iI", 0, 1, 0, 64000), struct.pack("<3iQ", 0, 2, 5, 64000)],
    ids=["of 4 bytes", "of 8 bytes"],
)
def test_seen_is_kept(network_of, tmp_path, old):
    network = network_of(PLAIN, old + floats(1, 2, 3, 4))

    network.save_weights(tmp_path / "new.weights")

    assert (tmp_path / "new.weights").read_bytes()[:20] == header(0, 2, 0, seen=64000)


def test_a_network_that_no_file_was_loaded_into_has_seen_nothing(net, tmp_path):
    network = net(PLAIN)
    network.initialize()

    network.save_weights(tmp_path / "new.weights")

    assert (tmp_path / "new.weights").read_bytes()[:20] == header(0, 2, 0, seen=0)


@pytest.mark.parametrize(
    ("dialect", "old"),
    [
        ("pjreddie", struct.pack("<3iI", 0, 1, 0, 7)),
        ("pjreddie", struct.pack("<3iI", 1001, 0, 0, 7)),
        ("alexeyab", struct.pack("<3iQ", 1001, 0, 0, 7)),
        ("alexeyab", struct.pack("<3iQ", 0, 2, 0, 2**40)),
    ],
    ids=["short", "transposed", "transposed of the fork", "long"],
)
def test_the_header_that_was_read_gives_back_the_same_bytes(network_of, tmp_path, dialect, old):
    text = "[connected]\noutput=2\nbatch_normalize=1"
    network = network_of(text, old + floats(*range(14)), inputs=3, dialect=dialect)

    network.save_weights(tmp_path / "new.weights", header=network.header)

    assert (tmp_path / "new.weights").read_bytes() == old + floats(*range(14))


def test_a_transposed_file_is_saved_upright(network_of, tmp_path):
    old = struct.pack("<3iI", 1001, 0, 0, 0)
    network = network_of("[connected]\noutput=2", old + floats(0, 1, 2, 3, 4, 5, 6, 7), inputs=3)

    network.save_weights(tmp_path / "new.weights")

    # the matrix of 3 inputs x 2 outputs: 2 3, 4 5, 6 7
    expected = header(0, 2, 0) + floats(0, 1, 2, 4, 6, 3, 5, 7)
    assert (tmp_path / "new.weights").read_bytes() == expected


def test_a_flipped_convolution_is_saved_flipped(network_of, tmp_path):
    content = header(0, 2, 0) + floats(*range(8))
    network = network_of("[convolutional]\nfilters=2\nflipped=1", content)

    network.save_weights(tmp_path / "new.weights")

    assert (tmp_path / "new.weights").read_bytes() == content


def test_a_header_of_ones_own_is_written(network_of, tmp_path):
    network = network_of(PLAIN, header(0, 2, 0) + floats(1, 2, 3, 4))

    network.save_weights(tmp_path / "new.weights", header=Header(0, 1, 0, 9, long=False))

    expected = struct.pack("<3iI", 0, 1, 0, 9) + floats(1, 2, 3, 4)
    assert (tmp_path / "new.weights").read_bytes() == expected


@pytest.mark.parametrize(("upto", "count"), [(0, 0), (1, 14), (2, 14), (3, 17)])
def test_upto_writes_the_layers_before_it(network_of, tmp_path, upto, count):
    network = network_of(TWO, header(0, 2, 0) + floats(*range(17)))

    network.save_weights(tmp_path / "new.weights", upto=upto)

    content = (tmp_path / "new.weights").read_bytes()
    assert content == header(0, 2, 0) + floats(*range(count))


@pytest.mark.parametrize(
    ("dialect", "version", "saved"),
    [("pjreddie", (0, 2, 0), range(4, 8)), ("alexeyab", (0, 2, 5), range(8))],
)
def test_dontsave_leaves_a_layer_out_in_the_original(network_of, tmp_path, dialect, version, saved):
    text = f"{PLAIN}dontsave=1\n[convolutional]\nfilters=2"  # 1 + 3 floats, and 2 + 2
    network = network_of(text, header(*version) + floats(*range(8)), dialect=dialect)

    network.save_weights(tmp_path / "new.weights")

    assert (tmp_path / "new.weights").read_bytes() == header(*version) + floats(*saved)


def test_dontload_is_saved_all_the_same(network_of, tmp_path):
    network = network_of(f"{PLAIN}dontload=1", header(0, 2, 0))

    network.save_weights(tmp_path / "new.weights")

    assert (tmp_path / "new.weights").stat().st_size == 20 + 4 * 4  # 1 + 1 * 3


def test_shared_parameters_are_written_once(network_of, tmp_path):
    three = "[convolutional]\nfilters=3\n"
    content = header(0, 2, 5) + floats(*range(12))  # 3 + 3 * 3
    network = network_of(f"{three}{three}share_index=0", content, dialect="alexeyab")

    network.save_weights(tmp_path / "new.weights")

    assert (tmp_path / "new.weights").read_bytes() == content


# What can go wrong


def full(*_: object) -> None:
    """Fail as a full disk does."""
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_save_that_fails_keeps_the_old_file_and_leaves_no_other(
    network_of, tmp_path, monkeypatch, call
):
    network = network_of(PLAIN, header(0, 2, 0) + floats(1, 2, 3, 4))
    before = (tmp_path / "old.weights").read_bytes()
    monkeypatch.setattr(os, call, full)

    with pytest.raises(WeightsError) as error:
        network.save_weights(tmp_path / "old.weights")

    told = f"Couldn't open file: {tmp_path}/old.weights (No space left on device)"
    assert str(error.value) == told
    assert (tmp_path / "old.weights").read_bytes() == before
    assert os.listdir(tmp_path) == ["old.weights"]


def test_a_folder_cannot_be_written_over(network_of, tmp_path):
    network = network_of(PLAIN, header(0, 2, 0) + floats(1, 2, 3, 4))
    (tmp_path / "folder").mkdir()

    with pytest.raises(WeightsError) as error:
        network.save_weights(tmp_path / "folder")

    assert str(error.value) == f"Couldn't open file: {tmp_path}/folder (Is a directory)"
    assert sorted(os.listdir(tmp_path)) == ["folder", "old.weights"]


@pytest.mark.parametrize("place", ["none/new.weights", "old.weights/new.weights"])
def test_a_folder_must_be_there(network_of, tmp_path, place):
    network = network_of(PLAIN, header(0, 2, 0) + floats(1, 2, 3, 4))

    with pytest.raises(WeightsError, match="Couldn't open file: "):
        network.save_weights(tmp_path / place)

    assert os.listdir(tmp_path) == ["old.weights"]


def test_a_network_without_values_is_not_saved(net, tmp_path):
    network = net(PLAIN)

    with pytest.raises(DarknetError) as error:
        network.save_weights(tmp_path / "new.weights")

    problem = "[convolutional] has no values to write: expected a loaded network"
    assert str(error.value) == f"net.cfg:6: {problem}"
    assert os.listdir(tmp_path) == []


def test_a_file_is_replaced_by_the_new_one(network_of, tmp_path):
    network = network_of(PLAIN, header(0, 2, 0) + floats(1, 2, 3, 4))
    with torch.no_grad():
        network.stack[0].biases.fill_(5)

    network.save_weights(tmp_path / "old.weights")

    expected = header(0, 2, 0) + floats(5, 2, 3, 4)
    assert (tmp_path / "old.weights").read_bytes() == expected
    assert os.listdir(tmp_path) == ["old.weights"]


def test_a_digest_is_that_of_the_file_that_would_be_written(net, tmp_path):
    network = net(TWO)
    network.initialize()

    network.save_weights(tmp_path / "new.weights")

    content = (tmp_path / "new.weights").read_bytes()
    assert digest_of(network) == hashlib.sha256(content).hexdigest()
