"""alpr-unconstrained's darknet.py, where it differs from the original's."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest

from pydarknet.compat import alpr, darknet
from pydarknet.compat.network_handle import Handle


@pytest.fixture
def meta(folder: Path) -> alpr.METADATA:
    """Read the recorded network's .data file."""
    return alpr.load_meta(b"net.data")


@pytest.mark.parametrize("nms", [0.45, None])
def test_detect_also_gives_the_size(net: Handle, meta, nms: float | None) -> None:
    found, (width, height) = alpr.detect(net, meta, b"input.png", thresh=0.25, nms=nms)

    assert found == darknet.detect(net, meta, b"input.png", 0.25, nms=nms)
    assert (height, width) == cv2.imread("input.png").shape[:2]


def test_an_image_may_be_an_array_or_loaded(net: Handle, meta) -> None:
    expected = alpr.detect(net, meta, "input.png")

    assert alpr.detect(net, meta, cv2.imread("input.png")) == expected
    assert alpr.detect(net, meta, alpr.load_image(b"input.png", 0, 0)) == expected


def test_all_else_is_the_original_s() -> None:
    assert alpr.classify is darknet.classify
    assert {"detect", "load_net", "load_meta", "c_char_p", "ct"} <= set(alpr.__all__)
