"""Programs that import this one, under its own interface or another's, and were seen to fail."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

import cv2
import numpy as np
import pytest

import pydarknet
from pydarknet.boxes.detections import Detection, Detections


@pytest.fixture
def network(fault) -> pydarknet.Network:
    """Load the network of a program that passed what is no image."""
    fault("inference/api_detect_none")
    return pydarknet.load_network("net.cfg", "net.weights", device="cpu")


def test_an_image_that_opencv_could_not_read_is_told(network) -> None:
    with pytest.raises(pydarknet.DarknetError) as raised:
        network.detect(cv2.imread("missing.png"))

    said = "an image is None: expected a path or uint8 [height, width, 3]"
    assert str(raised.value).startswith(said)


def test_no_images_give_no_detections(network) -> None:
    assert network.detect([]) == []


def test_a_path_in_bytes_is_told_from_a_file_s_bytes(network) -> None:
    with pytest.raises(pydarknet.DataError, match="a path in bytes: expected text"):
        network.detect(b"img.png")


def test_detections_have_places(network) -> None:
    found = network.detect("img.png")

    assert found[0] == next(iter(found))
    assert isinstance(found[-1], Detection)
    assert isinstance(found[:2], Detections)
    assert len(found[1:]) == len(found) - 1


@pytest.fixture
def shim(fault, monkeypatch) -> str:
    """Install darknet.py beside a .data file that has no classes=, and let programs import it."""
    monkeypatch.syspath_prepend(fault("inference/darknet_py_finds_two_classes_only"))
    yield
    sys.modules.pop("darknet", None)


def imported(answer, *words: str) -> ModuleType:
    """Install the shim with these words into the working folder, and import it."""
    assert answer(" ".join(["install-shim", ".", *words])).status == 0
    return importlib.import_module("darknet")


@pytest.mark.usefixtures("shim")
def test_the_fork_s_interface_finds_every_named_class(answer) -> None:
    darknet = imported(answer)

    net, names, _ = darknet.load_network("c3.cfg", "my.data", "c3.weights")
    found = darknet.detect_image(net, names, darknet.load_image(b"img.png", 0, 0), thresh=0.3)

    assert names == ["ant", "bee", "cat"]
    assert {one[0] for one in found} == {"ant", "bee", "cat"}


@pytest.mark.usefixtures("shim")
def test_the_original_s_interface_finds_every_named_class(answer) -> None:
    darknet = imported(answer)

    net, meta = darknet.load_net(b"c3.cfg", b"c3.weights", 0), darknet.load_meta(b"my.data")

    assert {one[0] for one in darknet.detect(net, meta, b"img.png", thresh=0.3)} == {
        b"ant",
        b"bee",
        b"cat",
    }


@pytest.mark.usefixtures("shim")
def test_yolo34py_finds_every_named_class() -> None:
    detector = pydarknet.Detector(b"c3.cfg", b"c3.weights", 0, b"my.data")

    found = detector.detect(pydarknet.Image(cv2.imread("img.png")), thresh=0.3)

    assert {one[0] for one in found} == {"ant", "bee", "cat"}


@pytest.mark.usefixtures("shim")
def test_alpr_gets_the_size_with_the_boxes(answer) -> None:
    dn = imported(answer, "-api", "alpr")

    net, meta = dn.load_net(b"c3.cfg", b"c3.weights", 0), dn.load_meta(b"my.data")
    found, (width, height) = dn.detect(net, meta, "img.png", thresh=0.3)

    assert (height, width) == cv2.imread("img.png").shape[:2]
    assert {one[0] for one in found} == {b"ant", b"bee", b"cat"}


@pytest.mark.usefixtures("shim")
@pytest.mark.parametrize("api", ["alexeyab", "hank-ai", "alpr"])
def test_programs_take_ctypes_from_the_module(answer, api: str) -> None:
    darknet = imported(answer, "-api", api)

    assert darknet.ct.pointer(darknet.ct.c_int(5))[0] == darknet.c_int(5).value


def test_names_that_are_loaded_late_are_listed() -> None:
    assert set(pydarknet.__all__) <= set(dir(pydarknet))
    assert "load_network" in dir(pydarknet)


@pytest.mark.parametrize("shape", [(0, 10, 3), (10, 0, 3)])
def test_a_picture_without_pixels_is_told(network, shape: tuple[int, ...]) -> None:
    with pytest.raises(pydarknet.DataError, match="expected at least one pixel"):
        network.detect(np.zeros(shape, np.uint8))
