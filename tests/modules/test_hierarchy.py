"""The groups, paths and leaves of a tree as tensors, and its products."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pydarknet.modules.hierarchy import Hierarchy
from pydarknet.modules.onnx_writer import Writer

#       0 animal      1 thing
#    2 dog   3 cat     4 car
#  5 poodle
HIERARCHY = Hierarchy(("animal", "thing", "dog", "cat", "car", "poodle"), (-1, -1, 0, 0, 1, 2))


def test_each_class_knows_its_group():
    assert HIERARCHY.groups.tolist() == [0, 0, 1, 1, 2, 3]


def test_the_path_of_a_class_begins_with_itself_and_ends_at_its_root():
    assert HIERARCHY.paths(torch.arange(6)).tolist() == [
        [0, -1, -1],
        [1, -1, -1],
        [2, 0, -1],
        [3, 0, -1],
        [4, 1, -1],
        [5, 2, 0],
    ]


def test_paths_are_as_deep_as_the_classes_asked_for():
    assert HIERARCHY.paths(torch.tensor([4, 1])).tolist() == [[4, 1], [1, -1]]
    assert HIERARCHY.paths(torch.tensor([], dtype=torch.int64)).shape == (0, 1)


def test_leaves_are_nobodys_parent():
    assert HIERARCHY.leaves.tolist() == [False, False, False, True, True, True]


def test_a_class_is_multiplied_with_its_ancestors():
    probabilities = torch.tensor([[0.8, 0.2, 0.5, 0.5, 1.0, 0.9]])

    products = HIERARCHY.products(probabilities)

    # animal, thing, .5 * animal, .5 * animal, 1 * thing, .9 * .5 * animal
    torch.testing.assert_close(products, torch.tensor([[0.8, 0.2, 0.4, 0.4, 0.2, 0.36]]))
    assert probabilities[0, 2] == 0.5


def test_each_row_of_products_has_its_own_walk():
    products = torch.tensor([[0.8, 0.2, 0.4, 0.4, 0.2, 0.36], [0.2, 0.8, 0.1, 0.1, 0.8, 0.1]])

    # .8, then .8 * .4 = .32 <= .5; thing .8, car .8 * .8 = .64, which has no children
    assert HIERARCHY.tops(products, 0.5).tolist() == [0, 4]


def test_a_line_of_descent_of_thousands_is_multiplied_at_once():
    count = 100_000  # level by level this took five seconds
    line = Hierarchy(("x",) * count, tuple(range(-1, count - 1)))
    probabilities = torch.full((2, count), 0.999, dtype=torch.float64)
    probabilities[1, 1000] = 0

    products = line.products(probabilities)

    torch.testing.assert_close(products[0], torch.cumprod(probabilities[0], 0))
    assert products[1].count_nonzero() == 1000


def test_a_deep_tree_is_few_nodes():
    pytest.importorskip("onnx")
    chain = Hierarchy(tuple("abcdefgh") * 500, tuple(range(-1, 3999)))
    writer = Writer()

    value = chain.onnx_products(writer.input("x", 2, 4000))

    assert value.shape == (1, 2, 4000)
    # ones are 3 nodes; 4000 levels are 12 doublings, each of 3 nodes
    assert len(writer.nodes) == 3 + 12 * 3


def test_a_file_multiplies_down_the_tree():
    onnx, onnxruntime = (pytest.importorskip(name) for name in ("onnx", "onnxruntime"))
    writer = Writer()
    value = HIERARCHY.onnx_products(writer.input("x", 1, 6))
    output = onnx.helper.make_value_info(value.name, writer.types[value.name])
    held = [writer.tensor(name) for name in writer.constants]
    graph = onnx.helper.make_graph(writer.nodes, "tree", writer.inputs, [output], held)
    model = onnx.helper.make_model(
        graph, opset_imports=writer.imports, ir_version=writer.ir_version
    )

    x = np.array([[[0.8, 0.2, 0.5, 0.5, 1.0, 0.9]]], np.float32)
    [found] = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": x})

    # poodle: 0.9 of dog, 0.5 of animal, 0.8
    np.testing.assert_allclose(found[0, 0], [0.8, 0.2, 0.4, 0.4, 0.2, 0.36], rtol=1e-6)


@pytest.mark.parametrize("thresh", [0.9, 0.5, 0.1, 0.001])
def test_all_rows_walk_as_each_alone_does(thresh):
    parents = (-1, -1, -1, 0, 0, 2, 2, 2, 3, 3, 7, 10, 10)
    tree = Hierarchy(tuple(map(str, range(len(parents)))), parents)
    values = torch.rand(200, len(parents), generator=torch.Generator().manual_seed(1))
    products = tree.products((values * 5).ceil() / 5)  # a fifth of the brothers are equal

    tops = tree.tops(products, thresh).tolist()

    assert tops == [tree.top(row, thresh) for row in products.tolist()]
    assert len(set(tops)) > 1
