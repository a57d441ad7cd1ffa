"""Losses are those of the C programs: deltas, costs and printed lines of recorded heads."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from conftest import HERE
from loss_cases import head_loss, head_of, inputs_of

from pydarknet import load_network
from pydarknet.training import Loss

LINEAGES = {"pj": "pjreddie", "ab": "alexeyab"}
FOLDERS = [HERE / "reference" / name for name in ("train_loss_cases", "loss_options")]
CASES: dict[str, dict[str, Any]] = {
    name: {**case, "folder": folder}
    for folder in FOLDERS
    for name, case in json.loads((folder / "cases.json").read_text()).items()
}
ROWS = {"yolo", "region", "gaussian", "Gaussian_yolo"}  # kinds of truth in rows
NUMBER = re.compile(r"-?\d+\.\d+|-?nan|\d+")


class Played(NamedTuple):
    """What our loss gave, and the C program's delta and line."""

    ours: Loss
    delta: torch.Tensor
    line: str


@cache
def played(name: str) -> Played:
    """Return the loss of a recorded head with what the C program gave."""
    case = CASES[name]
    arrays = np.load(case["folder"] / f"{name}.npz")
    network = load_network(case["folder"] / f"{name}.cfg", dialect=LINEAGES[case["fork"]])
    head = head_of(network, torch.from_numpy(arrays["input"]))
    truth = torch.from_numpy(arrays["truth"])
    if case["kind"] in ROWS:
        truth = truth.unflatten(1, (-1, 6 if case["fork"] == "ab" else 5))
    seen = case.get("seen", 20000)
    ours = head_loss(head, inputs_of(truth, network.input, seen=seen))
    passed = "delta_gpu_backward" if "delta_gpu_backward" in arrays else "delta"
    return Played(ours, torch.from_numpy(arrays[passed]), case["printed"][0])


@pytest.mark.parametrize("name", CASES)
def test_deltas_are_the_recorded_ones(name: str) -> None:
    ours, delta, _ = played(name)

    torch.testing.assert_close(ours.delta, delta.view_as(ours.delta), atol=4e-5, rtol=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_costs_are_the_recorded_ones(name: str) -> None:
    assert float(played(name).ours.cost) == pytest.approx(CASES[name]["cost"], rel=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_lines_are_the_recorded_ones(name: str) -> None:
    ours, _, line = played(name)

    assert NUMBER.sub("#", ours.line()).rstrip() == NUMBER.sub("#", line)
    told, wanted = (
        torch.tensor([float(number) for number in NUMBER.findall(text)], dtype=torch.float64)
        for text in (ours.line(), line)
    )
    # the last digit, and what float32 loses where a loss is the difference of two
    room = 1.5e-6 + 3e-7 * float(wanted.nan_to_num().abs().max()) if len(wanted) else 0
    torch.testing.assert_close(told, wanted, atol=room, rtol=0, equal_nan=True)
