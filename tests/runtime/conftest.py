"""What the tests of exported files share."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pydarknet.runtime.about import KEY

ABOUT: dict[str, Any] = {
    "layout": "rows",
    "outputs": ["y"],
    "states": {},
    "state_sizes": {},
    "dialect": "pjreddie",
    "input": [3, 2, 4],
    "input_name": "x",
    "batch": 1,
    "letterbox": True,
    "exif": True,
    "thresh": 0.25,
    "nms": {"kind": "default", "beta": 0.6, "thresh": 0.45},
    "names": ["cat"],
    "heads": [{"layer": 1, "classes": 2}],
    "trees": {},
    "traits": {
        "place": ["net.cfg", 1, "net"],
        "table": "layer\n    0 conv",
        "summary": "",
        "training_summary": "",
        "operations": 8,
        "letter_box": False,
        "classes": [2],
        "type_lines": [],
        "class_inputs": 0,
        "class_outputs": None,
    },
    "cfg": "[net]\n",
}


@pytest.fixture
def written(tmp_path) -> Callable[..., Path]:
    """Return a function that writes a file of nodes, with our key, or others."""
    onnx = pytest.importorskip("onnx")

    def write(
        nodes: list, inputs: dict, outputs: dict, keys: dict | None = None, **about: Any
    ) -> Path:
        values = [
            [onnx.helper.make_tensor_value_info(name, 1, size) for name, size in some.items()]
            for some in (inputs, outputs)
        ]
        made = [onnx.helper.make_node(*node[:3], **(node[3:] or [{}])[0]) for node in nodes]
        graph = onnx.helper.make_graph(made, "graph", *values)
        imports = [onnx.helper.make_opsetid("", 13)]
        model = onnx.helper.make_model(
            graph, producer_name="tester", opset_imports=imports, ir_version=7
        )
        ours = {KEY: json.dumps({**ABOUT, **about})}
        onnx.helper.set_model_props(model, ours if keys is None else keys)
        onnx.save_model(model, tmp_path / "net.onnx")
        return tmp_path / "net.onnx"

    return write


@pytest.fixture
def negative(written) -> Callable[..., Path]:
    """Return a function that writes a file whose output is its negative input."""

    def write(size: list, **given: Any) -> Path:
        return written([("Neg", ["x"], ["y"])], {"x": size}, {"y": size}, **given)

    return write
