"""Weights files, read into a small network, and into one with other last layers."""

from __future__ import annotations

from functools import cache

from fuzz.rules import file_of, refusals

from pydarknet.load import read_network
from pydarknet.network import Network

LONGEST = 4096
CFG = b"""[net]
width=8
height=8
channels=3
[convolutional]
batch_normalize=1
filters=2
size=1
stride=4
activation=leaky
[convolutional]
filters=18
size=1
[yolo]
mask=0,1,2
classes=1
"""


@cache
def sections() -> Network:
    """Return a network without memory, which is read once."""
    return read_network(file_of(CFG, "cfg"), dialect="alexeyab")


def check(content: bytes) -> None:
    """Load weights; the first byte says how."""
    how = content[0] if content else 0
    path = file_of(content[1:])
    with refusals(lines=True):
        network = read_network(file_of(CFG, "cfg"), dialect="pjreddie" if how & 4 else "alexeyab")
        loaded = network.load_weights(path, strict=not how & 1, transfer=bool(how & 2))
        assert 4 * loaded.floats <= len(content)
