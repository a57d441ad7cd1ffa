"""Every layer of the recorded networks computes the numbers of the C program."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import HERE, SHARED, needs_shared, recording

import pydarknet

LINEAGES = {"pj": "pjreddie", "ab": "alexeyab"}
LENIENT = {  # with an unknown activation
    "infer_pj_activations_conv",
    "infer_ab_activations_conv",
    "infer_ab_activations_layer",
}

# Recordings with a bug of the C program's CPU code; docs/QUIRKS.md says what is right.
LEFT_OUT = {
    "infer_ab_activations_conv": {
        74: "relu6 gives zeros on the fork's CPU",
        76: "relu6 gives zeros on the fork's CPU",
    },
    "infer_ab_activations_layer": {
        30: "[activation] with swish gives zeros on the fork's CPU",
        32: "[activation] with mish gives zeros on the fork's CPU",
        34: "[activation] with hard_mish gives zeros on the fork's CPU",
        38: "[activation] with relu6 gives zeros on the fork's CPU",
    },
    "infer_pj_conv1x1_stride2": {
        1: "1x1 convolutions ignore their stride on the original's CPU",
        2: "reads layer 1",
        3: "1x1 convolutions ignore their stride on the original's CPU",
    },
}


def cases() -> list[str]:
    """Return the names of the recorded networks, here and in ../shared."""
    folders = [*(HERE / "reference").glob("infer_*"), *(SHARED / "golden").glob("infer_*")]
    return sorted({folder.name for folder in folders if "_real_" not in folder.name})


def recorded(folder: Path) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return the arrays of a recording and the inputs of its network, one per step."""
    file = next(file for file in sorted(folder.glob("expected*.npz")) if has_input(folder, file))
    arrays = dict(np.load(file))
    images = arrays["net_input"] if "net_input" in arrays else np.load(folder / "input.npy")
    return arrays, images if any(name.startswith("step") for name in arrays) else images[None]


def has_input(folder: Path, file: Path) -> bool:
    """Return whether a recording holds the complete input of its network."""
    return (folder / "input.npy").exists() or "net_input" in np.load(file)


def worst(output: torch.Tensor, expected: np.ndarray, every: int) -> float:
    """Return the largest difference from recorded values, in units of the tolerance."""
    values = output.detach().flatten().numpy()[::every]
    wanted = expected.flatten()
    return float((abs(values - wanted) / (3e-4 + 1e-3 * abs(wanted))).max())


def compare(network: pydarknet.Network, folder: Path) -> dict[str, float]:
    """Return the distance of every recorded layer, in units of the tolerance."""
    arrays, steps = recorded(folder)
    found = {}
    for t, image in enumerate(steps):
        with torch.no_grad():
            outputs = network.trace(torch.from_numpy(image.astype(np.float32))[None])
        prefix = f"step{t}_layer_" if "step0_layer_000" in arrays else "layer_"
        for name in (name for name in arrays if name.startswith(prefix)):
            index, _, every = name.removeprefix(prefix).partition("_sub")
            found[name] = worst(outputs[int(index)], arrays[name], int(every or 1))
    return found


@pytest.mark.parametrize("name", cases())
def test_every_layer_is_the_c_programs(name: str) -> None:
    folder = recording(name)
    network = pydarknet.load_network(
        folder / "net.cfg",
        folder / "net.weights",
        dialect=LINEAGES[name.split("_")[1]],
        batchnorm="cpu",
        device="cpu",
        strict=name not in LENIENT,
    )

    distances = compare(network, folder)

    left_out = {f"layer_{index:03d}" for index in LEFT_OUT.get(name, {})}
    far = {k: v for k, v in distances.items() if v > 1 and k.split("_sub")[0] not in left_out}
    assert distances
    assert far == {}


def test_recordings_are_here() -> None:
    assert len(list((HERE / "reference").glob("infer_*"))) == 59


@needs_shared
def test_all_recordings_are_compared() -> None:
    assert len(cases()) == 77


@pytest.mark.parametrize("name", cases())
def test_weights_are_read_to_the_last_byte_and_saved_to_the_same(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = recording(name)
    network = pydarknet.load_network(
        folder / "net.cfg",
        folder / "net.weights",
        dialect=LINEAGES[name.split("_")[1]],
        device="cpu",
        strict=name not in LENIENT,
    )

    network.save_weights(tmp_path / "saved.weights", header=network.header)

    assert "left over" not in capsys.readouterr().err
    assert (tmp_path / "saved.weights").read_bytes() == (folder / "net.weights").read_bytes()
