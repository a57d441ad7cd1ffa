"""`compare -onnx`: a file that is equal, one with a fault, and what cannot be compared."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import HERE
from onnx_files import add_to_biases, needs_onnx, recorded_network, write_file

from pydarknet.cli.main import main
from pydarknet.image.files import save_image

REFERENCE = HERE / "reference"
CASE = REFERENCE / "infer_ab_yolov3_a"
pytestmark = needs_onnx


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Work in an empty folder, in the fork's dialect."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYDARKNET_DIALECT", "alexeyab")


def compare(case: Path = CASE, *words: str) -> int:
    """Compare net.onnx with a recorded network on its image."""
    files = [str(case / name) for name in ("net.cfg", "net.weights", "input.png")]
    return main(["compare", *files, "-onnx", "net.onnx", *words])


def lines(capfd) -> list[str]:
    return capfd.readouterr().out.splitlines()


def test_a_file_of_the_same_network_is_equal(capfd):
    write_file(recorded_network(CASE), Path("net.onnx"))

    assert compare() == 0

    told = lines(capfd)
    assert told[0] == "net.onnx: run by onnxruntime; pydarknet's dialect is alexeyab"
    assert told[1] == "the file gives the maps of the heads"
    assert told[2].startswith("layers: 20 of 23 are in the file (by name), within ")
    assert "first" not in told[2]
    assert told[3].startswith(f"{CASE / 'input.png'}: 49 boxes in both, scores within 0.0000")
    assert told[4].startswith("equal: 49 boxes of 1 image: scores differ by at most 0.0000")


def test_the_first_layer_that_differs_is_named(capfd):
    change = add_to_biases("010_convolutional", 0.3)
    write_file(recorded_network(CASE), Path("net.onnx"), change)

    assert compare() == 1

    told = lines(capfd)
    assert told[2].endswith("; the first that differs is 010_convolutional")
    assert told[-1].startswith("not equal in 1 of 1 image: ")


def test_a_file_of_another_size_resizes_the_network(capfd):
    network = recorded_network(CASE)
    network.resize(96, 64)
    write_file(network, Path("net.onnx"))

    assert compare() == 0
    told = "the file takes images of 96 x 64: the network is resized to that"
    assert told in capfd.readouterr().err.splitlines()


def test_a_classifiers_scores_are_compared(capfd):
    case = REFERENCE / "infer_ab_darknet19_a"
    write_file(recorded_network(case), Path("net.onnx"))

    assert compare(case) == 0

    told = lines(capfd)
    assert told[-2].startswith(f"{case / 'input.png'}: class 5 is the best of both, scores within")
    assert told[-1].startswith("equal: 10 scores of 1 image: scores differ by at most 0.0000")


def test_a_file_of_another_network_is_one_error(capfd):
    case = REFERENCE / "infer_ab_darknet19_a"
    write_file(recorded_network(case), Path("net.onnx"))

    assert compare() == 1
    assert (
        capfd.readouterr()
        .err.splitlines()[-1]
        .startswith(
            "net.onnx: its outputs are 013_softmax [1, 10]: expected boxes of 3 classes, as [7, K],"
        )
    )


def test_an_image_that_shows_nothing_shows_no_equality(capfd):
    write_file(recorded_network(CASE), Path("net.onnx"))
    save_image(np.zeros((48, 48, 3), np.uint8), "black.png")
    files = [str(CASE / "net.cfg"), str(CASE / "net.weights"), "black.png"]

    assert main(["compare", *files, "-onnx", "net.onnx", "-thresh", "0.999"]) == 1
    told = "not shown to be equal: neither program finds anything in 1 image"
    assert lines(capfd)[-1] == told
