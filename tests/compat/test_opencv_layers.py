"""The layers that OpenCV creates from a cfg."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import HERE

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
def test_layers_have_opencv_s_names_and_numbers(name: str, opencv_road: type) -> None:
    recorded, made = np.load(RECORDED / f"{name}.npz"), read(name)

    assert made.getLayerNames() == tuple(recorded["layers"])
    assert made.getUnconnectedOutLayers().tolist() == recorded["ids"].tolist()
    assert made.getUnconnectedOutLayers().dtype == np.int32


def scores_with(option: str, tmp_path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the scores of a network with one more option in [yolo], and OpenCV's without it."""
    place = folder("infer_pj_yolov3_a")
    cfg = tmp_path / "net.cfg"
    cfg.write_text((place / "net.cfg").read_text().replace("[yolo]", f"[yolo]\n{option}"))
    made = opencv.readNetFromDarknet(str(cfg), str(place / "net.weights"))
    recorded = np.load(RECORDED / "infer_pj_yolov3_a.npz")
    made.setInput(recorded["blob"])
    return made.forward()[:, 5:], recorded["yolo_22"][:, 5:]


def test_a_section_s_threshold_zeroes_scores(tmp_path: Path) -> None:
    scores, theirs = scores_with("thresh = 0.6", tmp_path)

    np.testing.assert_allclose(scores, np.where(theirs > 0.6, theirs, 0), atol=1e-4)


def test_a_section_s_nms_threshold_leaves_the_best_of_a_place(tmp_path: Path) -> None:
    scores, theirs = scores_with("nms_threshold = 0.4", tmp_path)

    assert np.count_nonzero(scores) < np.count_nonzero(theirs)
    np.testing.assert_allclose(scores.max(0), theirs.max(0), atol=1e-4)


def test_layers_are_found_by_name(net: opencv.Net) -> None:
    assert [net.getLayerId(name) for name in ("_input", "conv_0", "none")] == [0, 1, -1]
