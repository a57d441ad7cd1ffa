"""From a network to a checked file."""

from __future__ import annotations

import pytest
import torch

from pydarknet.boxes.settings import Limits
from pydarknet.export.export import export_onnx, inputs
from pydarknet.export.metadata import Facts
from pydarknet.export.onnx_model import ExportOptions

onnx = pytest.importorskip("onnx")


def test_an_export_is_written_and_proven(detector, tmp_path):
    cfg = tmp_path / "net.cfg"
    cfg.write_text("[net]\n")
    options = ExportOptions(limits=Limits(thresh=0.25, nms=0.45))
    facts = Facts(cfg=str(cfg), weights=None, letterbox=False, batch=1, opset=13)

    result = export_onnx(detector, tmp_path / "net.onnx", options, facts)

    assert result.layout == "merged"
    assert result.report.score < 1e-5
    assert [out.name for out in onnx.load(tmp_path / "net.onnx").graph.output] == ["output0"]


def test_images_fill_the_batch(detector):
    noise, image = inputs(detector, 3, False, ())

    assert noise.shape == image.shape == (3, 3, 16, 16)
    assert torch.equal(image[0], image[2])
    assert not torch.equal(noise[0], noise[2])
