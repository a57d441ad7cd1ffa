"""An ONNX file as it is run: its input for images, what it says about itself, and bad ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from conftest import HERE
from onnx_files import needs_onnx, recorded_network, write_file

from pydarknet.compare.onnx_file import OnnxFile
from pydarknet.errors import DataError, UsageError
from pydarknet.runtime.engine import Input

CASE = HERE / "reference" / "infer_ab_yolov3_a"
IMAGE = np.arange(12, dtype=np.float32).reshape(1, 3, 2, 2) / 255


@dataclass
class Engine:
    """An engine that gives what it is given."""

    inputs: Sequence[Input]
    name: str = "an engine"
    outputs: Sequence[str] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    given: dict[str, np.ndarray] = field(default_factory=dict)

    def run(self, inputs: Mapping[str, np.ndarray], outputs: Sequence[str]) -> list[np.ndarray]:
        self.given = dict(inputs)
        return [inputs[name] for name in outputs]


def file(*inputs: Input, **about: object) -> OnnxFile:
    return OnnxFile(Path("net.onnx"), Engine(inputs, **about))


@needs_onnx
def test_a_file_of_ours_gives_its_maps(tmp_path):
    path = write_file(recorded_network(CASE), tmp_path / "net.onnx")

    found = OnnxFile.open(path).run(np.zeros((1, 3, 48, 48), np.float32))

    assert {name: array.shape for name, array in found.items()} == {
        "014_convolutional": (1, 24, 6, 6),
        "021_convolutional": (1, 24, 12, 12),
    }


def test_an_image_takes_the_form_of_the_input():
    turned = file(Input("x", (2, 2, 2, 3), np.uint8), outputs=("x",))

    [found] = turned.run(IMAGE).values()

    assert turned.size(3) == (2, 2)
    assert found.dtype == np.uint8
    assert found.shape == (2, 2, 2, 3)  # a batch of two
    assert found[1].transpose(2, 0, 1).ravel().tolist() == list(range(12))


def test_sizes_that_any_image_may_have_are_none():
    assert file(Input("x", (None, 3, None, None))).size(3) == (None, None)
    assert file(Input("x", (1, 3, 20, 30))).size(3) == (30, 20)


def test_states_begin_with_zeros():
    one = file(Input("images", (1, 3, 2, 2)), Input("state", (1, 5)), outputs=("state",))

    assert one.run(IMAGE)["state"].tolist() == [[0] * 5]


def test_another_number_of_channels_is_refused():
    with pytest.raises(DataError, match=r"net.onnx: takes images of 1 channels: expected 3"):
        file(Input("x", (1, 1, 2, 2))).size(3)


def test_a_file_without_images_is_refused():
    with pytest.raises(DataError, match=r"net.onnx: its inputs are x \[1, 7\]: expected images"):
        _ = file(Input("x", (1, 7))).image


@pytest.mark.parametrize(
    ("text", "layout"), [('{"layout": "rows"}', "rows"), ("[1]", None), ("no json", None)]
)
def test_what_it_says_about_itself_is_ours_alone(text, layout):
    assert file(metadata={"pydarknet": text}).about.get("layout") == layout


def test_an_engine_that_fails_is_named():
    with pytest.raises(DataError, match=r"net.onnx: an engine cannot run it: 'missing'"):
        file(Input("x", (1, 3, 2, 2)), outputs=("missing",)).run(IMAGE)


def test_a_bad_file_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"does not exist: expected an ONNX file"):
        OnnxFile.open(tmp_path / "net.onnx")
    with pytest.raises(UsageError, match=r"is a folder: expected an ONNX file"):
        OnnxFile.open(tmp_path)
    (tmp_path / "net.onnx").write_text("[net]")
    with pytest.raises(DataError, match=r"net.onnx: .+: expected an ONNX model"):
        OnnxFile.open(tmp_path / "net.onnx")
