"""C structures as Python programs access them."""

from __future__ import annotations

import ctypes
from pathlib import Path

from pydarknet.compat import darknet


def test_metadata_has_names_in_bytes(folder: Path) -> None:
    meta = darknet.load_meta(b"net.data")

    assert [meta.names[i] for i in range(meta.classes)] == [
        line.encode() for line in (folder / "net.names").read_text().split()
    ]


def test_names_of_ctypes_are_there_too() -> None:
    assert darknet.c_float is ctypes.c_float
    assert darknet.POINTER(darknet.c_float) is darknet.FloatPtr
