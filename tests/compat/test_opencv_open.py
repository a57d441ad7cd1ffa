"""OpenCV's programs get a network compiled for them where one is there, else torch's."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import HERE, recording

import pydarknet
from pydarknet import opencv
from pydarknet.network import Network
from pydarknet.runtime.network import RuntimeNetwork

pytest.importorskip("onnx")
FILES = "net.cfg", "net.weights"
BLOB = np.load(HERE / "reference" / "opencv" / "infer_pj_yolov3_a.npz")["blob"]


@pytest.fixture
def files(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of the test with the files of a recording; return it."""
    shutil.copytree(recording("infer_pj_yolov3_a"), tmp_path / "files")
    monkeypatch.chdir(tmp_path / "files")
    return tmp_path / "files"


@pytest.fixture
def compiled(files: Path) -> Path:
    """Compile them for OpenCV's programs; return their folder."""
    assert isinstance(opencv.readNetFromDarknet(*FILES, backend="runtime").loaded, RuntimeNetwork)
    return files


@pytest.mark.parametrize(
    "read",
    [
        lambda: opencv.readNetFromDarknet(*FILES),
        lambda: opencv.readNet("net.weights", "net.cfg"),
        lambda: opencv.DetectionModel(*FILES).net,
        lambda: opencv.readNetFromDarknet(*FILES, backend="runtime"),
    ],
)
def test_every_reader_opens_what_was_compiled(compiled: Path, read, monkeypatch) -> None:
    monkeypatch.setattr("pydarknet.load.load_network", None)

    assert isinstance(read().loaded, RuntimeNetwork)
    assert read().size == (48, 48)


def test_a_network_that_was_read_before_is_found_under_its_name(files: Path) -> None:
    opencv.readNet(*FILES)
    absolute = [str(files / name) for name in FILES]
    opencv.readNetFromDarknet(*absolute, backend="runtime")

    assert isinstance(opencv.readNet(*FILES).loaded, RuntimeNetwork)


def test_a_form_of_darknet_s_batch_norm_is_not_taken(files: Path) -> None:
    pydarknet.load_network(*FILES, backend="runtime")

    assert type(opencv.readNet(*FILES).loaded) is Network
    assert type(opencv.readNet(*FILES).loaded) is Network


@pytest.mark.parametrize(
    ("blob", "name", "shape"),
    [
        (BLOB, "leaky_1", (1, 6, 48, 48)),
        (np.zeros((1, 3, 96, 64), np.float32), "yolo_22", (24 * 16 * 3, 8)),
    ],
)
def test_torch_is_opened_for_what_the_form_lacks(
    compiled: Path, capfd, blob: np.ndarray, name: str, shape: tuple[int, ...]
) -> None:
    net = opencv.readNet(*FILES)
    told = capfd.readouterr().err
    net.setInput(blob)

    assert net.forward(name).shape == shape
    assert type(net.loaded) is Network
    assert net.size == blob.shape[:1:-1]
    assert (told.count("inferred"), capfd.readouterr().err) == (1, "")


def test_torch_then_gives_the_same_rows(compiled: Path) -> None:
    net = opencv.readNet(*FILES)
    net.setInput(BLOB)
    rows = net.forward("yolo_22")
    total, layers = net.getPerfProfile()
    assert 0 < total <= layers.sum()

    _, again = net.forward(["leaky_1", "yolo_22"])

    assert type(net.loaded) is Network
    np.testing.assert_allclose(again, rows, atol=1e-4, rtol=1e-4)


def test_no_target_changes_where_a_form_runs(compiled: Path) -> None:
    net = opencv.readNet(*FILES)
    net.setPreferableTarget(6)

    net.setInput(BLOB)

    assert net.forward().shape == (432, 8)
    assert isinstance(net.loaded, RuntimeNetwork)


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (lambda: opencv.readNetFromDarknet(*FILES, backend="none"), "backend none: expected runt"),
        (
            lambda: opencv.readNetFromDarknet("net.cfg", backend="runtime"),
            "expected paths of a cfg",
        ),
    ],
)
def test_what_cannot_be_compiled_is_told(files: Path, read: Callable[[], object], said) -> None:
    with pytest.raises(cv2.error, match=said):
        read()


def test_a_classifier_has_torch_s_class(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(recording("infer_pj_darknet19_a"))
    image = cv2.imread("input.png")
    expected = opencv.ClassificationModel(*FILES).classify(image)
    opencv.readNetFromDarknet(*FILES, backend="runtime")
    model = opencv.ClassificationModel(*FILES)

    best, score = model.classify(image)

    assert (best, score) == (expected[0], pytest.approx(expected[1], abs=2e-6))
    assert isinstance(model.net.loaded, RuntimeNetwork)


PROGRAM = """
import sys
import cv2
import pydarknet.opencv
pydarknet.opencv.install()
assert "torch" not in sys.modules
net = cv2.dnn.readNet("net.weights", "net.cfg")
names = net.getLayerNames()
heads = [names[k - 1] for k in net.getUnconnectedOutLayers()]
image = cv2.imread("input.png")
net.setInput(cv2.dnn.blobFromImage(image, 1 / 255, (48, 48), swapRB=True))
assert [len(rows) for rows in net.forward(heads)] == [108, 432]
model = cv2.dnn_DetectionModel("net.weights", "net.cfg")
model.setInputParams(scale=1 / 255, size=(48, 48), swapRB=True)
classes, scores, boxes = model.detect(image, 0.5)
assert len(boxes) == 8  # as of OpenCV 4.12
assert "torch" not in sys.modules
"""


def test_a_program_that_finds_boxes_imports_no_torch(compiled: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr.count("Traceback")) == (0, 0), done.stderr
