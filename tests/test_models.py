"""Published models are read to the last byte, saved unchanged, and give the recorded layers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import SHARED, needs_shared

import pydarknet
from pydarknet.inference.predict import network_input
from pydarknet.modules.transforms import load_image, pixels

pytestmark = needs_shared
LINEAGES = {"pj": "pjreddie", "ab": "alexeyab"}
MODELS = sorted(path.name for path in (SHARED / "models").glob("*"))
RECORDED = sorted((SHARED / "golden").glob("infer_*_real_*"))
LOADED = [("alexeyab", name) for name in MODELS]
LOADED += [("pjreddie", f.name.split("_", 3)[3]) for f in RECORDED if f.name[6:8] == "pj"]


def model(name: str, lineage: str) -> pydarknet.Network:
    """Load one of the models."""
    folder = SHARED / "models" / name
    return pydarknet.load_network(
        folder / "model.cfg",
        folder / "model.weights",
        dialect=lineage,
        batchnorm="cpu",
        device="cpu",
    )


def recorded_model(folder: Path) -> pydarknet.Network:
    """Load the model of a recording in its dialect."""
    _, lineage, _, name = folder.name.split("_", 3)
    return model(name, LINEAGES[lineage])


@pytest.mark.parametrize(("lineage", "name"), LOADED)
def test_a_model_is_read_to_the_last_byte_and_saved_to_the_same(
    name: str, lineage: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network = model(name, lineage)

    network.save_weights(tmp_path / "saved.weights", header=network.header)

    weights = SHARED / "models" / name / "model.weights"
    assert "left over" not in capsys.readouterr().err
    assert (tmp_path / "saved.weights").read_bytes() == weights.read_bytes()


@pytest.mark.parametrize(
    "folder", [f for f in RECORDED if list(f.glob("*_layers.npz"))], ids=lambda f: f.name
)
def test_layers_on_a_photograph_are_as_recorded(folder: Path) -> None:
    [file] = folder.glob("*_layers.npz")
    arrays = np.load(file)
    network = recorded_model(folder)
    image = load_image(SHARED / "images" / file.name.replace("_layers.npz", ".stb.png"))

    inputs = network_input(network, image, letterboxed=network.dialect.letterbox)
    with torch.inference_mode():
        outputs = [output.numpy() for output in network.trace(inputs[None])]

    np.testing.assert_allclose(inputs.flatten()[::31], arrays["net_input_sub31"], atol=1e-6)
    for name in (name for name in arrays if name.startswith("layer_") and "_sub" in name):
        index, every = map(int, name.removeprefix("layer_").split("_sub"))
        np.testing.assert_allclose(
            outputs[index].ravel()[::every], arrays[name], atol=3e-4, rtol=1e-3, err_msg=name
        )
    stats = np.array([[y.mean(), y.std(), y.min(), y.max()] for y in outputs])
    np.testing.assert_allclose(stats, arrays["layer_stats"], atol=2e-3, rtol=2e-3)


@pytest.mark.parametrize(
    "folder", [f for f in RECORDED if (f / "expected.npz").exists()], ids=lambda f: f.name
)
def test_a_classifier_gives_the_recorded_probabilities(folder: Path) -> None:
    arrays = np.load(folder / "expected.npz")
    network = recorded_model(folder)
    images = [load_image(folder / str(name), network.input.c) for name in arrays["files"]]

    with torch.inference_mode():
        [head] = network(torch.stack([pixels(image) for image in images]))

    np.testing.assert_allclose(head.activated.flatten(1), arrays["outputs"], atol=1e-3)


def test_all_recorded_models_are_compared() -> None:
    assert len(MODELS) == 18
    assert len(RECORDED) == 24
