"""A file in float as one of 8-bit integers."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from pydarknet.errors import DataError
from pydarknet.export.quantize import float_nodes, no_logs, quantize

onnx = pytest.importorskip("onnx")


def node(kind: str, given: str, made: str):
    """Return a node named after what it makes."""
    return onnx.helper.make_node(kind, given.split(), [made], name=made)


def test_heads_and_the_convolutions_before_them_stay_in_float():
    nodes = [
        node("Conv", "x w", "a"),
        node("Conv", "a w", "b"),
        node("LeakyRelu", "b", "c"),  # the first head
        node("Sigmoid", "c", "d"),
        node("Add", "a b", "e"),
        node("Conv", "e w", "f"),  # the second
        node("Exp", "f", "g"),
        node("Concat", "d g", "out"),
    ]

    assert float_nodes(nodes, ["c", "f"]) == ["b", "c", "d", "f", "g", "out"]


def test_what_joins_maps_is_no_last_convolution():
    nodes = [node("Conv", "x w", "a"), node("Conv", "a w", "b"), node("Add", "a b", "c")]

    assert float_nodes(nodes, ["c"]) == ["c"]


def two_convolutions(path, count: int = 2) -> None:
    """Write a file of 1 x 1 convolutions that multiply by 2, 3, ..."""
    x, y = (onnx.helper.make_tensor_value_info(n, 1, [1, 1, 2, 2]) for n in ("v0", f"v{count}"))
    held = [
        onnx.numpy_helper.from_array(np.full((1, 1, 1, 1), 2.0 + i, np.float32), f"w{i}")
        for i in range(count)
    ]
    nodes = [node("Conv", f"v{i} w{i}", f"v{i + 1}") for i in range(count)]
    graph = onnx.helper.make_graph(nodes, "two", [x], [y], held)
    imports = [onnx.helper.make_opsetid("", 13)]
    model = onnx.helper.make_model(
        graph, producer_name="tester", opset_imports=imports, ir_version=7
    )
    onnx.save_model(model, path)


def test_the_ranges_are_those_of_the_images(tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    two_convolutions(tmp_path / "a.onnx")
    inputs = [{"v0": np.full((1, 1, 2, 2), v, np.float32)} for v in (0, 1, 2.55)]

    made = quantize(tmp_path / "a.onnx", tmp_path / "b.onnx", ["v2"], inputs)

    kinds = [one.op_type for one in made.graph.node]
    assert kinds.count("QuantizeLinear") == 2  # of the input, and of what the first makes
    assert made.producer_name == "tester"
    assert not made.metadata_props
    running = onnxruntime.InferenceSession(made.SerializeToString())
    x = np.array([0, 1, 2, 5], np.float32).reshape(1, 1, 2, 2)
    [found] = running.run(None, {"v0": x})
    # times 6; above the range of 0..2.55 all is 2.55. The weight 2 of 7 bits is exact
    np.testing.assert_allclose(found.ravel(), [0, 6, 12, 15.3], atol=0.1)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.onnx", "b.onnx"]


def test_a_network_of_its_last_convolution_has_nothing_to_quantise(tmp_path):
    pytest.importorskip("onnxruntime")
    two_convolutions(tmp_path / "a.onnx", 1)
    inputs = [{"v0": np.ones((1, 1, 2, 2), np.float32)}]

    with pytest.raises(DataError, match="nothing is left to quantise: expected more than one conv"):
        quantize(tmp_path / "a.onnx", tmp_path / "b.onnx", ["v1"], inputs)


def test_what_onnxruntime_cannot_read_is_told_in_a_line(tmp_path):
    pytest.importorskip("onnxruntime")
    two_convolutions(tmp_path / "a.onnx")

    with pytest.raises(DataError, match=r"^-int8: onnxruntime cannot quantise it: .+$"):
        quantize(tmp_path / "a.onnx", tmp_path / "b.onnx", ["v2"], [{"wrong": np.ones(3)}])


def test_warnings_come_back(monkeypatch):
    told: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: told.append(record.getMessage())
    monkeypatch.setattr(logging.getLogger(), "handlers", [handler])

    with no_logs():
        logging.warning("kept")
    logging.warning("shown")

    assert told == ["shown"]
