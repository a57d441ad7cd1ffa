"""From an image to its classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import HERE

import pydarknet
from pydarknet.inference.classify import classifier_input, classify

# 4 numbers a pixel of a grey image of 2 x 2: their softmax is of all four, in the order of memory
NET = "[net]\nwidth=2\nheight=2\nchannels=1\n"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Work beside a network that gives the softmax of the four pixels of its input."""
    monkeypatch.chdir(tmp_path)
    Path("net.cfg").write_text(f"{NET}[softmax]\n")
    Path("net.names").write_text("a\nb\nc\nd\n")
    Path("net.data").write_text("names=net.names\ntop=2\nclasses=4\n")
    image = np.array([[0, 255], [51, 102]], np.uint8)  # softmax .120 .326 .147 .179 before it sums
    pydarknet.modules.transforms.save_image(np.repeat(image[:, :, None], 3, 2), "input.png")
    return tmp_path


@pytest.mark.parametrize(
    ("dialect", "pixels"),
    [
        ("pjreddie", [[0.2, 0.8], [0.5, 0.5]]),  # letterboxed: one row is left of 4 x 1
        (
            "alexeyab",
            [[0.457, 0.543]] * 2,
        ),  # stretched to 8 x 2, then the middle: 0.2 + 0.6 * 3 / 7
    ],
)
def test_the_original_letterboxes_and_the_fork_crops(dialect, pixels):
    network = pydarknet.load_network("net.cfg", dialect=dialect, device="cpu")
    row = np.array([[51, 102, 153, 204]], np.uint8)

    x = classifier_input(network, np.repeat(row[:, :, None], 3, 2))

    torch.testing.assert_close(x[0], torch.tensor(pixels), atol=0.01, rtol=0)


def test_images_are_classified_in_a_batch():
    network = pydarknet.load_network("net.cfg", device="cpu")
    images = [np.full((2, 2, 3), value, np.uint8) for value in (0, 255)]

    assert classify(network, images).tolist() == [[0.25] * 4] * 2


def test_the_recorded_output_is_that_of_the_library():
    case = HERE / "reference" / "infer_pj_darknet19_a"
    network = pydarknet.load_network(
        case / "net.cfg", case / "net.weights", dialect="pjreddie", batchnorm="cpu", device="cpu"
    )

    [scores] = classify(network, [pydarknet.modules.transforms.load_image(case / "input.png")])

    recorded = np.load(case / "expected.npz")["layer_013"].ravel()
    np.testing.assert_allclose(scores, recorded, atol=1e-4)


@pytest.mark.parametrize("dialect", ["pjreddie", "alexeyab"])
def test_a_network_of_numbers_takes_no_images(dialect):
    Path("net.cfg").write_text("[net]\ninputs=4\n[softmax]\n")
    network = pydarknet.load_network("net.cfg", dialect=dialect, device="cpu")

    with pytest.raises(pydarknet.CfgError, match=r"^net\.cfg:1: \[net\] takes numbers, no images"):
        classify(network, [np.zeros((2, 2, 3), np.uint8)])
