"""`load_network` by torch, of an exported file, and of a compiled network."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from conftest import recording
from exports import exported

import pydarknet
from pydarknet import load, load_network
from pydarknet.exported_network import ExportedNetwork
from pydarknet.network import Network
from pydarknet.runtime.network import RuntimeNetwork

pytest.importorskip("onnx")
IMAGE = np.random.default_rng(0).integers(0, 255, (40, 50, 3), dtype=np.uint8)


@pytest.fixture
def files(tmp_path):
    """Return the cfg and weights of a recording, in a folder of the test."""
    for name in ("net.cfg", "net.weights"):
        shutil.copy(recording("infer_pj_yolov3_a") / name, tmp_path / name)
    return tmp_path / "net.cfg", tmp_path / "net.weights"


def test_a_cfg_is_torchs(files):
    assert type(load_network(*files, device="cpu")) is Network


@pytest.mark.parametrize("backend", [None, "runtime", "onnxruntime", "opencv"])
def test_an_exported_file_runs_without(files, tmp_path, backend):
    network = load.load_network(*files, dialect="pjreddie", device="cpu")
    path = exported(network, tmp_path / "net.onnx", "rows")

    file = load_network(path, backend=backend, names=["cat"], exif=False)

    assert isinstance(file, RuntimeNetwork)
    assert (file.names, file.exif) == (("cat",), False)
    assert file.runs == ("OpenCV" if backend == "opencv" else "onnxruntime")


def test_maps_are_decoded_by_torch(files, tmp_path):
    network = load.load_network(*files, dialect="pjreddie", device="cpu")
    path = exported(network, tmp_path / "net.onnx", "raw")

    assert isinstance(load_network(path), ExportedNetwork)


def test_a_compiled_network_finds_the_same(files, cache, monkeypatch):
    network = load_network(*files, dialect="pjreddie", device="cpu")
    load_network(*files, dialect="pjreddie", backend="runtime")
    monkeypatch.setattr("pydarknet.load_any.by_torch", pytest.fail)

    compiled = load_network(*files, dialect="pjreddie", backend="runtime", names=["cat"])

    assert isinstance(compiled, RuntimeNetwork)
    ours, theirs = (one.detect(IMAGE, 0.0437, 0) for one in (network, compiled))
    assert len(ours) == len(theirs) > 10
    np.testing.assert_allclose(ours.scores.numpy(), theirs.scores, atol=1e-4)
    assert theirs[0].name in ("cat", None)


def test_names_and_exif_are_of_the_call_that_uses_it(files, cache):
    options = {"dialect": "pjreddie", "backend": "runtime"}
    load_network(*files, names=["cat"] * 4, exif=False, **options)

    network = load_network(*files, **options)

    assert (network.names, network.exif) == (None, True)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"weights": None}, "backend runtime: expected a weights file"),
        ({"device": "cuda"}, "backend runtime computes on the CPU: expected no device cuda"),
        ({"precision": "bf16"}, "backend runtime computes in float: expected no precision bf16"),
        ({"precision": "quarter"}, "precision quarter: expected half or float or bf16"),
    ],
)
def test_what_it_cannot_do_is_told(files, cache, given, told):
    cfg, weights = files

    with pytest.raises(pydarknet.UsageError, match=told):
        load_network(cfg, **{"weights": weights, "backend": "runtime", **given})
