"""torchvision's RetinaNet and SSD, imported, find the boxes that they found there.

The recorder is scripts/record_torchvision_networks.py.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import record_torchvision_networks as recorder
import torch
from conftest import HERE
from state_dicts import safetensors

from pydarknet.boxes.detections import Detections
from pydarknet.boxes.nms import nms
from pydarknet.boxes.settings import Decoding, Limits
from pydarknet.graph.weights_layout import placed_arrays
from pydarknet.layers.map_anchor_head import MapAnchorHead
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


def file_size(network: Network) -> int:
    """Return how many bytes a weights file of a network has: a header, then floats."""
    *_, last = placed_arrays(network)
    return 20 + 4 * last.end


def corners(boxes: np.ndarray, side: int) -> np.ndarray:
    """Return boxes in 0..1, centres and sides, as corners in pixels."""
    x, y, w, h = (side * boxes).T
    return np.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], 1)


def rows_of(found: Detections, side: int) -> np.ndarray:
    """Return boxes as torchvision gives them: corners in pixels, score, class, best first."""
    row, kind = found.probabilities.numpy().nonzero()
    scores = found.probabilities.numpy()[row, kind]
    rows = np.column_stack([corners(found.boxes.numpy()[row], side), scores, kind])
    return rows[np.argsort(-scores, kind="stable")]


def check_rows(ours: np.ndarray, theirs: np.ndarray) -> None:
    """Assert that rows are the same; those of equal scores may stand in another order."""
    np.testing.assert_allclose(ours[:, 4], theirs[:, 4], atol=1e-5)
    for one, other in zip(ours, theirs, strict=True):
        apart = np.abs(ours - other).max(1).min()
        assert one == pytest.approx(other, abs=0.01) or apart < 0.01


def check_few(network: Network, limits: Limits, side: int, theirs: np.ndarray) -> None:
    """Assert that the same boxes are left where FEW scores of each map or class compete."""
    layer = network.layers[-1]
    assert isinstance(layer, MapAnchorHead)
    layer = replace(layer, pre_nms=recorder.FEW)
    with torch.no_grad():
        [head] = network(recorder.pixels(side))
    outputs = layer.competitors(head.activated, head.node, limits.thresh)
    found = layer.detections(outputs, network.input, Decoding(thresh=limits.thresh)).rows
    check_rows(rows_of(nms(found, limits.nms, layer.suppression), side), theirs)


def test_retinanet_finds_the_same_boxes_by_its_own_limits(tmp_path):
    side, recorded = recorder.SIDES["retina"], np.load(RECORDED / "whole_retina.npz")
    limits = Limits(thresh=0.05, nms=0.5)
    words = {"filters=720": "filters=819", "classes=80": "classes=91", "=640": f"={side}"}

    network = imported("retina", "retina-r50.cfg", words, tmp_path)
    found = network.detect(recorder.photograph(side), limits.thresh, limits.nms)

    assert file_size(network) == 136_484_976
    assert len(recorded["rows"]) == 300
    check_rows(rows_of(found, side), recorded["rows"])
    check_few(network, limits, side, recorded["few"])


def test_ssd_finds_the_same_boxes_by_its_own_limits(tmp_path):
    side, recorded = recorder.SIDES["ssd"], np.load(RECORDED / "whole_ssd.npz")
    limits = Limits(thresh=0.01, nms=0.45)
    words = {"filters=84\n": "filters=364\n", "filters=126\n": "filters=546\n"}
    theirs = {key: recorded[key] - [0, 0, 0, 0, 0, 1] for key in ("rows", "few")}  # no background

    network = imported("ssd", "ssd300-vgg16.cfg", {**words, "classes=20": "classes=90"}, tmp_path)
    found = network.detect(recorder.photograph(side), limits.thresh, limits.nms)

    assert file_size(network) == 142_567_324
    assert len(theirs["rows"]) == 200
    check_rows(rows_of(found, side), theirs["rows"])
    check_few(network, limits, side, theirs["few"])
    with torch.no_grad():
        [head] = network(recorder.pixels(side))
    kept = head.activated[0, :, 0].T[recorder.columns(head.activated.shape[-1])].numpy()
    np.testing.assert_allclose(corners(kept[:, :4], side), recorded["boxes"], atol=1e-2)
    np.testing.assert_allclose(kept[:, 4:], recorded["chances"][:, 1:], atol=1e-5)
