"""The command classify."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import pydarknet
from pydarknet.cli.main import main

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


def test_classify_uses_the_names_of_imagenet(capfd):
    Path("big.cfg").write_text(
        "[net]\nwidth=2\nheight=2\nchannels=3\n[convolutional]\nfilters=1000\n[avgpool]\n[softmax]\n"
    )

    assert main(["classify", "big.cfg", "", "input.png"]) == 0

    told = capfd.readouterr()
    assert len(told.out.splitlines()) == 5
    assert "imagenet1k.data is not here, using the shipped" in told.err
