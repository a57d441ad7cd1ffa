"""The official YOLOX, imported, gives what it gave where scripts/record_yolox.py recorded it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
import record_yolox
import torch
import yolox_cfg
from conftest import HERE
from state_dicts import safetensors

from pydarknet.errors import WeightsError
from pydarknet.load import read_network
from pydarknet.network import Network
from pydarknet.ports.import_arrays import import_arrays

RECORDED = np.load(HERE / "reference" / "yolox" / "whole.npz")
KINDS = np.load(HERE / "reference" / "yolox" / "kinds.npz")
CFG = HERE.parent / "cfg" / "yolox-s.cfg"


def shapes_of(recorded: Mapping[str, np.ndarray], kind: str = "") -> dict[str, tuple[int, ...]]:
    """Return the recorded names and shapes of arrays."""
    names, shapes = recorded[f"{kind}names"], recorded[f"{kind}shapes"]
    pairs = zip(names, shapes.tolist(), strict=True)
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

    wanted = torch.from_numpy(RECORDED["outputs"])
    torch.testing.assert_close(rows_of(network, bgr), wanted, rtol=1e-4, atol=1e-4)
    assert imported.arrays == len(state)
    assert imported.epsilon == 1e-3


def rows_of(network: Network, bgr: torch.Tensor) -> torch.Tensor:
    """Return boxes in pixels and scores, [N, P, 5 + classes], as the official network does."""
    [head] = network(bgr.flip(1) / 255)
    rows = head.activated[:, :, 0].transpose(1, 2)
    return rows * torch.tensor([record_yolox.SIDE] * 4 + [1] * (rows.shape[2] - 4))


@pytest.mark.parametrize(
    ("name", "title"),
    [("nano", "yolox-nano"), ("m", "yolox-m"), ("l", "yolox-l"), ("x", "yolox-x")],
)
def test_the_other_networks_give_the_official_boxes_and_scores(name, title, tmp_path):
    kind = replace(yolox_cfg.KINDS[name], width=record_yolox.NARROW)
    text = "[net]\nwidth=64\nheight=64\nchannels=3\n"
    cfg = tmp_path / "narrow.cfg"
    cfg.write_text(text + yolox_cfg.sections_of(kind, record_yolox.CLASSES))
    network = read_network(cfg, dialect="alexeyab")
    values = record_yolox.values_of(shapes_of(KINDS, f"{name}."), record_yolox.DAMPED)
    state = {key: torch.from_numpy(one) for key, one in values.items()}

    imported = import_arrays(network, safetensors(tmp_path / "yolox.safetensors", state))

    found = rows_of(network, torch.from_numpy(record_yolox.picture(0)))
    wanted = torch.from_numpy(KINDS[f"{name}.outputs"])
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)
    assert imported.arrays == len(state)
    assert imported.layout.endswith(title)


def test_the_file_of_another_kind_is_refused_by_its_name(tmp_path):
    values = record_yolox.values_of(shapes_of(KINDS, "m."))
    state = {key: torch.from_numpy(one) for key, one in values.items()}

    with pytest.raises(WeightsError, match=r"yolox-m, which has 107 convolutions: the cfg has 83"):
        import_arrays(yolox_s(), safetensors(tmp_path / "yolox_m.safetensors", state))


def test_a_network_of_more_blocks_is_refused(state, tmp_path):
    state["backbone.backbone.dark2.1.m.1.conv1.conv.weight"] = torch.zeros(32, 32, 1, 1)

    with pytest.raises(WeightsError, match=r"dark2\.1\.m\.1\S* \(32 x 32 x 1 x 1\) has no place"):
        import_arrays(yolox_s(), safetensors(tmp_path / "yolox_m.safetensors", state))
