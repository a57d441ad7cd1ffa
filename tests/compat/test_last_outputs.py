"""Boxes are chosen of the last outputs at any threshold, whatever computed them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pydarknet.boxes.settings import Decoding, Settings
from pydarknet.compat import darknet
from pydarknet.compat.last_outputs import HeadOutputs, TableOutputs, canvas


@pytest.mark.parametrize("letterbox", [True, False])
@pytest.mark.parametrize("road", ["compiled"], indirect=True)
def test_tables_give_the_boxes_of_heads(folder: Path, net, letterbox: bool) -> None:
    image = darknet.load_image("input.png", 60, 40)
    net.look(image, letters=letterbox)
    tables = net.outputs
    net.see(image, letters=letterbox)

    assert isinstance(tables, TableOutputs)
    assert isinstance(net.outputs, HeadOutputs)
    counts = []
    for thresh in (0.05, 0.25, 0.5):
        chosen = Settings(Decoding(thresh=thresh), letterbox, 0)
        [one], [other] = (each.boxes((60, 40), chosen, 1) for each in (tables, net.outputs))
        counts.append(len(one))
        np.testing.assert_allclose(one.boxes, other.boxes, atol=1e-4)
        np.testing.assert_allclose(one.objectness, other.objectness, atol=1e-5)
        np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-5)
    assert counts == sorted(set(counts), reverse=True)


def test_a_canvas_has_a_size_and_no_pixels() -> None:
    assert canvas((4, 3)).shape == (3, 4, 0)
