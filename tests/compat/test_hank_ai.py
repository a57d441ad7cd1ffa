"""hank-ai's darknet.py, where it differs from AlexeyAB's."""

from __future__ import annotations

from ctypes import c_int, pointer
from pathlib import Path

import pytest
from conftest import recording

from pydarknet.compat import darknet, hank_ai
from pydarknet.compat.network_handle import Handle


@pytest.fixture
def net(road: type, monkeypatch: pytest.MonkeyPatch) -> Handle:
    """Load a recorded network; `load_network` returns nothing else."""
    monkeypatch.chdir(recording("infer_ab_yolov3_a"))
    handle = hank_ai.load_network("net.cfg", "net.data", "net.weights")
    assert isinstance(handle.any_network, road)
    return handle


def test_load_network_gives_the_network_alone(net: Handle) -> None:
    assert hank_ai.network_width(net) == 48


def test_a_network_s_dimensions_go_into_c_ints(net: Handle) -> None:
    w, h, c = c_int(), c_int(), c_int()

    hank_ai.network_dimensions(net, w, pointer(h), c)

    assert (w.value, h.value, c.value) == (48, 48, 3)
    assert hank_ai.network_dimensions(net) == (48, 48, 3)


def test_colours_go_by_the_name() -> None:
    # the MD5 of "dog" begins with 06 d8 0e
    assert hank_ai.class_colors(["dog"]) == {"dog": (0x06, 0xD8, 0x0E)}


def test_a_skipped_class_is_not_told(net: Handle) -> None:
    names = Path("net.names").read_text().split()
    image = hank_ai.load_image(b"input.png", 0, 0, 3)
    every = hank_ai.detect_image(net, names, image, thresh=0.25)
    assert {one[0] for one in every} > {names[0]}

    hank_ai.add_skipped_class(net, 0)

    left = hank_ai.detect_image(net, names, image, thresh=0.25)
    assert left == [one for one in every if one[0] != names[0]]
    hank_ai.clear_skipped_classes(net)
    assert hank_ai.detect_image(net, names, image, thresh=0.25) == every


def test_a_picture_may_be_read_grey(net: Handle) -> None:
    assert hank_ai.load_image(b"input.png", 10, 12, 1).c == 1


def test_what_it_does_not_change_is_the_fork_s() -> None:
    assert hank_ai.print_detections is darknet.print_detections
    assert "get_network_boxes" in hank_ai.__all__


def test_its_version_is_told_in_bytes() -> None:
    assert hank_ai.version_string().startswith(b"pydarknet ")
