"""The outputs of a compiled form become OpenCV's."""

from __future__ import annotations

import json

import numpy as np
import pytest
from conftest import recording

import pydarknet
from pydarknet import opencv
from pydarknet.compat.opencv_form import FormOutput, record_of
from pydarknet.compat.opencv_names import LayerNames
from pydarknet.errors import DarknetError


def test_rows_that_come_anchor_by_anchor_are_put_cell_by_cell() -> None:
    rows = np.zeros((1, 6, 6), np.float32)
    rows[0, :, 0] = [10, 11, 12, 20, 21, 22]  # two anchors in three cells

    laid = FormOutput(layer="region_1", anchors=2).rows_or_map(rows)

    assert laid[:, 0].tolist() == [10, 20, 11, 21, 12, 22]


@pytest.mark.parametrize(("overlap", "left"), [(0.0, [0.5, 0.4]), (0.3, [0.5, 0])])
def test_scores_are_limited(overlap: float, left: list[float]) -> None:
    rows = np.array([[[0.5, 0.5, 0.2, 0.2, 1, 0.5, 0.1], [0.5, 0.5, 0.2, 0.2, 1, 0.4, 0.2]]])

    laid = FormOutput(layer="yolo_1", limits=(0.2, overlap)).rows_or_map(rows)

    assert laid[:, 5:].T.tolist() == [left, [0, 0]]


def test_several_images_keep_their_dimension() -> None:
    assert FormOutput(layer="yolo_1").rows_or_map(np.zeros((2, 6, 7), np.float32)).shape == (
        2,
        6,
        7,
    )


def test_all_else_gets_its_size() -> None:
    softmax = FormOutput(layer="softmax_1", size=(4, 1, 1))

    assert softmax.rows_or_map(np.zeros((2, 4), np.float32)).shape == (2, 4, 1, 1)


def test_the_record_is_json() -> None:
    names = LayerNames((("conv_0",), ("permute_1", "yolo_1")), ("yolo_1",))
    output = FormOutput(layer="yolo_1", anchors=2, limits=(0.2, 0.4))

    said = json.loads(json.dumps(record_of(names, [output])))

    assert said == {
        "parts": [["conv_0"], ["permute_1", "yolo_1"]],
        "heads": ["yolo_1"],
        "outputs": [{"layer": "yolo_1", "anchors": 2, "limits": [0.2, 0.4], "size": []}],
    }


def test_a_form_of_other_programs_is_refused(cache) -> None:
    pytest.importorskip("onnx")
    folder = recording("infer_pj_yolov3_a")
    network = pydarknet.load_network(folder / "net.cfg", folder / "net.weights", backend="runtime")

    with pytest.raises(DarknetError, match="the network was not compiled for OpenCV: expected"):
        opencv.Net(network)
