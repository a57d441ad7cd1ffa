"""Our network as one of two programs that are compared."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import HERE

from pydarknet.boxes.settings import settings
from pydarknet.compare.ours import Ours, is_detector
from pydarknet.errors import DarknetError
from pydarknet.export.metadata import class_count
from pydarknet.load import load_network

CASE = HERE / "reference" / "infer_ab_yolov3_a"
TREE = "[net]\nwidth=2\nheight=2\nchannels=1\n[softmax]\ntree=net.tree\n"


def test_a_detectors_objects_are_its_boxes():
    network = load_network(CASE / "net.cfg", CASE / "net.weights", dialect="alexeyab", device="cpu")
    pixels = np.full((70, 90, 3), 128, np.uint8)

    found = Ours(network, settings(network, thresh=0.5)).objects(pixels)

    assert is_detector(network)
    assert class_count(network) == 3
    assert (found.scores > 0.5).all()


@pytest.mark.parametrize(("dialect", "animal"), [("pjreddie", 0), ("alexeyab", 0.268941)])
def test_the_originals_scores_of_a_tree_are_those_of_its_leaves(
    dialect, animal, tmp_path, monkeypatch
):
    # softmax of 0, 1: 1 / (1 + e) is the animal, which has children
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.tree").write_text("animal -1\nthing -1\ncat 0\ndog 0\n")
    (tmp_path / "net.cfg").write_text(TREE)
    network = load_network("net.cfg", dialect=dialect, device="cpu")
    pixels = np.array([[[0], [255]], [[51], [102]]], np.uint8)

    scores = Ours(network, settings(network)).scores(pixels)

    assert not is_detector(network)
    assert class_count(network) == 4
    assert scores[:2] == pytest.approx([animal, 0.731059], abs=1e-6)


def test_a_network_of_numbers_cannot_be_compared(net):
    with pytest.raises(DarknetError, match=r"takes numbers, no images: expected a detector or a"):
        is_detector(net("[connected]\noutput=2\n", inputs=3))
