"""[centernet]: a box per peak of a heat map. Its boxes are the official ones."""

from __future__ import annotations

import numpy as np
import pytest
import record_centernet
import torch
from conftest import HERE, both_lineages, rows
from exports import check_boxes, check_layout, exported

import pydarknet
from pydarknet.boxes.nms import nms_each
from pydarknet.boxes.settings import Decoding
from pydarknet.cfg.parser import sections_of
from pydarknet.errors import CfgError
from pydarknet.graph.choose_dialect import choose_dialect
from pydarknet.layers import Shape
from pydarknet.layers.centernet import Peaks
from pydarknet.modules.onnx_writer import Writer

RECORDED = np.load(HERE / "reference" / "centernet" / "boxes.npz")
CASES = dict(record_centernet.decode_cases())
CLASSES = record_centernet.CLASSES
LEAST = 1e-9  # a score that only a peak has
WIDTH, HEIGHT = record_centernet.SIZE
CONV = "[convolutional]\nfilters=6\nsize=3\nstride=4\npad=1\nactivation=linear\n"
CFG = f"{CONV}[centernet]\nclasses=2\n"
SIZE = {"h": 32, "w": 48}
WHOLE = f"[net]\nheight=32\nwidth=48\nchannels=3\n{CFG}"


@pytest.fixture
def network(net):
    """Return a network with random values, whose map is 12 x 8."""
    made = net(CFG, **SIZE)
    made.initialize(torch.Generator().manual_seed(1))
    return made


@both_lineages
def test_its_output_has_a_column_for_each_cell(net, dialect):
    network = net(CFG, dialect=dialect, **SIZE)

    assert network.nodes[-1].output == Shape(c=6, h=1, w=12 * 8)
    assert rows(network)[-1].endswith("1 centernet  0 -> 96 boxes")


def test_it_decides_no_dialect():
    assert choose_dialect(sections_of(WHOLE, "a.cfg")).dialect.name == "pjreddie"


def test_it_suppresses_nothing_unless_told(net):
    assert net(CFG, **SIZE).layers[-1].suppression.off
    assert not net(f"{CFG}nms_kind=default\n", **SIZE).layers[-1].suppression.off


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            CFG.replace("classes=2", "classes=3"),
            "3 classes, a size and an offset need maps of 7 channels, layer -1 gives 6",
        ),
        (CFG.replace("classes=2", "classes=1"), "] 1 class, a size and an offset need maps of 5"),
        (f"{CONV}{CFG}layers=0,1\n", "layers = 0,1: expected one layer"),
        (f"{CFG}peak=2\n", "peak = 2: expected an odd number"),
    ],
)
def test_what_does_not_fit_is_an_error(net, text, told):
    with pytest.raises(CfgError) as error:
        net(text, **SIZE)

    assert told in str(error.value)


