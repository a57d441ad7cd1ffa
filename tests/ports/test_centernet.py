"""The official CenterNet, imported, gives what it gave where record_centernet.py recorded it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import record_centernet
import torch
from conftest import HERE
from state_dicts import safetensors

from pydarknet.boxes.nms import nms_each
from pydarknet.boxes.settings import Decoding
from pydarknet.load import read_network
from pydarknet.network import Network
from pydarknet.ports.import_arrays import import_arrays

RECORDED = np.load(HERE / "reference" / "centernet" / "whole.npz")
CFG = HERE.parent / "cfg" / "centernet-r18.cfg"
SIDE = record_centernet.SIDE


def res_18() -> Network:
    """Return the network of the shipped cfg, for images of the recorded size."""
    network = read_network(CFG)
    network.resize(SIDE, SIDE)
    return network


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with the state dict of the recorded network."""
    pairs = zip(RECORDED["names"], RECORDED["shapes"].tolist(), strict=True)
    shapes = {str(name): tuple(n for n in shape if n) for name, shape in pairs}
    values = record_centernet.values_of(shapes).items()
    state = {name: torch.from_numpy(one) for name, one in values}
    return safetensors(tmp_path_factory.mktemp("port") / "res_18.safetensors", state)


def test_the_whole_network_gives_the_official_maps_and_boxes(file):
    network = res_18()
    bgr = torch.from_numpy(record_centernet.picture(0))

    imported = import_arrays(network, file)
    network.initialize()
    [head] = network(bgr.flip(1))

    classes = record_centernet.COCO
    heat, rest = head.raw[:, : classes : record_centernet.SEEN], head.raw[:, classes:]
    torch.testing.assert_close(heat, torch.from_numpy(RECORDED["heat"]), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(rest, torch.from_numpy(RECORDED["sides"]), rtol=1e-4, atol=1e-4)
    assert imported.arrays == len(RECORDED["names"])
    found = network.layers[-1].detections(head.activated, network.input, Decoding(thresh=1e-6))
    [left] = nms_each([found.rows], 0.45, network.layers[-1].suppression)
    row, kind = left.probabilities.nonzero(as_tuple=True)
    corners = left.take(row).xyxy(SIDE // 4, SIDE // 4)
    table = torch.column_stack((corners, left.probabilities[row, kind], kind))
    best = table[table[:, 4].argsort(descending=True)]
    official = torch.from_numpy(RECORDED["boxes"][0])
    torch.testing.assert_close(best, official, rtol=1e-4, atol=1e-4)
