"""Files of arrays that can be imported, .safetensors and .npz, and what ONNX files say."""

from __future__ import annotations

from fuzz.rules import file_of, refusals

from pydarknet.ports.arrays import read_arrays
from pydarknet.runtime.onnx_properties import read_properties


def check(content: bytes) -> None:
    """Read a file as both."""
    path = file_of(content)
    with refusals(lines=True):
        read_properties(path)
    with refusals(lines=True):
        for stored in read_arrays(path).values():
            if sum(stored.shape) < 4096:
                stored.read()
