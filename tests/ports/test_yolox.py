"""The official YOLOX, imported, gives what it gave where scripts/record_yolox.py recorded it."""

from __future__ import annotations

import numpy as np
import pytest
import record_yolox
import torch
from conftest import HERE
from state_dicts import safetensors

from pydarknet.errors import WeightsError
from pydarknet.load import read_network
from pydarknet.network import Network
from pydarknet.ports.import_arrays import import_arrays

RECORDED = np.load(HERE / "reference" / "yolox" / "whole.npz")
CFG = HERE.parent / "cfg" / "yolox-s.cfg"


def shapes_of(recorded: np.lib.npyio.NpzFile) -> dict[str, tuple[int, ...]]:
    """Return the recorded names and shapes of arrays."""
    pairs = zip(recorded["names"], recorded["shapes"].tolist(), strict=True)
    return {str(name): tuple(n for n in shape if n) for name, shape in pairs}


def yolox_s() -> Network:
    """Return the network of the shipped cfg, for images of the recorded size."""
    network = read_network(CFG)
    network.resize(record_yolox.SIDE, record_yolox.SIDE)
    return network


@pytest.fixture
def state() -> dict[str, torch.Tensor]:
    """Return the state dict of the recorded network."""
    values = record_yolox.values_of(shapes_of(RECORDED))
    return {name: torch.from_numpy(one) for name, one in values.items()}


def test_the_whole_network_gives_the_official_boxes_and_scores(state, tmp_path):
    network = yolox_s()
    bgr = torch.from_numpy(record_yolox.picture(0))

    imported = import_arrays(network, safetensors(tmp_path / "yolox_s.safetensors", state))

    [head] = network(bgr.flip(1) / 255)
    pixels = torch.tensor([record_yolox.SIDE] * 4 + [1] * 81)
    found = head.activated[:, :, 0].transpose(1, 2) * pixels
    torch.testing.assert_close(found, torch.from_numpy(RECORDED["outputs"]), rtol=1e-4, atol=1e-4)
    assert imported.arrays == len(state)
    assert imported.epsilon == 1e-3


def test_a_network_of_more_blocks_is_refused(state, tmp_path):
    state["backbone.backbone.dark2.1.m.1.conv1.conv.weight"] = torch.zeros(32, 32, 1, 1)

    with pytest.raises(WeightsError, match=r"dark2\.1\.m\.1\S* \(32 x 32 x 1 x 1\) has no place"):
        import_arrays(yolox_s(), safetensors(tmp_path / "yolox_m.safetensors", state))
