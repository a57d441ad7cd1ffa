"""cfg files that become networks: shapes, the table, the memory that they would take."""

from __future__ import annotations

from fuzz.rules import file_of, refusals
from fuzz.targets.cfg import words  # noqa: F401 # the same

from pydarknet.load import read_network

LAYER = 100_000  # bytes that the objects of a layer may take: a recurrent one has many


def more(content: bytes) -> int:
    """Return how many bytes the layers of a network may take."""
    return LAYER * content.count(b"[")


def check(content: bytes) -> None:
    """Build a network without memory; the first byte says whether unknown words are replaced."""
    with refusals():
        network = read_network(file_of(content[1:]), strict=content[:1] != b"~")
        assert network.table()
        assert network.footprint() >= 0
