"""Hundreds of calls take no more memory than the first ones."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import recording

from pydarknet import Detector, Image, opencv
from pydarknet.compat import darknet

STATM = Path("/proc/self/statm")
ROUND = 50  # calls
MEGABYTES = 0.05  # a round; a leaked image of 160 x 120 would take 11

pytestmark = [
    pytest.mark.skipif(not STATM.exists(), reason="the kernel does not tell memory here"),
    pytest.mark.usefixtures("one_thread", "without_collection"),
]


@pytest.fixture
def without_collection(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Work in a recorded network's folder, without collecting garbage: nothing may depend on it."""
    monkeypatch.chdir(recording("infer_ab_yolov3_a"))
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def resident() -> float:
    """Return the resident memory of this process in megabytes."""
    return int(STATM.read_text().split()[1]) * 4096 / 1e6


def growth(call: Callable[[], object], warm: int = 50) -> float:
    """Return the megabytes that the least of three rounds takes, after `warm` calls.

    The allocator takes or gives back an image's memory now and then; what leaks does so in every
    round.
    """
    for _ in range(warm):
        call()
    marks = [resident()]
    for _ in range(3):
        for _ in range(ROUND):
            call()
        marks.append(resident())
    return min(after - before for before, after in pairwise(marks))


def test_detect_image_keeps_nothing() -> None:
    network, names, _ = darknet.load_network("net.cfg", "net.data", "net.weights")
    content = np.random.default_rng(0).integers(0, 255, (120, 160, 3), np.uint8).tobytes()

    def call() -> object:
        image = darknet.make_image(160, 120, 3)
        darknet.copy_image_from_bytes(image, content)
        return darknet.detect_image(network, names, image, thresh=0.25)  # and free_image forgotten

    assert growth(call) < MEGABYTES


def test_the_steps_of_it_keep_nothing() -> None:
    network, names, _ = darknet.load_network("net.cfg", "net.data", "net.weights")

    def call() -> object:
        image, number = darknet.load_image(b"input.png", 160, 120), darknet.c_int(0)
        darknet.predict_image(network, image)
        dets = darknet.get_network_boxes(network, 160, 120, 0.25, 0.5, None, 0, number, 0)
        darknet.do_nms_sort(dets, number.value, 3, 0.45)
        return darknet.remove_negatives(dets, names, number.value)  # and free_detections forgotten

    assert growth(call) < MEGABYTES


def test_detector_and_image_keep_nothing() -> None:
    detector = Detector(b"net.cfg", b"net.weights", 0, b"net.data")
    image = cv2.resize(cv2.imread("input.png"), (160, 120))

    assert growth(lambda: detector.detect(Image(image))) < MEGABYTES


def test_forward_keeps_nothing() -> None:
    net = opencv.readNetFromDarknet("net.cfg", "net.weights")
    blob = np.zeros((1, 3, 48, 48), np.float32)

    def call() -> object:
        net.setInput(blob)
        return net.forward(net.getUnconnectedOutLayersNames())

    assert growth(call) < MEGABYTES


def test_a_freed_network_gives_its_memory_back() -> None:
    def call() -> object:
        net = darknet.load_net_custom("net.cfg", "net.weights", 0, 1)
        return darknet.free_network_ptr(net)

    assert growth(call, 100) < 2 * MEGABYTES
