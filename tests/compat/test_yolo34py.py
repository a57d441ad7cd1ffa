"""`from pydarknet import Detector, Image` is YOLO3-4-Py's interface."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import HERE, recording

import pydarknet
from pydarknet import Detector, Image
from pydarknet.compat import darknet
from pydarknet.compat.ctypes_structs import planes_of


@pytest.fixture
def detector(folder: Path, road: type) -> Detector:
    """Return a detector with a recorded network."""
    made = Detector(b"net.cfg", b"net.weights", 0, b"net.data")
    assert isinstance(made.net.any_network, road)
    return made


def test_names_are_text_and_boxes_are_pixels_best_first(detector: Detector) -> None:
    found = detector.detect(Image(cv2.imread("input.png")), thresh=0.25)

    assert [type(part) for part in found[0]] == [str, float, tuple]
    assert [p for _, p, _ in found] == sorted((p for _, p, _ in found), reverse=True)


def test_boxes_are_those_of_the_original_s_darknet_py(
    detector: Detector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYDARKNET_DIALECT", "pjreddie")  # the weights say that the fork wrote them
    net, meta = darknet.load_net(b"net.cfg", b"net.weights", 0), darknet.load_meta(b"net.data")

    found = detector.detect(Image(cv2.imread("input.png")), 0.25, 0.5, 0.45)

    expected = darknet.detect(net, meta, b"input.png", 0.25)
    assert [(name.encode(), p, box) for name, p, box in found] == expected


def test_without_nms_every_box_is_left(detector: Detector) -> None:
    image = Image(cv2.imread("input.png"))

    assert len(detector.detect(image, 0.25, nms=0)) > len(detector.detect(image, 0.25))


def test_classes_come_best_first_in_bytes(road: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(recording("infer_pj_darknet19_a"))
    classifier = Detector(b"net.cfg", b"net.weights", 0, b"net.data")

    found = classifier.classify(Image(cv2.imread("input.png")))

    assert isinstance(classifier.net.any_network, road)
    assert len(found) == 10
    assert isinstance(found[0][0], bytes)
    assert [p for _, p in found] == sorted((p for _, p in found), reverse=True)


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 1), (4, 4, 4)])
def test_an_image_has_three_channels(shape: tuple[int, ...]) -> None:
    with pytest.raises(AssertionError, match="expected"):
        Image(np.zeros(shape, np.uint8))


def test_an_image_is_red_first_inside() -> None:
    image = Image(np.array([[[255, 51, 0]]], np.uint8))

    np.testing.assert_allclose([image.img.data[i] for i in range(3)], [0, 0.2, 1], rtol=1e-6)


def test_a_picture_is_shown_where_there_is_a_display(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)

    Image(np.zeros((2, 2, 3), np.uint8)).show_image(b"title", 1)  # none here: nothing happens


def test_what_it_is_built_with_can_be_asked() -> None:
    pydarknet.set_cuda_device(0)

    assert isinstance(pydarknet.is_compiled_with_gpu(), bool)
    assert pydarknet.is_compiled_with_opencv()


def imported(folder: Path) -> subprocess.CompletedProcess[str]:
    """Import this package with a folder of site-packages on the path."""
    code = (
        "import pathlib, sys; sys.path += [sys.argv[1], pathlib.Path('elsewhere')];"
        "import pydarknet; print(*sys.modules)"
    )
    words = [sys.executable, "-c", code, str(folder)]
    return subprocess.run(words, cwd=HERE.parent, capture_output=True, text=True, check=True)


@pytest.mark.parametrize(
    "entry",
    ["yolo34py-0.2-py3.9.egg-info", "yolo34py_gpu-0.2.dist-info", "wbia_pydarknet-4.0.0.dist-info"],
)
def test_another_package_of_the_name_is_told_of_once(tmp_path: Path, entry: str) -> None:
    (tmp_path / "site-packages" / entry).mkdir(parents=True)

    said = imported(tmp_path / "site-packages").stderr

    name = entry.split("-")[0].replace("_", "-")
    assert said.count(f"{name} is installed, whose package is pydarknet too") == 1


def test_others_are_not_told_of(tmp_path: Path) -> None:
    (tmp_path / "site-packages" / "yolo-1.0.dist-info").mkdir(parents=True)

    assert imported(tmp_path / "site-packages").stderr == ""


def test_importing_the_package_imports_nothing_heavy(tmp_path: Path) -> None:
    assert not {"torch", "cv2", "numpy", "importlib.metadata"} & set(
        imported(tmp_path).stdout.split()
    )


def test_an_image_may_lie_anyhow_in_memory() -> None:
    image = np.random.default_rng(0).integers(0, 255, (6, 8, 3), dtype=np.uint8)

    for view in (image[::-1], image[:, ::2], np.asfortranarray(image)):
        np.testing.assert_array_equal(planes_of(Image(view).img), planes_of(Image(view.copy()).img))


@pytest.mark.parametrize(
    ("image", "said"),
    [
        (None, "an image is None: expected a path or uint8"),
        (np.zeros((4, 4, 3), np.float32), r"float32 \[4, 4, 3\]: expected uint8"),
        (np.zeros((0, 4, 3), np.uint8), "expected at least one pixel"),
    ],
)
def test_what_is_no_image_is_told(image: np.ndarray | None, said: str) -> None:
    with pytest.raises(pydarknet.DataError, match=said):
        Image(image)
