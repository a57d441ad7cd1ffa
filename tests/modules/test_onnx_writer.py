"""Values and their arithmetic, as onnxruntime computes them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from pydarknet.cfg.lineage import FORK, PJREDDIE
from pydarknet.errors import UsageError
from pydarknet.modules import activations
from pydarknet.modules.onnx_graph import BATCH
from pydarknet.modules.onnx_writer import Value, Writer, onnx_softmax
from pydarknet.modules.ops import Activate

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")


def compute(
    x: np.ndarray, form: Callable[[Value], Value], *, opset: int = 13, batch: int | str = 1
) -> np.ndarray:
    """Return what onnxruntime computes of x [N, ...] by the nodes that a function writes."""
    writer = Writer(opset, batch)
    value = form(writer.input("x", *x.shape[1:]))
    graph = onnx.helper.make_graph(
        writer.nodes,
        "test",
        writer.inputs,
        [onnx.helper.make_value_info(value.name, writer.types[value.name])],
        [writer.tensor(name) for name in writer.constants],
    )
    model = onnx.helper.make_model(
        graph, opset_imports=writer.imports, ir_version=writer.ir_version
    )
    onnx.checker.check_model(model, full_check=True)
    running = onnxruntime.InferenceSession(model.SerializeToString())
    [found] = running.run(None, {"x": x})
    assert all(a == b for a, b in zip(found.shape, value.shape, strict=True) if b != BATCH)
    return found


def numbers(*size: int) -> np.ndarray:
    """Return seeded numbers around 0."""
    return np.random.default_rng(1).normal(0, 3, size).astype(np.float32)


def test_arithmetic():
    x = numbers(1, 4)

    found = compute(x, lambda v: (2 - v) * 3 + v / 4 - (1 + v) ** 2)

    np.testing.assert_allclose(found, (2 - x) * 3 + x / 4 - (1 + x) ** 2, rtol=1e-5)


@pytest.mark.parametrize("batch", [2, BATCH])
def test_sizes_keep_the_batch(batch):
    x = numbers(2, 6, 2, 2)

    found = compute(x, lambda v: v.reshape(2, 3, 4).transpose(0, 2, 1, 3).flatten(), batch=batch)

    assert found.tolist() == x.reshape(2, 2, 3, 4).transpose(0, 2, 1, 3).reshape(2, -1).tolist()


@pytest.mark.parametrize("batch", [2, BATCH])
def test_an_array_is_repeated_for_every_sample(batch):
    def form(value: Value) -> Value:
        return value.writer.concat(1, value, value.writer.repeat([[[7.0]]], value))

    found = compute(numbers(2, 1, 1), form, batch=batch)

    assert found[:, 1, 0].tolist() == [7, 7]


@pytest.mark.parametrize("batch", [3, BATCH])
def test_every_sample_has_its_multiple(batch):
    found = compute(numbers(3, 2, 2), lambda v: v.writer.multiples(7, v), batch=batch)

    assert found.tolist() == [0, 7, 14]


def test_parts_and_margins():
    x = numbers(1, 3, 4, 5)

    found = compute(x, lambda v: v.take(3, 1, 5, 2).take(1, 0, 3).pad((1, 0), (0, 2), value=9.0))

    expected = np.pad(x[..., 1:5:2], ((0, 0), (0, 0), (1, 0), (0, 2)), constant_values=9)
    assert found.tolist() == expected.tolist()


def test_a_margin_of_zeros_needs_no_number():
    writer = Writer()

    writer.input("x", 1, 2, 2).pad((1, 1))  # OpenCV 4 stops at a number that another node has too

    assert [len(node.input) for node in writer.nodes] == [2]


@pytest.mark.parametrize("opset", [12, 13, 18])
def test_reductions_are_those_of_the_opset(opset):
    x = numbers(1, 3, 2, 2)

    found = compute(x, lambda v: v.sum(1) + v.amax(1), opset=opset)

    np.testing.assert_allclose(found, x.sum(1, keepdims=True) + x.max(1, keepdims=True), rtol=1e-6)


@pytest.mark.parametrize("opset", [12, 13])
@pytest.mark.parametrize("axis", [1, 2])
@pytest.mark.parametrize("sizes", [(6,), (3, 3), (1, 2, 3), (2, 1, 2, 1)])
def test_each_group_has_its_softmax(opset, axis, sizes):
    x = numbers(1, 6, 6)

    found = compute(x, lambda v: onnx_softmax(v, sizes, axis), opset=opset)

    parts = torch.from_numpy(x).split(sizes, axis)
    expected = torch.cat([part.softmax(axis) for part in parts], axis)
    np.testing.assert_allclose(found, expected.numpy(), rtol=1e-5, atol=1e-7)


def test_many_groups_are_few_nodes():
    writer = Writer()

    onnx_softmax(writer.input("x", 3000), (1, 2) * 1000, 1)

    # per size: gathered, apart, softmax, together; then both in a row, and the order of before
    assert len(writer.nodes) == 2 * 4 + 2


@pytest.mark.parametrize("word", sorted({*activations.words(PJREDDIE), *activations.words(FORK)}))
def test_every_activation_is_written(word):
    x = np.concatenate([numbers(1, 4, 3, 20), np.arange(-30, 30).reshape(1, 4, 3, 5) / 2], 3)
    x = x.astype(np.float32)

    found = compute(x, lambda v: Activate(word).onnx(v.writer, v))

    expected = activations.activation(word)(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_a_layer_names_its_value_and_constants():
    writer = Writer()
    x = writer.input("x", 2)

    value = writer.layer("003_activation", Activate("mish"), x)

    assert value.name == "003_activation"
    assert [node.name for node in writer.nodes] == [
        "003_activation/Softplus",
        "003_activation/Tanh",
        "003_activation",
    ]


def test_a_layer_that_passes_its_input_on_is_no_node():
    writer = Writer()
    x = writer.input("x", 2)

    assert writer.layer("003_activation", Activate("linear"), x).name == "x"
    assert writer.nodes == []


def test_what_cannot_be_written_is_told():
    writer = Writer()

    with pytest.raises(UsageError, match="Linear cannot be written as ONNX"):
        writer.layer("003_x", nn.Linear(2, 2), writer.input("x", 2))
