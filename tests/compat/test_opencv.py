"""pydarknet.opencv returns what OpenCV 4 returned, before version 5 removed the importer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import HERE

import pydarknet
from pydarknet import opencv

RECORDED = HERE / "reference" / "opencv"
NAMES = sorted(file.stem for file in RECORDED.glob("*.npz"))


def folder(name: str) -> Path:
    """Return the folder of a recorded network."""
    beside = RECORDED / name
    return beside if beside.is_dir() else HERE / "reference" / name


def read(name: str) -> opencv.Net:
    """Read a recorded network."""
    place = folder(name)
    return opencv.readNetFromDarknet(str(place / "net.cfg"), str(place / "net.weights"))


@pytest.fixture(scope="module")
def net() -> opencv.Net:
    """A network of two heads, after its recorded image was set."""
    made = read("infer_pj_yolov3_a")
    made.setInput(np.load(RECORDED / "infer_pj_yolov3_a.npz")["blob"])
    return made


@pytest.mark.parametrize("name", NAMES)
def test_outputs_are_opencv_s(name: str, opencv_road: type) -> None:
    recorded, made = np.load(RECORDED / f"{name}.npz"), read(name)
    made.setInput(recorded["blob"])
    heads = made.getUnconnectedOutLayersNames()

    outputs = made.forward(heads)

    for head, output in zip(heads, outputs, strict=True):
        # of random weights some boxes are thirty times the image: there it is of the value
        np.testing.assert_allclose(output, recorded[head], atol=1e-4, rtol=1e-4)
        assert output.dtype == np.float32
    assert isinstance(made.loaded, opencv_road)


def test_the_last_layer_is_what_forward_gives_unless_told(net: opencv.Net) -> None:
    first, last = net.forward(["yolo_15", "yolo_22"])

    np.testing.assert_array_equal(net.forward(), last)
    np.testing.assert_array_equal(net.forward("yolo_15"), first)
    np.testing.assert_array_equal(net.forward(outputName="yolo_15"), first)


def test_a_layer_inside_gives_its_map(net: opencv.Net) -> None:
    assert net.forward("leaky_1").shape == (1, 6, 48, 48)


def test_several_images_give_a_table_each(net: opencv.Net, opencv_road: type) -> None:
    made, blob = read("infer_pj_yolov3_a"), np.load(RECORDED / "infer_pj_yolov3_a.npz")["blob"]
    made.setInput(np.concatenate([blob * 0, blob]))

    tables = made.forward()

    assert tables.shape == (2, 432, 8)
    np.testing.assert_allclose(tables[1], net.forward(), atol=1e-5)
    assert isinstance(made.loaded, opencv_road)


def test_a_blob_of_another_size_resizes_the_network() -> None:
    made = read("infer_pj_yolov3_a")
    made.setInput(np.zeros((1, 3, 96, 64), np.float32))

    assert made.forward().shape == (24 * 16 * 3, 8)  # three boxes at every fourth pixel


def test_set_input_takes_the_mean_off_and_multiplies(net: opencv.Net) -> None:
    made, blob = read("infer_pj_yolov3_a"), np.load(RECORDED / "infer_pj_yolov3_a.npz")["blob"]
    mean = (10, 20, 30)
    bytes_of = blob * 255 + np.float32(mean).reshape(1, 3, 1, 1)

    made.setInput(bytes_of, scalefactor=1 / 255, mean=mean)

    np.testing.assert_allclose(made.forward(), net.forward(), atol=1e-4)


@pytest.fixture
def files() -> tuple[str, str]:
    """The paths of a recorded network's weights and cfg."""
    place = folder("infer_pj_yolov3_a")
    return str(place / "net.weights"), str(place / "net.cfg")


def test_a_network_is_read_from_paths_in_either_order(files: tuple[str, str]) -> None:
    weights, cfg = files

    names = opencv.readNet(weights, cfg).getLayerNames()

    assert names == opencv.readNet(cfg, weights).getLayerNames()
    assert not opencv.readNet(weights, cfg).empty()


@pytest.mark.parametrize(
    "form", [bytes, bytearray, lambda content: np.frombuffer(content, np.uint8)]
)
def test_a_network_is_read_from_contents(
    files: tuple[str, str], net: opencv.Net, form: Callable[[bytes], object]
) -> None:
    weights, cfg = (form(Path(file).read_bytes()) for file in files)
    made = opencv.readNetFromDarknet(cfg, weights)
    made.setInput(net.blob)

    np.testing.assert_array_equal(made.forward(), net.forward())
    assert opencv.readNet("darknet", weights, cfg).getLayerNames() == net.getLayerNames()


def test_an_empty_net_has_no_layers() -> None:
    assert opencv.Net().empty()
    assert opencv.Net().getUnconnectedOutLayersNames() == ()


def test_the_time_of_each_layer_is_told(net: opencv.Net) -> None:
    net.forward()

    total, layers = net.getPerfProfile()

    assert layers.shape == (len(net.getLayerNames()),)
    assert 0 < total <= layers.sum()


def test_backend_and_target_can_be_chosen(net: opencv.Net) -> None:
    net.setPreferableBackend(cv2.dnn.DNN_BACKEND_OPENCV)
    net.setPreferableTarget(cv2.dnn.DNN_TARGET_CPU)

    assert net.forward().shape == (432, 8)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("none", 'Requested layer "none" not found'),
        ("conv_0", "conv_0 is inside conv_0, bn_0, leaky_1: expected leaky_1"),
    ],
)
def test_a_layer_without_an_output_is_an_error(net: opencv.Net, name: str, said: str) -> None:
    with pytest.raises(cv2.error, match=said):
        net.forward(name)


@pytest.mark.parametrize("made", [opencv.Net(), read("infer_pj_yolov3_a")])
def test_nothing_to_compute_is_an_error(made: opencv.Net) -> None:
    with pytest.raises(cv2.error, match="expected a network, and setInput before"):
        made.forward()


def test_an_input_of_another_name_is_an_error(net: opencv.Net) -> None:
    with pytest.raises(cv2.error, match='Requested blob "other" not found'):
        net.setInput(net.blob, "other")


def test_an_image_is_no_blob(net: opencv.Net) -> None:
    with pytest.raises(cv2.error, match=r"a blob has shape \[48, 48, 3\]: expected images"):
        net.setInput(np.zeros((48, 48, 3)))


@pytest.mark.parametrize("error", [cv2.error, pydarknet.DarknetError])
def test_a_missing_file_is_an_error_of_both(error: type[Exception]) -> None:
    with pytest.raises(error, match=r"none\.cfg"):
        opencv.readNetFromDarknet("none.cfg")


def test_a_layer_that_opencv_did_not_read_is_an_error(tmp_path: Path) -> None:
    cfg = tmp_path / "net.cfg"
    cfg.write_text("[net]\nwidth=8\nheight=8\nchannels=3\n[local]\nsize=1\nstride=1\nfilters=1\n")

    with pytest.raises(cv2.error, match=r"net.cfg:5: \[local\] is none that OpenCV read"):
        opencv.readNetFromDarknet(str(cfg))


def test_contents_are_not_compiled(files: tuple[str, str]) -> None:
    weights, cfg = (Path(file).read_bytes() for file in files)

    with pytest.raises(cv2.error, match="backend runtime: expected paths of a cfg and of weights"):
        opencv.readNetFromDarknet(cfg, weights, backend="runtime")