def found_rows(net, name: str, options: str = "") -> list[np.ndarray]:
    """Return what a head finds in a recorded case, in the form of the official rows."""
    conv = f"[convolutional]\nfilters={CLASSES + 4}\nsize=1\nstride=4\n"
    network = net(f"{conv}[centernet]\nclasses={CLASSES}\n{options}", h=HEIGHT, w=WIDTH)
    layer, outputs = network.layers[-1], network.stack[-1](torch.from_numpy(joined(CASES[name])))
    batch = layer.detections(outputs, network.input, Decoding(thresh=LEAST))
    found = []
    for boxes in nms_each(batch.rows.split(batch.counts.tolist()), 0.45, layer.suppression):
        row, kind = boxes.probabilities.nonzero(as_tuple=True)
        corners = boxes.take(row).xyxy(WIDTH // 4, HEIGHT // 4)
        found.append(torch.column_stack((corners, boxes.probabilities[row, kind], kind)).numpy())
    return found


def joined(maps: list[np.ndarray]) -> np.ndarray:
    """Return maps of heat, size and offset as one."""
    return np.concatenate(maps, 1)


def in_order(boxes: np.ndarray) -> np.ndarray:
    """Return rows of corners, score and class by their class and place."""
    return boxes[np.lexsort((*boxes[:, :4].round(4).T, boxes[:, 5]))]


@pytest.mark.parametrize("name", ["many", "few", "flat", "shared"])
def test_its_boxes_are_the_official_ones(net, name):
    for ours, official in zip(found_rows(net, name), RECORDED[name], strict=True):
        wanted = official[official[:, 4] > LEAST]  # fewer peaks than 100 are filled up with zeros
        assert ours.shape == wanted.shape
        np.testing.assert_allclose(in_order(ours), in_order(wanted), rtol=1e-5, atol=1e-5)


def test_of_equal_peaks_no_more_are_left_than_of_others(net):
    for ours, official in zip(found_rows(net, "level"), RECORDED["level"], strict=True):
        assert len(ours) == len(official) == 100
        np.testing.assert_allclose(ours[:, 4], official[:, 4], rtol=1e-6)
        assert sorted(set(ours[:, 5])) == [0, 1, 2]  # of the first 34 cells


def test_post_nms_is_how_many_peaks_are_left(net):
    for ours, official in zip(
        found_rows(net, "many", "post_nms=7\n"), RECORDED["many"], strict=True
    ):
        np.testing.assert_allclose(in_order(ours), in_order(official[:7]), rtol=1e-5, atol=1e-5)


def test_a_peak_is_the_largest_of_so_many_cells(net):
    maps = np.zeros((1, 6, 5, 5), np.float32)
    maps[0, 0] = -5
    maps[0, 0, 0, 0], maps[0, 0, 0, 2] = 1, 2

    def seen(peak: int) -> list[int]:
        network = net(f"{CONV}[centernet]\nclasses=2\npeak={peak}\n", h=20, w=20)
        found = network.stack[-1](torch.from_numpy(maps))[0, 4, 0]
        return (found > 0.5).nonzero().flatten().tolist()

    assert seen(1) == seen(3) == [0, 2]
    assert seen(5) == [2]


def test_it_takes_images_of_another_size(network):
    network.resize(96, 64)

    [head] = network(torch.rand(1, 3, 64, 96))

    assert head.activated.shape == (1, 6, 1, 24 * 16)


@pytest.mark.parametrize("images", [1, 2])
@pytest.mark.parametrize("name", ["merged", "rows", "deepstream", "raw"])
def test_it_is_written_in_every_layout(network, name, images):
    assert check_layout(network, name, images) == 1


def test_larger_peaks_are_written_too(net):
    pytest.importorskip("onnx")
    writer = Writer(13, 2)

    assert Peaks(2, 5).onnx(writer, writer.input("x", 6, 7, 9)).shape == (2, 6, 1, 63)
    assert check_layout(net("[centernet]\nclasses=2\npeak=5", c=6, h=7, w=9), "merged", 2) == 1


@pytest.mark.parametrize("name", ["merged", "rows", "deepstream", "raw", "nms"])
def test_files_of_every_layout_find_its_boxes(tmp_path, name):
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    (tmp_path / "net.cfg").write_text(f"{WHOLE}post_nms=9\n")
    torch.manual_seed(1)
    network = pydarknet.load_network(tmp_path / "net.cfg", device="cpu")
    pixels = torch.randint(0, 256, (32, 48, 3), generator=torch.Generator().manual_seed(3))
    image = pixels.byte().numpy()

    ours = network.detect(image, thresh=0.25)
    path = exported(network, tmp_path / "net.onnx", name)
    theirs = pydarknet.load_network(path, device="cpu").detect(image, thresh=0.25)

    assert "NonMaxSuppression" not in {node.op_type for node in onnx.load(path).graph.node}
    assert len(ours) == 9
    check_boxes(by_score(ours), by_score(theirs), name)  # nms has all peaks


def by_score(
    found: pydarknet.boxes.box_columns.BoxColumns,
) -> list[pydarknet.boxes.box_columns.Detection]:
    """Return boxes, best first."""
    return sorted(found, key=lambda box: -box.score)
