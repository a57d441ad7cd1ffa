"""Targa files, decoded as stb_image does (a recording of AlexeyAB's src/stb_image.h)."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import HERE

from pydarknet.image.decode import decode
from pydarknet.image.tga import decode_targa, is_targa, size_of

FILES = dict(np.load(HERE / "reference" / "stb_image" / "files.npz"))
TARGAS = sorted(name for name in FILES if name.endswith(".tga"))


@pytest.mark.parametrize("name", TARGAS)
def test_a_targa_file_has_the_pixels_that_stb_image_reads(name):
    content = FILES[name].tobytes()

    assert is_targa(content)
    assert size_of(content) == (5, 4)
    assert np.array_equal(decode_targa(content), FILES[f"{name}.0"])


@pytest.mark.parametrize("name", TARGAS[::7])
def test_a_cut_targa_file_is_damaged(name):
    content = FILES[name].tobytes()

    assert [decode_targa(content[:end]) for end in range(19, len(content) - 1)] == [None] * (
        len(content) - 20
    )


def test_a_targa_file_is_grey_where_a_network_is():
    content = FILES["kind2_24_0_0.tga"].tobytes()
    rgb = FILES["kind2_24_0_0.tga.0"].astype(int)

    grey = decode(content, 1)

    assert np.array_equal(grey[:, :, 0], (rgb @ [77, 150, 29]) >> 8)


@pytest.mark.parametrize(
    ("at", "value"),
    [(1, 2), (2, 1), (2, 4), (2, 0), (12, 0), (14, 0), (16, 12)],
    ids=["palette", "indexed", "kind 4", "no image", "no width", "no height", "depth"],
)
def test_a_header_that_stb_image_refuses_is_no_targa(at, value):
    content = bytearray(FILES["kind2_24_0_0.tga"].tobytes())
    content[at] = value

    assert not is_targa(bytes(content))


def test_a_text_is_no_targa():
    assert not is_targa(b"[net]\nwidth=416\nheight=416\nchannels=3\n")
    assert not is_targa(b"")
