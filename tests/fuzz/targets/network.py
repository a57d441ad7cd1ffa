"""cfg files that become networks: shapes, the table, the memory that they would take."""

from __future__ import annotations

from fuzz.rules import file_of, refusals
from fuzz.targets.cfg import words  # noqa: F401 # the same

from pydarknet.load import read_network


def check(content: bytes) -> None:
    """Build a network without memory; the first byte says whether unknown words are replaced."""
    with refusals():
        network = read_network(file_of(content[1:]), strict=content[:1] != b"~")
        assert network.table()
        assert network.footprint() >= 0
