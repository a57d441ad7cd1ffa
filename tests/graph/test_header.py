"""The header of a weights file."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import pytest

from pydarknet.graph.header import Header, read_header
from pydarknet.network import Network

HEADER = struct.pack("<3iQ", 0, 2, 0, 0)


PLAIN = "[convolutional]\nfilters=1\n"


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


SHORT, LONG = "<3iI", "<3iQ"


@pytest.mark.parametrize(
    ("version", "original", "fork", "transposed"),
    [
        ((0, 1, 0), SHORT, SHORT, False),
        ((0, 2, 0), LONG, LONG, False),
        ((0, 2, 5), LONG, LONG, False),
        ((1, 0, 0), LONG, LONG, False),  # 1 * 10 + 0 is at least 2
        ((1000, 0, 0), SHORT, LONG, False),
        ((1001, 0, 0), SHORT, LONG, True),
        ((0, 1001, 0), SHORT, LONG, True),
    ],
)
def test_seen_has_4_bytes_or_8_by_the_version_and_the_lineage(
    net, file, version, original, fork, transposed
):
    seen = 3_000_000_000  # of 32 bits, unsigned
    [first, second] = [net(PLAIN, dialect=name) for name in ("pjreddie", "alexeyab")]

    first.load_weights(file([1, 2, 3, 4], struct.pack(original, *version, seen)))
    second.load_weights(file([1, 2, 3, 4], struct.pack(fork, *version, seen)))

    assert first.header == Header(*version, seen, long=original == LONG)
    assert second.header == Header(*version, seen, long=fork == LONG)
    assert first.header.transposed is transposed
    assert values(first, 0, "biases") == values(second, 0, "biases") == [1]


def test_seen_may_exceed_32_bits(file):
    assert read_header(file([], struct.pack(LONG, 0, 2, 5, 2**40))).seen == 2**40


@pytest.mark.parametrize("long", [True, False])
def test_a_header_is_packed_as_it_is_read(file, long):
    header = Header(0, 2 if long else 1, 0, 64000, long)

    assert read_header(file([], header.to_bytes())) == header
    assert len(header.to_bytes()) == header.size == (20 if long else 16)
