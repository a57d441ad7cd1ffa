"""The nodes and constants of an ONNX graph."""

from __future__ import annotations

import sys
from types import SimpleNamespace

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


def test_equal_constants_are_one():
    graph = Graph()
    zeros, many = np.zeros(3, np.float32), np.zeros((2, 5000), np.float32)
    other = many.copy()
    other[1, -1] = 1

    assert graph.add_constant(zeros, "a") == graph.add_constant(zeros, "b") == "a"
    assert graph.add_constant(zeros.astype(np.float16), "b") == "b"
    assert graph.add_constant(zeros[:, None], "a") == "a_2"
    assert [graph.add_constant(x, "w") for x in (many, other, many.copy())] == ["w", "w_2", "w"]


def test_a_constant_becomes_a_tensor():
    graph = Graph()
    graph.add_constant(np.array([[1, 2]], np.float16), "a")

    tensor = graph.tensor("a")

    assert (tensor.name, list(tensor.dims), tensor.data_type) == ("a", [1, 2], 10)
    assert tensor.raw_data == b"\x00\x3c\x00\x40"  # 1 and 2 in float16


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


@pytest.mark.parametrize(
    ("package", "there"),
    [
        (None, "is not installed"),
        (SimpleNamespace(__version__="1.15.0", shape_inference=0), "is 1"),
    ],
)
def test_a_package_that_is_missing_or_old_is_told(package, there, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", package)

    with pytest.raises(UsageError, match=rf"the package onnx {there}.*: expected 1\.18 or newer"):
        Graph()
