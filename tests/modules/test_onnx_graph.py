"""The nodes and constants of an ONNX graph."""

from __future__ import annotations

import numpy as np
import pytest

from pydarknet.errors import UsageError
from pydarknet.modules.onnx_graph import BATCH, Graph

onnx = pytest.importorskip("onnx")


def test_sizes_are_inferred_by_onnx():
    graph = Graph(batch=BATCH)
    graph.add_input("x", (BATCH, 3, 8, 8), np.float32)
    name = graph.add_constant(np.zeros((4, 3, 3, 3), np.float32), "w")

    size = graph.add_node("Conv", ["x", name], "y", {"strides": (2, 2), "pads": (1, 1, 1, 1)})

    assert size == (BATCH, 4, 4, 4)


def test_a_size_may_depend_on_a_constant():
    graph = Graph()
    graph.add_input("x", (1, 12), np.float32)
    name = graph.add_constant(np.array([1, 3, -1]), "size")

    assert graph.add_node("Reshape", ["x", name], "y", {}) == (1, 3, 4)


def test_equal_small_constants_are_one():
    graph = Graph()
    zeros = np.zeros(3, np.float32)

    assert graph.add_constant(zeros, "a") == graph.add_constant(zeros, "b") == "a"
    assert graph.add_constant(zeros.astype(np.float16), "b") == "b"
    assert graph.add_constant(zeros[:, None], "a") == "a_2"


def test_large_constants_are_their_own():
    graph = Graph()
    zeros = np.zeros(65, np.float32)

    assert [graph.add_constant(zeros, "a") for _ in range(2)] == ["a", "a_2"]


def test_only_new_nodes_are_renamed():
    graph = Graph()
    graph.add_input("x", (1, 2), np.float32)
    graph.add_node("Relu", ["x"], "a", {})
    graph.add_node("Neg", ["a"], "b", {})

    assert graph.rename("a", "first", 1) == "a"
    assert graph.rename("a", "first", 0) == "first"
    assert list(graph.nodes[1].input) == ["first"]
    assert graph.nodes[0].name == "first"


@pytest.mark.parametrize("opset", [11, 10_000])
def test_an_unknown_opset_is_refused(opset):
    most = onnx.defs.onnx_opset_version()

    with pytest.raises(UsageError, match=f"opset {opset}: expected 12 to {most}"):
        Graph(opset)
