"""From a network to a checked file of 8-bit integers."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from conftest import recording

import pydarknet
from pydarknet.boxes.settings import Limits
from pydarknet.dataset.files import DataFile, read_labelled
from pydarknet.errors import DarknetError, DataError, UsageError
from pydarknet.evaluate.average_precision import average_precision
from pydarknet.export import int8
from pydarknet.export.costs import Costs
from pydarknet.export.int8 import Int8, check_words, export_int8
from pydarknet.export.metadata import Facts
from pydarknet.export.onnx_model import ExportOptions

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
BODY = "[convolutional]\nfilters=4\nsize=3\npad=1\nactivation=leaky\n"
HEAD = (
    "[convolutional]\nfilters=7\nsize=1\nstride=8\nactivation=linear\n"
    "[yolo]\nmask=0\nanchors=8,8\nnum=1\nclasses=2\n"
)


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    monkeypatch.setattr(int8, "SECONDS", 0)


@pytest.fixture
def export(net, tmp_path):
    """Return a function that exports a network of two convolutions."""
    network = net(BODY + HEAD)
    network.initialize(torch.Generator().manual_seed(1))
    cfg, image = tmp_path / "net.cfg", tmp_path / "a.png"
    cfg.write_text("[net]\n")
    cv2.imwrite(str(image), np.random.default_rng(1).integers(0, 255, (9, 7, 3), np.uint8))

    def run(*, force: bool = False, batch: int | str = 1, images: tuple[str, ...] = ()) -> Costs:
        options = ExportOptions(limits=Limits(thresh=0.25, nms=0.45), batch=batch)
        facts = Facts(cfg=str(cfg), weights=None, letterbox=True, batch=batch, opset=13)
        how = Int8(calibrate=images or (str(image),), valid=("a.png",), force=force)
        return export_int8(network, tmp_path / "net.onnx", options, facts, how).costs

    return run


def lose(monkeypatch, before: float, after: float) -> None:
    """Let the measured precisions be these."""
    monkeypatch.setattr(int8, "shares_of", lambda *_: {"mAP": (before, after)})


@pytest.mark.parametrize("batch", [1, 2, "batch"])
def test_the_file_is_int8_and_nothing_else_is_left(export, tmp_path, monkeypatch, batch):
    lose(monkeypatch, 0.5, 0.49)

    costs = export(batch=batch)

    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.png", "net.cfg", "net.onnx"]
    model = onnx.load(tmp_path / "net.onnx")
    assert model.producer_name == "pydarknet"
    keys = {prop.key: prop.value for prop in model.metadata_props}
    assert json.loads(keys["pydarknet"])["precision"] == "int8"
    assert {held.data_type for held in model.graph.initializer} >= {onnx.TensorProto.INT8}
    first, second = costs.lines()
    assert first == "mAP: 50.00% in float, 49.00% in int8: 1.00 points lost"
    assert second.startswith("a run: ")


def test_more_than_two_points_lost_are_no_file(export, tmp_path, monkeypatch):
    lose(monkeypatch, 0.5, 0.475)

    with pytest.raises(DataError) as error:
        export()

    assert str(error.value) == (
        f"{tmp_path / 'net.onnx'}: int8 loses 2.50 points of mAP, 50.00% to 47.50%: expected at"
        " most 2\n    hint: -calibrate with images like those it will see, or -force to keep the"
        " file"
    )
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.png", "net.cfg"]
    assert export(force=True).losses["mAP"] == pytest.approx(2.5)
    assert (tmp_path / "net.onnx").is_file()


def test_an_image_that_cannot_be_read_is_told(export, tmp_path):
    (tmp_path / "b.png").write_bytes(b"none")

    with pytest.raises(DarknetError, match=r"b\.png"):
        export(images=(str(tmp_path / "b.png"),))

    assert not [one for one in tmp_path.iterdir() if "onnx" in one.name]


@pytest.mark.parametrize(
    ("half", "opset", "problem"),
    [
        (True, 13, "-int8 and -half: expected one of them"),
        (False, 12, "-int8 with -opset 12: expected at least 13"),
    ],
)
def test_what_does_not_go_with_int8_is_told(half, opset, problem):
    with pytest.raises(UsageError, match=f"^{problem}$"):
        check_words(half, opset)


def test_onnxruntime_is_needed(monkeypatch):
    monkeypatch.setattr(int8, "find_spec", lambda _: None)

    with pytest.raises(UsageError, match=r"^-int8: onnxruntime is not installed: expected it, be"):
        check_words(False, 13)


def test_the_map_of_both_files_is_measured(tmp_path, monkeypatch):
    folder = recording("train_eval_ab_greedynms")
    network = pydarknet.load_network(folder / "net.cfg", folder / "net.weights", device="cpu")
    monkeypatch.chdir(folder)
    valid = read_labelled(DataFile.read("eval.data").get_file("valid", ""))
    options = ExportOptions(limits=Limits(thresh=0.25, nms=0.45))
    facts = Facts(cfg="net.cfg", weights=None, letterbox=False, batch=1, opset=13)
    how = Int8(calibrate=tuple(valid), data=Path("eval.data"), valid=tuple(valid), force=True)

    costs = export_int8(network, tmp_path / "net.onnx", options, facts, how).costs

    before, after = costs.shares["mAP"]
    expected = average_precision(network, valid).mean_average_precision
    assert before == pytest.approx(expected, abs=1e-4)
    assert 0 < after < 1
    assert after != before
