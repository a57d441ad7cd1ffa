"""Which layer of an ONNX file is the first that differs."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import HERE
from onnx_files import add_to_biases, needs_onnx, recorded_network, rename_values, write_file

from pydarknet.boxes.settings import settings
from pydarknet.compare.onnx_file import OnnxFile
from pydarknet.compare.onnx_layers import Layer, all_values, compare_layers, difference
from pydarknet.compare.onnx_ours import forward, layers_of

CASE = HERE / "reference" / "infer_ab_yolov3_a"
ONE, TWO, THREE = (np.array([[1.0, scale]], np.float32) for scale in (10, 20, 30))


def layer(name: str, values: np.ndarray, *, head: bool = False) -> Layer:
    return Layer(name, values, head)


def test_a_difference_is_a_share_of_the_largest_number():
    assert difference(ONE, ONE + 0.1) == pytest.approx(0.01, rel=1e-5)
    assert difference(ONE * 0, ONE * 0) == 0


def test_layers_are_known_by_their_names():
    ours = [layer("000_a", ONE), layer("001_b", TWO), layer("002_c", THREE)]

    found = compare_layers(ours, {"000_a": ONE, "001_b": TWO + 0.1, "other": ONE})

    assert found.first == "001_b"
    assert found.text == (
        "layers: 2 of 3 are in the file (by name), within 5.0e-03 of their largest number"
        " (001_b); the first that differs is 001_b"
    )


def test_without_our_names_they_are_known_by_their_values():
    ours = [layer("000_a", ONE), layer("001_b", TWO), layer("002_c", THREE, head=True)]

    found = compare_layers(ours, {"7": TWO.reshape(2, 1), "8": ONE, "9": np.ones(5)})

    assert found.text == (
        "layers: 2 of 2 are in the file (by value), within 0.0e+00 of their largest number (000_a)"
    )


def test_the_first_that_the_file_lacks_is_named():
    found = compare_layers([layer("000_a", ONE), layer("001_b", TWO)], {"8": ONE, "9": ONE})

    assert found.text.endswith("(000_a); the first that it lacks is 001_b")


def test_no_number_is_no_equal():
    bad = ONE * np.nan

    assert compare_layers([layer("000_a", ONE)], {"000_a": bad}).first == "000_a"
    assert compare_layers([layer("000_a", ONE)], {"8": bad}).first == "000_a"


@needs_onnx
@pytest.mark.parametrize("names", ["ours", "numbers"])
@pytest.mark.parametrize("fault", ["", "007_convolutional"])
def test_the_layers_inside_a_file_are_read(names, fault, tmp_path):
    def change(model):
        add_to_biases(fault, 0.5)(model)
        if names == "numbers":
            rename_values(model)

    network = recorded_network(CASE)
    path = write_file(network, tmp_path / "net.onnx", change)
    seen = forward(network, np.full((48, 48, 3), 99, np.uint8), settings(network))

    inside = all_values(OnnxFile.open(path), seen.images.numpy())
    found = compare_layers(layers_of(network, seen.images), inside)

    assert found.first == fault
    assert found.named == (names == "ours")
