"""The boxes of [region], in torch and as ONNX."""

from __future__ import annotations

import pytest
import torch
from exports import check_layout

from pydarknet.boxes.settings import Decoding
from pydarknet.graph.onnx_network import onnx_model
from pydarknet.layers.region_head import (
    RegionHead,
    decode_boxes,
    deepest,
    mapped_scores,
    rivals_of,
)
from pydarknet.modules.onnx_writer import Writer


def test_boxes_are_decoded_cell_by_cell():
    places = torch.full((1, 1, 2, 1, 2), 0.5)
    sides = torch.zeros(1, 1, 2, 1, 2)

    boxes = decode_boxes(places, sides, torch.tensor([[1.0, 0.5]]))

    assert boxes.view(2, 4).tolist() == [[0.25, 0.5, 0.5, 0.5], [0.75, 0.5, 0.5, 0.5]]


def test_rivals_are_the_outputs_that_add_up_to_1_with_a_class():
    assert rivals_of((2, 3), 5, False) == (2, 2, 3, 3, 3)
    assert rivals_of((4,), 4, True) == (5, 5, 5, 5)  # with the background
    assert rivals_of((), 3, False) == (2, 2, 2)  # yes and no


@pytest.mark.parametrize("layout", ["raw", "merged"])
@pytest.mark.parametrize(
    ("dialect", "options"),
    [
        ("pjreddie", ""),
        ("pjreddie", "softmax=1"),
        ("pjreddie", "background=1"),
        ("pjreddie", "background=1\nsoftmax=1"),
        ("pjreddie", "softmax=1\ncoords=6"),
        ("pjreddie", "tree=a.tree"),
        ("pjreddie", "tree=a.tree\nbackground=1"),
        ("alexeyab", ""),
        ("alexeyab", "softmax=1"),
        ("alexeyab", "softmax=1\nclassfix=-1"),
        ("alexeyab", "tree=a.tree"),
    ],
)
def test_heads_are_written_as_they_compute(net, tmp_path, dialect, options, layout):
    (tmp_path / "a.tree").write_text("a -1\nb -1\nc 0\n")
    options = options.replace("a.tree", f"{tmp_path}/a.tree")
    each = 10 if "coords" in options else 8
    text = f"[region]\nclasses=3\nnum=2\nanchors=1,2,3,1\n{options}"

    network = net(text, c=2 * each, h=2, w=3, dialect=dialect)

    assert check_layout(network, layout, 2) == 1


@pytest.mark.parametrize("groups", [(), (3,), (2, 1)])
@pytest.mark.parametrize(("background", "joined"), [(False, False), (True, False), (True, True)])
def test_what_the_originals_head_squashes_is_written(groups, background, joined):
    pytest.importorskip("onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    head, writer = RegionHead(2, 4, groups, background, joined), Writer(13, 1)
    x = torch.rand(1, 16, 2, 3, generator=torch.Generator().manual_seed(1))

    written = head.onnx(writer, writer.input("x", 16, 2, 3))
    running = onnxruntime.InferenceSession(onnx_model(writer, [written]).SerializeToString())

    [found] = running.run(None, {"x": x.numpy()})
    torch.testing.assert_close(torch.from_numpy(found), head(x))


def test_the_last_likely_class_is_the_deepest():
    assert deepest(torch.tensor([[0.9, 0.6, 0.2]])).tolist() == [[0, torch.tensor(0.6).item(), 0]]


def test_one_half_is_not_likely():
    assert deepest(torch.tensor([[0.75, 0.5, 0.25]])).tolist() == [[0.75, 0, 0]]


def test_a_map_is_read_to_its_200th_class():
    decoding = Decoding(thresh=0.5, map=tuple(range(300)))

    scores = mapped_scores(torch.ones(2), torch.full((2, 300), 0.75), decoding)

    assert (scores > 0).sum(1).tolist() == [200, 200]
