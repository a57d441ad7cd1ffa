"""torchvision's RetinaNet and SSD, imported, find the boxes that they found there.

The recorder is scripts/record_torchvision_networks.py.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import record_torchvision_networks as recorder
import torch
from conftest import HERE
from state_dicts import safetensors

from pydarknet.boxes.nms import nms
from pydarknet.boxes.settings import Decoding
from pydarknet.graph.weights_layout import placed_arrays
from pydarknet.load import read_network
from pydarknet.network import Network
from pydarknet.ports.import_arrays import import_arrays

CFGS = HERE.parent / "cfg"
RECORDED = HERE / "reference" / "anchor_heads"


def imported(name: str, cfg: str, classes: dict[str, str], folder: Path) -> Network:
    """Return the network of a shipped cfg for other classes, with the recorded state dict."""
    recorded = np.load(RECORDED / f"whole_{name}.npz")
    pairs = zip(recorded["names"], recorded["shapes"].tolist(), strict=True)
    shapes = {str(key): tuple(n for n in shape if n) for key, shape in pairs}
    values = recorder.values_of(shapes)
    state = {key: torch.from_numpy(one) for key, one in values.items()}
    text = (CFGS / cfg).read_text()
    for old, new in classes.items():
        text = text.replace(old, new)
    (folder / cfg).write_text(text)
    network = read_network(folder / cfg)
    found = import_arrays(network, safetensors(folder / "state.safetensors", state))
    assert found.arrays == len(state)
    return network


def seen(network: Network, side: int) -> torch.Tensor:
    """Return what the head gives for the recorded picture, rows [P, 4 + classes]."""
    network.resize(side, side)
    with torch.no_grad():
        [head] = network(torch.from_numpy(recorder.picture(0, side, side)))
    return head.activated[0, :, 0].T


def file_size(network: Network) -> int:
    """Return how many bytes a weights file of a network has: a header, then floats."""
    *_, last = placed_arrays(network)
    return 20 + 4 * last.end


def corners(boxes: np.ndarray, side: int) -> np.ndarray:
    """Return boxes in 0..1, centres and sides, as corners in pixels."""
    x, y, w, h = (side * boxes).T
    return np.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], 1)


def test_retinanet_finds_the_same_300_boxes(tmp_path):
    side = recorder.SIDES["retina"]
    words = {"filters=720": "filters=819", "classes=80": "classes=91"}

    network = imported("retina", "retina-r50.cfg", words, tmp_path)

    assert file_size(network) == 136_484_976
    rows = seen(network, side)
    layer = network.layers[-1]
    found = layer.detections(rows.T[None, :, None], network.input, Decoding(thresh=0.05)).rows
    left = nms(found, 0.5, layer.suppression, stay=True).numpy()
    row, kind = np.nonzero(left.probabilities)
    scores = left.probabilities[row, kind]
    best = np.argsort(-scores, kind="stable")
    expected = np.load(RECORDED / "whole_retina.npz")["rows"]
    np.testing.assert_allclose(scores[best], expected[:, 4], atol=1e-5)
    ours = np.column_stack([corners(left.boxes[row], side), kind])[best]
    theirs = expected[:, [0, 1, 2, 3, 5]]
    for one, other in zip(ours, theirs, strict=True):  # equal scores may stand in another order
        assert one == pytest.approx(other, abs=0.01) or np.abs(ours - other).max(1).min() < 0.01


def test_ssd_gives_the_same_boxes_and_chances(tmp_path):
    side = recorder.SIDES["ssd"]
    words = {"filters=84\n": "filters=364\n", "filters=126\n": "filters=546\n"}

    network = imported("ssd", "ssd300-vgg16.cfg", {**words, "classes=20": "classes=90"}, tmp_path)

    assert file_size(network) == 142_567_324
    rows = seen(network, side).numpy()
    recorded = np.load(RECORDED / "whole_ssd.npz")
    kept = rows[recorder.columns(len(rows))]
    np.testing.assert_allclose(corners(kept[:, :4], side), recorded["boxes"], atol=1e-2)
    np.testing.assert_allclose(kept[:, 4:], recorded["chances"][:, 1:], atol=1e-5)
