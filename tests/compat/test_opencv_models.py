"""OpenCV's models over our networks return what OpenCV 4.12's return over its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from conftest import HERE

import pydarknet
from pydarknet import opencv
from pydarknet.runtime.network import RuntimeNetwork

RECORDED = json.loads((HERE / "reference" / "opencv" / "models.json").read_text())
YOLO = HERE / "reference" / "infer_pj_yolov3_a"


def files(folder: Path) -> tuple[str, str]:
    """Return the paths of a network's weights and cfg."""
    return str(folder / "net.weights"), str(folder / "net.cfg")


def picture(folder: Path) -> np.ndarray:
    """Return the image of a recording as OpenCV reads it."""
    return cv2.imread(str(folder / "input.png"))


@pytest.fixture
def detector() -> opencv.DetectionModel:
    """A detector with the usual input."""
    model = opencv.DetectionModel(*files(YOLO))
    model.setInputParams(scale=1 / 255, size=(48, 48), swapRB=True)
    return model


@pytest.mark.parametrize("case", RECORDED["detect"])
def test_a_detector_finds_opencv_s_boxes(case: dict[str, Any], opencv_road: type) -> None:
    folder = HERE / "reference" / case["network"]
    model = opencv.DetectionModel(*files(folder)).setNmsAcrossClasses(case["across"])
    model.setInputParams(**case["params"])

    classes, confidences, boxes = model.detect(picture(folder), case["thresh"], case["nms"])

    assert np.asarray(classes).tolist() == case["classes"]
    np.testing.assert_allclose(confidences, case["confidences"], atol=2e-5)
    compiled = opencv_road is RuntimeNetwork and case["params"]["size"] == [48, 48]  # its own
    in_order = sorted if compiled else list  # a rounding decides between some of one confidence
    assert in_order(np.asarray(boxes).tolist()) == in_order(case["boxes"])
    assert isinstance(model.net.loaded, RuntimeNetwork) == compiled


@pytest.mark.parametrize("case", RECORDED["classify"])
def test_a_classifier_finds_opencv_s_class(case: dict[str, Any]) -> None:
    folder = HERE / "reference" / case["network"]
    model = opencv.ClassificationModel(*reversed(files(folder)))
    model.setInputParams(1 / 255, (32, 32), (0, 0, 0), True)
    model.setEnableSoftmaxPostProcessing(case["softmax"])

    best, score = model.classify(picture(folder))

    assert (type(best), type(score)) == (int, float)
    assert (best, score) == (case["best"], pytest.approx(case["score"], abs=2e-6))
    assert model.getEnableSoftmaxPostProcessing() == case["softmax"]


def test_what_is_found_has_opencv_s_types(detector) -> None:
    found = detector.detect(picture(YOLO), 0.5)

    assert [part.dtype for part in found] == [np.int32, np.float32, np.int32]
    assert [part.shape for part in found] == [(8,), (8,), (8, 4)]
    assert detector.detect(picture(YOLO), 1.1, 0.4) == ((), (), ())


def test_setters_give_the_model_and_take_a_pair_or_two_numbers(detector) -> None:
    expected = detector.predict(picture(YOLO))
    made = opencv.DetectionModel(opencv.readNet(*files(YOLO)))

    same = made.setInputScale(1 / 255).setInputSize((48, 48)).setInputMean((0, 0, 0))
    same = same.setInputSwapRB(True).setInputCrop(False).setInputSize(48, 48)
    same = same.setPreferableBackend(cv2.dnn.DNN_BACKEND_OPENCV).setPreferableTarget(0)

    assert same.enableWinograd(False) is made
    assert not made.getNmsAcrossClasses()
    for ours, one in zip(made.predict(picture(YOLO)), expected, strict=True):
        np.testing.assert_array_equal(ours, one)


def test_without_a_size_the_network_s_own_is_taken(detector) -> None:
    expected = detector.predict(picture(YOLO))

    detector.setInputParams(scale=1 / 255, swapRB=True)

    np.testing.assert_array_equal(detector.predict(picture(YOLO))[1], expected[1])


def test_outputs_can_be_chosen_by_name(detector) -> None:
    assert [output.shape for output in detector.predict(picture(YOLO))] == [(108, 8), (432, 8)]
    detector.setOutputNames(["yolo_15"])
    assert [output.shape for output in detector.predict(picture(YOLO))] == [(108, 8)]


@pytest.mark.parametrize(
    ("use", "said"),
    [
        (
            lambda: opencv.DetectionModel(*files(YOLO)).detect(None),
            "an image is NoneType: expected",
        ),
        (
            lambda: opencv.DetectionModel(*files(YOLO)).detect(np.zeros((0, 3, 3), np.uint8)),
            "an image is empty: expected",
        ),
        (
            lambda: opencv.ClassificationModel(*files(YOLO)).classify(picture(YOLO)),
            "the network has 2 outputs: expected a classifier's one",
        ),
        (
            lambda: opencv.DetectionModel(
                *files(HERE / "reference" / "infer_pj_darknet19_a")
            ).detect(picture(YOLO)),
            "the network has no detection head: expected a detector",
        ),
        (lambda: opencv.DetectionModel("none.cfg", "none.weights"), "none.weights"),
        (
            lambda: opencv.DetectionModel(*files(YOLO)).detect(picture(YOLO)[:, :, 0]),
            "images of 1 channel: expected 3\n    hint: cv2.cvtColor.image, cv2.COLOR_GRAY2BGR.",
        ),
        (
            lambda: opencv.DetectionModel(*files(YOLO)).detect(np.zeros((9, 9, 4), np.uint8)),
            "images of 4 channels: expected 3$",
        ),
    ],
)
def test_what_cannot_be_is_cv2_s_error_and_ours(use, said: str) -> None:
    with pytest.raises(cv2.error, match=said) as raised:
        use()

    assert isinstance(raised.value, pydarknet.DarknetError)


def test_a_box_without_bounds_is_cut_as_opencv_cuts_it(detector) -> None:
    detector.setInputParams(size=(48, 48))  # values up to 255: some sides are infinite

    _, _, boxes = detector.detect(picture(YOLO))

    height, width = picture(YOLO).shape[:2]
    assert len(boxes) == 244  # as of OpenCV 4.12
    assert (boxes[:, 2:] >= 1).all()
    assert ((boxes[:, :2] + boxes[:, 2:]) <= [width, height]).all()
