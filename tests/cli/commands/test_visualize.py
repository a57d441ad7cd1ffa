"""What statistics, print and visualize show of a weights file."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from conftest import HERE, both_lineages

from pydarknet import load_network
from pydarknet.cli.commands.visualize import filters
from pydarknet.cli.main import main
from pydarknet.modules.transforms import load_image

TOOLS = HERE / "reference" / "tools"
CONV = [f"{TOOLS}/conv.cfg", f"{TOOLS}/conv.weights"]


@pytest.mark.parametrize("index", [0, 1, 2])
def test_filters_are_drawn_as_by_the_c_program(index):
    network = load_network(*CONV, device="cpu")
    recorded = load_image(TOOLS / f"conv.visualize.{index}.pj.png")

    drawn = filters(network.stack[index].weights.detach())

    np.testing.assert_array_equal(np.broadcast_to(drawn, recorded.shape), recorded)


def test_even_filters_are_drawn_as_they_are():
    drawn = filters(torch.full((2, 3, 1, 1), 0.5))

    # half, the line between, half; the whole is stretched
    assert drawn[:, 0].tolist() == [[255] * 3, [0] * 3, [255] * 3]


@both_lineages
def test_visualize_writes_a_picture_of_each_convolution(tmp_path, monkeypatch, capsys, dialect):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DISPLAY", raising=False)

    assert main(["visualize", *CONV, "-dialect", dialect]) == 0

    written = {path.name: cv2.imread(str(path)).shape for path in tmp_path.iterdir()}
    assert written == {
        "Layer 0.jpg": (15, 3, 3),  # 4 filters of 3 x 3 and 3 lines between
        "Layer 1.jpg": (23, 7, 3),  # 6 filters of 3 x 3, whose 2 channels stand side by side
        "Layer 2.jpg": (7, 1, 3),  # 4 filters of 1 x 1
    }
    assert capsys.readouterr().err.endswith("Layer 0.jpg\nLayer 1.jpg\nLayer 2.jpg\n")


def test_visualize_draws_first_values_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DISPLAY", raising=False)

    assert main(["visualize", CONV[0]]) == 0

    assert len(list(tmp_path.iterdir())) == 3
