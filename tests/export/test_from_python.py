"""Networks that Python programs export."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import recording

import pydarknet
from pydarknet.errors import UsageError, WrongType
from pydarknet.export import int8

onnx = pytest.importorskip("onnx")


def test_a_network_is_exported_and_stays_as_it_is(detector, tmp_path):
    path = tmp_path / "a.onnx"
    detector.train()
    before = {name: value.clone() for name, value in detector.state_dict().items()}

    result = pydarknet.export_onnx(detector, path, layout="rows", batch=2, size=(24, 32))

    assert result.layout == "rows"
    dims = onnx.load(path).graph.input[0].type.tensor_type.shape.dim
    assert [dim.dim_value for dim in dims] == [2, 3, 32, 24]
    assert detector.training
    assert detector.input.tensor == (3, 16, 16)
    assert all(torch.equal(before[name], value) for name, value in detector.state_dict().items())


@pytest.mark.parametrize("convert", ["double", "half", "bfloat16"])
def test_a_network_of_another_precision_is_written_in_float(detector, tmp_path, convert):
    path = tmp_path / "a.onnx"

    pydarknet.export_onnx(getattr(detector, convert)(), path)

    kinds = {onnx.numpy_helper.to_array(held).dtype for held in onnx.load(path).graph.initializer}
    assert np.dtype("float64") not in kinds
    assert np.dtype("float32") in kinds
    assert next(detector.parameters()).dtype is getattr(
        torch, {"double": "float64", "half": "float16"}.get(convert, convert)
    )


def test_what_cannot_be_meant_is_told(detector, tmp_path):
    with pytest.raises(UsageError, match="batch 0: expected a number of at least 1, or dynamic"):
        pydarknet.export_onnx(detector, tmp_path / "a.onnx", batch=0)
    with pytest.raises(UsageError, match="thresh = 2: "):
        pydarknet.export_onnx(detector, tmp_path / "a.onnx", thresh=2)
    with pytest.raises(WrongType, match="path is of type int: expected its path"):
        pydarknet.export_onnx(detector, 3)
    with pytest.raises(UsageError, match=r"size = 416: expected width and height, as \(416, 416\)"):
        pydarknet.export_onnx(detector, tmp_path / "a.onnx", size=416)

    assert not list(tmp_path.iterdir())


def test_scores_are_limited_as_opencv_did(detector, tmp_path):
    path = tmp_path / "a.onnx"

    assert pydarknet.export_onnx(detector, path, opencv4=True).layout == "rows"

    assert "Greater" in {node.op_type for node in onnx.load(path).graph.node}
    with pytest.raises(UsageError, match=r"^-opencv4: expected the layout rows, not merged$"):
        pydarknet.export_onnx(detector, path, opencv4=True, layout="merged")


def test_a_file_of_8_bit_integers_is_measured(tmp_path, monkeypatch):
    pytest.importorskip("onnxruntime")
    monkeypatch.setattr(int8, "SECONDS", 0)
    folder = recording("train_eval_ab_greedynms")
    monkeypatch.chdir(folder)
    network = pydarknet.load_network("net.cfg", "net.weights", device="cpu")
    names, path = network.names, tmp_path / "a.onnx"
    given = {"data": "eval.data", "int8": True, "calibrate": "valid.txt"}

    costs = pydarknet.export_onnx(network, path, **given, force=True).costs

    exact, small = costs.shares["mAP"]
    assert exact == pytest.approx(0.062142, abs=1e-4)  # as the C program found
    assert small != exact
    assert network.names == names
    keys = {prop.key: prop.value for prop in onnx.load(path).metadata_props}
    assert json.loads(keys["pydarknet"])["names"] == Path("names.txt").read_text().split()
    with pytest.raises(UsageError, match=r"^-calibrate: expected -int8 too$"):
        pydarknet.export_onnx(network, path, calibrate="valid.txt")
    with pytest.raises(WrongType, match=r"^calibrate is of type int: expected its path$"):
        pydarknet.export_onnx(network, path, int8=True, calibrate=3)
