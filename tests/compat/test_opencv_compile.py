"""What is compiled for OpenCV's programs, and what is not."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import HERE

from pydarknet import load_network, opencv
from pydarknet.network import Network
from pydarknet.runtime.network import RuntimeNetwork

pytest.importorskip("onnx")
INPUT = "[net]\nwidth=8\nheight=8\nchannels=3\n"
MAP = "[convolutional]\nfilters=4\nsize=3\nstride=2\npad=1\nactivation=leaky\n"
RANDOM = np.random.default_rng(1).random((2, 3, 8, 8), np.float32)


def files_of(folder: Path, layers: str) -> tuple[str, str]:
    """Write a cfg and random weights; return their paths."""
    cfg, weights = str(folder / "net.cfg"), str(folder / "net.weights")
    Path(cfg).write_text(INPUT + layers)
    network = load_network(cfg)
    network.save_weights(weights)
    return cfg, weights


@pytest.mark.parametrize(
    ("layers", "shape"),
    [
        (MAP + "[connected]\noutput=5\nactivation=linear\n[softmax]\n", (2, 5)),
        (MAP + "[avgpool]\n[softmax]\n", (2, 4, 1, 1)),
        (MAP, (2, 4, 4, 4)),
    ],
)
def test_what_is_no_detector_has_torch_s_output(
    tmp_path: Path, cache: Path, layers: str, shape: tuple[int, ...]
) -> None:
    files = files_of(tmp_path, layers)
    torchs = opencv.readNetFromDarknet(*files)
    made = opencv.readNetFromDarknet(*files, backend="runtime")
    for net in (torchs, made):
        net.setInput(RANDOM)

    assert made.forward().shape == shape
    np.testing.assert_allclose(made.forward(), torchs.forward(), atol=1e-5)
    assert isinstance(made.loaded, RuntimeNetwork)


def test_two_outputs_of_no_detector_are_not_compiled(tmp_path: Path, cache: Path) -> None:
    files = files_of(tmp_path, MAP + MAP + "[route]\nlayers=0\n" + MAP)

    with pytest.raises(cv2.error, match="has another output than its result: expected a classif"):
        opencv.readNetFromDarknet(*files, backend="runtime")


def test_a_head_that_opencv_reads_otherwise_is_not_compiled(tmp_path: Path, cache: Path) -> None:
    recorded = HERE / "reference" / "opencv" / "region_softmax"
    cfg, weights = str(tmp_path / "net.cfg"), str(recorded / "net.weights")
    text = (recorded / "net.cfg").read_text()
    Path(cfg).write_text(text.replace("[region]", "[region]\nclassfix=-1"))

    with pytest.raises(cv2.error, match=r"\[region\] has other boxes for OpenCV: expected"):
        opencv.readNetFromDarknet(cfg, weights, backend="runtime")

    assert type(opencv.readNet(cfg, weights).loaded) is Network
