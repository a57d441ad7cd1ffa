"""A network in ONNX's form."""

from __future__ import annotations

import pytest

from pydarknet.boxes.settings import Limits
from pydarknet.export.metadata import Facts
from pydarknet.export.onnx_model import ExportOptions, build_model

pytest.importorskip("onnx")


def test_a_state_begins_with_zeros(net, tmp_path):
    cfg = tmp_path / "net.cfg"
    cfg.write_text("[net]\n")
    network = net("[gru]\noutput=3\n", inputs=4)
    network.initialize()
    options = ExportOptions(limits=Limits(thresh=0.25, nms=0.45), batch=2)
    facts = Facts(cfg=str(cfg), weights=None, letterbox=False, batch=2, opset=13)

    exported = build_model(network, options, facts)

    assert exported.outputs == ["000_gru"]
    assert exported.first_states(2)["000_gru.state_0"].shape == (2, 3, 1, 1)
    assert [out.name for out in exported.model.graph.output] == [
        "000_gru",
        "000_gru.state_0_after",
    ]
