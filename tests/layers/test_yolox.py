"""[yolox]: a box per cell of several maps. Numbers of the official head: tests of its loss."""

from __future__ import annotations

import math

import pytest
import torch
from conftest import both_lineages, rows
from exports import check_boxes, check_layout, exported

import pydarknet
from pydarknet.boxes.settings import Decoding
from pydarknet.cfg.parser import sections_of
from pydarknet.errors import CfgError
from pydarknet.graph.choose_dialect import choose_dialect
from pydarknet.layers import Shape
from pydarknet.layers.yolox import CellBoxes
from pydarknet.modules.onnx_writer import Writer

CFG = (
    "[convolutional]\nfilters=7\nsize=3\nstride=4\npad=1\nactivation=linear\n"
    "[maxpool]\nsize=2\nstride=2\n[yolox]\nlayers=0,1\nclasses=2\n"
)
SIZE = {"h": 16, "w": 24}
WHOLE = f"[net]\nheight=16\nwidth=24\nchannels=3\n{CFG}"


@pytest.fixture
def network(net):
    """Return a network with random values, whose maps are 6 x 4 and 3 x 2."""
    made = net(CFG, **SIZE)
    made.initialize(torch.Generator().manual_seed(1))
    return made


@both_lineages
def test_its_output_has_a_column_for_each_cell(net, dialect):
    network = net(CFG, dialect=dialect, **SIZE)

    assert network.nodes[-1].output == Shape(c=7, h=1, w=24 + 6)
    assert rows(network)[-1].endswith("2 yolox  0 1 -> 30 boxes")


def test_it_reads_the_layer_before_it_unless_told(net):
    assert net(f"{CFG}".replace("layers=0,1\n", ""), **SIZE).nodes[-1].sources == (1,)


def test_it_decides_no_dialect():
    assert choose_dialect(sections_of(WHOLE, "a.cfg")).dialect.name == "pjreddie"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            CFG.replace("classes=2", "classes=3"),
            "a box and 3 classes need maps of 8 channels, layer 0 gives 7 channels",
        ),
        (
            CFG.replace("classes=2", "classes=1"),
            "a box and 1 class need maps of 6",
        ),
    ],
)
def test_maps_must_have_a_box_objectness_and_classes(net, text, told):
    with pytest.raises(CfgError) as error:
        net(text, **SIZE)

    assert told in str(error.value)


def test_boxes_are_relative_to_cells_of_their_own_map(network):
    maps = [torch.zeros(1, 7, 4, 6), torch.zeros(1, 7, 2, 3)]
    maps[1][0, :4, 1, 2] = torch.tensor([0.25, 0.5, math.log(2), 0.0])
    head = network.nodes[-1]

    found = network.stack[-1](*maps)[0, :, 0]

    # column 2 of 3, row 1 of 2; sides of two cells and of one
    expected = torch.tensor([2.25 / 3, 1.5 / 2, 2 / 3, 1 / 2, 0.5, 0.5, 0.5])
    torch.testing.assert_close(found[:, -1], expected)
    assert head.output.tensor == (7, 1, 30)


def test_boxes_above_the_threshold_are_found_in_the_order_of_cells(network):
    outputs = torch.zeros(2, 7, 1, 30)
    outputs[0, 4:, 0, 3] = torch.tensor([0.9, 0.5, 0.2])  # objectness, classes
    outputs[0, 4:, 0, 28] = torch.tensor([0.6, 0.1, 0.9])
    outputs[1, :4, 0, 7] = torch.tensor([0.1, 0.2, 0.3, 0.4])
    outputs[1, 4, 0, 7] = 0.5
    outputs[1, 4, 0, 8] = 0.2

    batch = network.layers[-1].detections(outputs, network.input, Decoding(thresh=0.25))

    assert batch.counts.tolist() == [2, 1]
    torch.testing.assert_close(batch.rows.objectness, torch.tensor([0.9, 0.6, 0.5]))
    scores = torch.tensor([[0.45, 0], [0, 0.54], [0, 0]])  # .18 and .06 are below
    torch.testing.assert_close(batch.rows.probabilities, scores)
    torch.testing.assert_close(batch.rows.boxes[2], torch.tensor([0.1, 0.2, 0.3, 0.4]))


def test_it_takes_images_of_another_size(network):
    network.resize(48, 32)

    [head] = network(torch.rand(1, 3, 32, 48))

    assert head.activated.shape == (1, 7, 1, 120)


def test_a_single_map_is_written_too(net):
    pytest.importorskip("onnx")
    writer = Writer(13, 2)

    assert CellBoxes().onnx(writer, writer.input("x", 7, 2, 3)).shape == (2, 7, 1, 6)
    assert check_layout(net("[yolox]\nclasses=2", c=7, h=2, w=3), "merged", 2) == 1


@pytest.mark.parametrize("images", [1, 2])
@pytest.mark.parametrize("name", ["merged", "rows", "deepstream", "raw"])
def test_it_is_written_in_every_layout(network, name, images):
    assert check_layout(network, name, images) == (2 if name == "raw" else 1)


@pytest.mark.parametrize("name", ["merged", "rows", "deepstream", "raw", "nms"])
def test_files_of_every_layout_find_its_boxes(tmp_path, name):
    pytest.importorskip("onnxruntime")
    (tmp_path / "net.cfg").write_text(WHOLE)
    torch.manual_seed(1)
    network = pydarknet.load_network(tmp_path / "net.cfg", device="cpu")
    pixels = torch.randint(0, 256, (16, 24, 3), generator=torch.Generator().manual_seed(3))
    image = pixels.byte().numpy()

    ours = network.detect(image, thresh=0.25)
    file = pydarknet.load_network(exported(network, tmp_path / "net.onnx", name), device="cpu")
    theirs = file.detect(image, thresh=0.25)

    check_boxes(list(ours), list(theirs), name)  # nms has a row per class
