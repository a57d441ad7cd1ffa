"""The boxes that a head gives of a table of all that it computes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import recording

import pydarknet
from pydarknet.boxes.box_arrays import BoxArrays
from pydarknet.boxes.settings import Decoding
from pydarknet.cfg.class_tree import Tree
from pydarknet.errors import DataError
from pydarknet.inference.predict import network_input
from pydarknet.layers import DetectionHead
from pydarknet.modules.transforms import load_image
from pydarknet.runtime.about import read_about
from pydarknet.runtime.choose import choose, deepest, mapped_scores, table_choices

HEADS = [
    "infer_pj_yolov3_a",
    "infer_ab_yolov4tiny_a",
    "infer_ab_yolov7_newcoords_swish",
    "infer_ab_gaussian_yolo_corners",
    "infer_pj_yolov1_a",
    "infer_pj_yolov2_a",
    "infer_ab_yolov2_a",
    "infer_ab_region_tree",
]
DECODINGS = [
    Decoding(thresh=0.05),
    Decoding(thresh=0.24, hier=0.5),
    Decoding(thresh=0.1, hier=0.2),
    Decoding(thresh=0.02, map=(3, 0, 9)),
]
TREE = Tree(("a", "b", "c", "d"), (-1, -1, 0, 0))  # c and d below a
BOX = (0.5, 0.5, 0.1, 0.2)


def table_of(*rows: tuple[float, ...]) -> BoxArrays:
    """Return a table of rows of objectness and scores."""
    numbers = np.array(rows, np.float32)
    boxes = np.tile(np.array(BOX, np.float32), (len(rows), 1))
    return BoxArrays(boxes, numbers[:, 0], numbers[:, 1:])


def found(choice: str, rows: tuple, tree: Tree | None = None, **decoding: object) -> list:
    """Return objectness and scores of the chosen boxes, with two digits, by default above 0.5."""
    boxes = choose(choice, table_of(*rows), tree, Decoding(**{"thresh": 0.5, **decoding}))
    return np.column_stack((boxes.objectness, boxes.probabilities)).round(2).tolist()


def near(rows: list) -> list:
    """Return rows that are compared with a tolerance."""
    return [pytest.approx(row, abs=1e-6) for row in rows]


TWO = ((0.9, 0.8, 0.3), (0.4, 0.3, 0.1))
DOWN = ((0.8, 0.72, 0.08, 0.64, 0.08), (0.4, 0.36, 0.04, 0.32, 0.04))  # a, b, c, d


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("objects", [[0.9, 0.8, 0]]),
        ("all", [[0.9, 0.8, 0], [0.4, 0, 0]]),
        ("all or zero", [[0.9, 0.8, 0], [0, 0, 0]]),
        ("all are one", [[1, 0.8, 0], [1, 0, 0]]),
    ],
)
def test_a_choice_says_which_boxes_there_are(choice, expected):
    assert found(choice, TWO) == near(expected)


@pytest.mark.parametrize(
    ("hier", "expected"),
    [
        (0.7, [[0.8, 0, 0, 0.8, 0], [0, 0, 0, 0, 0]]),  # .9 of a, times .8 of c, is .72
        (0.75, [[0.8, 0.8, 0, 0, 0], [0, 0, 0, 0, 0]]),  # the walk ends at a
    ],
)
def test_down_a_tree_a_box_has_the_class_where_a_walk_ends(hier, expected):
    # .72 / .8 = .9 of a and .64 / .8 = .8 of c; the score is the objectness
    assert found("all or zero", DOWN, TREE, hier=hier) == near(expected)


def test_down_a_tree_the_fork_takes_the_deepest_likely_class():
    # .72 / .8 = .9 of a and .64 / .8 = .8 of c exceed one half; the score is that of c
    expected = [[1, 0, 0, 0.8, 0], [1, 0, 0, 0, 0]]
    assert found("all are one", DOWN, TREE) == near(expected)


@pytest.mark.parametrize(("choice", "seen"), [("all or zero", [0.8, 0]), ("all are one", [1, 1])])
def test_a_map_reads_classes_from_a_tree(choice, seen):
    # class 0 is c, class 1 is b
    expected = [[seen[0], 0.64, 0, 0, 0], [seen[1], 0, 0, 0, 0]]
    assert found(choice, DOWN, TREE, map=(2, 1)) == near(expected)


def test_a_map_is_read_to_its_200th_class():
    table = table_of((1.0, *[0.9] * 300))

    scores = mapped_scores(table, Decoding(thresh=0.5, map=tuple(range(300))))

    assert (scores > 0).sum() == 200


def test_the_last_likely_class_is_the_deepest():
    assert deepest(np.array([[0.9, 0.6, 0.2], [0.1, 0.2, 0.3]])).tolist() == [[0, 0.6, 0], [0] * 3]


def network_of(name: str, dialect: str | None = None) -> tuple[pydarknet.Network, list]:
    """Return the network of a recording, and its heads for the recorded image."""
    folder = recording(name)
    network = pydarknet.load_network(
        folder / "net.cfg",
        folder / "net.weights",
        dialect=dialect or ("alexeyab" if "_ab_" in name else "pjreddie"),
        device="cpu",
    )
    image = load_image(folder / "input.png", network.input.c)
    with torch.inference_mode():
        return network, network(network_input(network, image, letterboxed=False)[None])


@pytest.mark.parametrize("decoding", DECODINGS)
@pytest.mark.parametrize(
    ("name", "dialect"), [*((name, None) for name in HEADS), ("infer_ab_region_tree", "pjreddie")]
)
def test_of_every_box_those_are_chosen_that_the_layer_finds(name, dialect, decoding):
    network, heads = network_of(name, dialect)
    some = 0
    for head in heads:
        layer = head.node.layer
        if not isinstance(layer, DetectionHead):
            continue
        table = layer.every_box(head.activated, network.input).numpy()
        expected = layer.detections(head.activated, network.input, decoding).rows.numpy()

        chosen = choose(layer.choice, table, layer.hierarchy, decoding)

        np.testing.assert_array_equal(chosen.boxes, expected.boxes)
        np.testing.assert_array_equal(chosen.objectness, expected.objectness)
        np.testing.assert_allclose(chosen.probabilities, expected.probabilities, rtol=1e-5)
        some += int((expected.probabilities > 0).sum())
    assert some


# What a file says


HEAD = {
    "layer": 1,
    "type": "region",
    "classes": 4,
    "tree": "t.tree",
    "choice": "all or zero",
    "corrects_letterbox": True,
}
TREES = {"t.tree": "a -1\nb -1\nc 0\nd 0\n"}


def choices(path: Path) -> list:
    return table_choices(read_about(path), path)


def test_a_file_says_how_boxes_are_chosen(negative):
    softmax = {"layer": 2, "type": "softmax"}
    [one] = choices(negative([1, 3, 2, 4], heads=[HEAD, softmax], trees=TREES))

    assert (one.choice, one.tree, one.corrects_letterbox) == ("all or zero", TREE, True)
    [first, _] = one.choose(table_of(*DOWN), Decoding(thresh=0.5, hier=0.7)).probabilities
    assert first.tolist() == near([[0, 0, 0.8, 0]])[0]


def test_boxes_with_scores_alone_are_chosen_by_these(negative):
    other = {**HEAD, "corrects_letterbox": False}
    path = negative([1, 3, 2, 4], heads=[HEAD, other], trees=TREES, layout="merged")

    [one] = choices(path)

    assert (one.choice, one.tree, one.corrects_letterbox) == ("objects", None, False)


@pytest.mark.parametrize("key", ["choice", "corrects_letterbox"])
def test_a_file_of_an_earlier_version_is_told(negative, key):
    head = {name: value for name, value in HEAD.items() if name != key}
    path = negative([1, 3, 2, 4], heads=[head])

    with pytest.raises(DataError) as error:
        choices(path)

    assert str(error.value) == (
        f"{path}: says nothing of the {key} of its heads: expected a network that `pydarknet"
        " export onnx` wrote of this version\n    hint: export it again"
    )


def test_an_unknown_choice_is_told(negative):
    path = negative([1, 3, 2, 4], heads=[{**HEAD, "choice": "some"}])

    with pytest.raises(DataError) as error:
        choices(path)

    expected = "expected one of objects, all, all or zero, all are one"
    assert str(error.value) == f"{path}: its choice is 'some': {expected}"


@pytest.mark.parametrize("name", HEADS)
def test_an_exported_file_says_what_the_layers_say(name, tmp_path):
    from exports import both

    network, file = both(recording(name), tmp_path / "net.onnx", "rows")
    layers = [layer for layer in network.layers if isinstance(layer, DetectionHead)]

    said = choices(file.file.path)

    assert [(one.choice, one.corrects_letterbox) for one in said] == [
        (layer.choice, layer.corrects_letterbox) for layer in layers
    ]
    for one, layer in zip(said, layers, strict=True):
        tree = layer.hierarchy
        assert one.tree == (Tree(tree.names, tree.parents) if tree else None)
