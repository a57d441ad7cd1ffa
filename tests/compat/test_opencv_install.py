"""After `install`, cv2 has our readers and models for networks of Darknet, its own for others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest
from conftest import HERE

import pydarknet
from pydarknet import opencv

FOLDER = HERE / "reference" / "infer_pj_yolov3_a"
FILES = str(FOLDER / "net.weights"), str(FOLDER / "net.cfg")
NAMES = ("Model", "DetectionModel", "ClassificationModel")
pytestmark = pytest.mark.usefixtures("installed")


@pytest.fixture
def installed() -> Iterator[None]:
    """Install, and restore cv2 after the test."""
    before = dict(vars(cv2.dnn))
    opencv.install()
    opencv.install()  # twice is once
    yield
    cv2.dnn.readNet = before["readNet"]
    if "readNetFromDarknet" not in before:
        del cv2.dnn.readNetFromDarknet
    for name in NAMES:
        setattr(cv2.dnn, name, before[name])
        setattr(cv2, f"dnn_{name}", before[name])


def test_it_reads_what_cv2_is_asked_for() -> None:
    assert isinstance(cv2.dnn.readNet(*FILES), opencv.Net)
    assert isinstance(cv2.dnn.readNet(*reversed(FILES)), opencv.Net)
    assert isinstance(cv2.dnn.readNet(model=FILES[0], config=FILES[1]), opencv.Net)
    assert isinstance(cv2.dnn.readNet(*FILES, "darknet"), opencv.Net)
    assert isinstance(cv2.dnn.readNetFromDarknet(*reversed(FILES)), opencv.Net)


def test_contents_may_be_named_as_opencv_names_them() -> None:
    weights, cfg = (Path(file).read_bytes() for file in FILES)

    for made in (
        cv2.dnn.readNet("darknet", bufferModel=weights, bufferConfig=cfg),
        cv2.dnn.readNet(framework="darknet", bufferModel=weights, bufferConfig=cfg),
        cv2.dnn.readNetFromDarknet(bufferCfg=cfg, bufferModel=weights),
    ):
        assert made.getLayerNames() == cv2.dnn.readNet(*FILES).getLayerNames()


@pytest.mark.parametrize("made", ["readNet", "dnn_DetectionModel"])
def test_weights_alone_are_told(made) -> None:
    make = getattr(cv2.dnn, made, None) or getattr(cv2, made)

    said = "net.weights: expected the .cfg of a Darknet network, and its weights"
    with pytest.raises(cv2.error, match=said) as raised:
        make("net.weights")
    assert isinstance(raised.value, pydarknet.DarknetError)


def test_what_is_no_file_is_told() -> None:
    with pytest.raises(cv2.error, match="a file is of type int: expected its path or its content"):
        cv2.dnn.readNetFromDarknet(3)


def test_no_cfg_is_told() -> None:
    with pytest.raises(cv2.error, match="the cfg is None: expected its path or its content"):
        cv2.dnn.readNetFromDarknet(None)


@pytest.mark.parametrize("name", NAMES)
def test_models_are_made_of_files_in_either_order_or_of_a_net(name: str) -> None:
    for made in (getattr(cv2, f"dnn_{name}"), getattr(cv2.dnn, name)):
        assert isinstance(made(*FILES), getattr(opencv, name))
        assert isinstance(made(*reversed(FILES)), getattr(opencv, name))
        assert isinstance(made(cv2.dnn.readNet(*FILES)), getattr(opencv, name))
        assert isinstance(made(model=FILES[0], config=FILES[1]), getattr(opencv, name))


@pytest.mark.parametrize("name", NAMES)
def test_a_net_of_opencv_stays_its_own(name: str) -> None:
    model = getattr(cv2, f"dnn_{name}")(cv2.dnn.Net())

    assert not isinstance(model, opencv.Model)
    assert type(model).__module__.startswith("cv2")


def test_other_files_are_left_to_opencv() -> None:
    with pytest.raises(cv2.error) as raised:
        cv2.dnn.readNet("none.onnx")

    assert not isinstance(raised.value, pydarknet.DarknetError)
