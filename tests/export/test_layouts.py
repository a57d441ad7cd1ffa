"""The layouts of an ONNX file."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from conftest import recording
from torch import Tensor

import pydarknet
from pydarknet.boxes.settings import Limits
from pydarknet.errors import CfgError, DarknetError
from pydarknet.export.layouts import LAYOUTS, choose_layout
from pydarknet.graph.onnx_network import onnx_model, write_network
from pydarknet.modules.onnx_graph import BATCH
from pydarknet.network import Network
from pydarknet.runtime.engine import open_engine
from pydarknet.runtime.layouts import read_boxes

onnxruntime = pytest.importorskip("onnxruntime")
TWO_ALIKE = "[yolo]\nmask=0,1\nanchors=8,4, 8,4\nnum=2\nclasses=2\n"
LIMITS = Limits(thresh=0.25, nms=0.45)
TABLES = ("merged", "rows", "deepstream", "raw")


def outputs(network: Network, name: str, images: Tensor, *, half: bool = False) -> list[np.ndarray]:
    """Return what onnxruntime gives for a layout."""
    layout = choose_layout(network, name, LIMITS)
    writer, heads = write_network(network, batch=len(images), half=half, name=layout.input)
    values = layout.write(writer, heads)
    content = onnx_model(writer, values).SerializeToString()
    running = onnxruntime.InferenceSession(content)
    return running.run([value.name for value in values], {layout.input: images.numpy()})


@pytest.mark.parametrize("layout", TABLES)
@pytest.mark.parametrize(
    "name",
    [
        "infer_pj_yolov1_a",
        "infer_pj_yolov2_a",
        "infer_ab_region_tree",
        "infer_ab_gaussian_yolo_corners",
        "infer_ab_yolov4tiny_a",
        "infer_ab_yolov7_newcoords_swish",
    ],
)
def test_every_head_is_written_in_every_layout(name, layout):
    folder = recording(name)
    dialect = {"ab": "alexeyab", "pj": "pjreddie"}[name.split("_")[1]]
    network = pydarknet.load_network(
        folder / "net.cfg", folder / "net.weights", dialect=dialect, device="cpu"
    )
    images = torch.rand(1, *network.input.tensor, generator=torch.Generator().manual_seed(1))

    found = outputs(network, layout, images)

    with torch.no_grad():
        expected = choose_layout(network, layout, LIMITS).outputs_of(network.heads(images))
    for one, other in zip(found, expected, strict=True):
        counts = ~np.isnan(other.numpy())
        np.testing.assert_allclose(one[counts], other.numpy()[counts], rtol=1e-3, atol=1e-3)


def test_merged_is_pixels_and_products(net):
    network = net("[yolo]\nmask=0\nanchors=8,4\nnum=1\nclasses=2\n", c=7, h=1, w=1)
    values = torch.tensor([0.0, 0, 0, 0, 0, 2, -2]).view(1, 7, 1, 1)

    [found] = outputs(network, "merged", values)

    # the middle of the only cell; the anchor; half (the objectness) of 1 / (1 + exp(-+2))
    expected = [0.5, 0.5, 8, 4, 0.4404, 0.0596]
    np.testing.assert_allclose(found[0, :, 0], expected, atol=1e-4)
    [rows] = outputs(network, "rows", values)
    np.testing.assert_allclose(rows[0], [0.5, 0.5, 8, 4, 0.5, 0.4404, 0.0596], atol=1e-4)
    [corners] = outputs(network, "deepstream", values)
    np.testing.assert_allclose(corners[0, 0], [-3.5, -1.5, 4.5, 2.5, 0.4404, 0], atol=1e-4)
    [left] = outputs(network, "nms", values)
    np.testing.assert_allclose(left, [[0, -3.5, -1.5, 4.5, 2.5, 0, 0.4404]], atol=1e-4)


def test_suppression_inside_keeps_the_best_of_each_image(net):
    network = net("[yolo]\nmask=0,1\nanchors=8,4, 8,4\nnum=2\nclasses=1\n", c=12, h=1, w=1)
    weaker, better = [0, 0, 0, 0, 3, 1], [0, 0, 0, 0, 3, 2]
    images = torch.tensor([[*weaker, *better], [*better, *weaker]]).float().view(2, 12, 1, 1)

    [left] = outputs(network, "nms", images)

    assert left[:, 0].tolist() == [0, 1]
    np.testing.assert_allclose(left[:, 6], [0.8390] * 2, atol=1e-4)  # logistic of 3 times of 2


@pytest.mark.parametrize("words", ["nms_kind=softnms", "nms_agnostic=1"])
def test_what_nonmaxsuppression_cannot_do_is_not_written_as_it(net, words):
    network = net(f"[yolo]\nmask=0\nanchors=8,4\nnum=1\nclasses=2\n{words}\n", c=7, h=1, w=4)

    with pytest.raises(CfgError) as error:
        choose_layout(network, "nms", LIMITS)

    assert str(error.value) == (
        f"net.cfg:6: [yolo] {words} is none of what NonMaxSuppression does: expected another layout"
        " than nms, and the boxes suppressed by what reads the file"
    )
    assert choose_layout(network, "merged", LIMITS).name == "merged"


def test_without_suppression_all_scores_above_the_threshold_are_left(net):
    network = net(f"{TWO_ALIKE}nms_kind=none\n", c=14, h=1, w=1)
    cell = [0, 0, 0, 0, 3, 1, -1, 0, 0, 0, 0, 3, 2, -2]  # two boxes, one on the other
    writer, heads = write_network(network)

    values = choose_layout(network, "nms", LIMITS).write(writer, heads)
    [found] = outputs(network, "nms", torch.tensor(cell).float().view(1, 14, 1, 1))

    assert "NonMaxSuppression" not in {node.op_type for node in writer.nodes}
    assert values[0].name == "output0"
    # the logistic of 3 times those of 1 and 2, and of -1, which exceeds .25; that of -2 does not
    scores = sorted((kind, round(score, 4)) for kind, score in found[:, 5:].tolist())
    assert scores == [(0, 0.6964), (0, 0.839), (1, 0.2562)]


@pytest.mark.parametrize("kind", ["default", "none"])
@pytest.mark.parametrize("name", ["onnxruntime", "opencv"])
def test_any_number_of_images_has_its_boxes(net, tmp_path, name, kind):
    """OpenCV 5 fails where products of places are computed, not looked up."""
    text = f"[yolo]\nmask=0\nanchors=8,4\nnum=1\nclasses=2\nnms_kind={kind}\n"
    network = net(text, c=7, h=1, w=4, dialect="alexeyab")
    writer, heads = write_network(network, batch=BATCH)
    values = choose_layout(network, "nms", LIMITS).write(writer, heads)
    path = tmp_path / "nms.onnx"
    path.write_bytes(onnx_model(writer, values).SerializeToString())
    opened = open_engine(path, name)

    every = [0, 1, 2, 3]  # the cells of an image with a box, by turns of one class and the other
    for images in ([[]], [[1]], [[0, 3]], [every], [[], [0, 2], [3]], [every] * 4, [[2]] * 2):
        x = np.full((len(images), 7, 1, 4), -9, np.float32)
        wanted = []
        for image, cells in enumerate(images):
            for place, cell in enumerate(cells):
                x[image, [4, 5 + place % 2], 0, cell] = 9
                wanted.append([image, cell, place % 2])
        [found] = opened.run({"images": x}, ["output0"])

        rows = found.reshape(-1, 7)
        middle = (rows[:, 1] + rows[:, 3]) / 2 // 1
        assert sorted(np.stack([rows[:, 0], middle, rows[:, 5]], 1).tolist()) == wanted


@pytest.mark.parametrize("kind", ["default", "none"])
@pytest.mark.parametrize("name", ["onnxruntime", "opencv"])
def test_images_have_as_many_rows_as_boxes_and_none_without(net, tmp_path, name, kind):
    text = f"[yolo]\nmask=0\nanchors=8,4\nnum=1\nclasses=1\nnms_kind={kind}\n"
    network = net(text, c=6, h=1, w=4, dialect="alexeyab")
    writer, heads = write_network(network)
    values = choose_layout(network, "nms", LIMITS).write(writer, heads)
    path = tmp_path / "nms.onnx"
    path.write_bytes(onnx_model(writer, values).SerializeToString())
    opened = open_engine(path, name)
    places = []

    # OpenCV 5 ended with SIGFPE where there are none, and had too few where there are more
    for cells in ([0], [], [3], [0, 1, 2, 3], [1, 3]):
        image = np.zeros((1, 6, 1, 4), np.float32)
        image[0, 4:] = 2
        image[0, 4, 0, [cell for cell in range(4) if cell not in cells]] = -9
        image[0, 2] = -3  # so narrow that they do not overlap
        [found] = read_boxes("nms", opened.run({"images": image}, ["output0"]), (4, 1), 1, 1)
        places.append(sorted(int(4 * x) for x in found.boxes[:, 0]))

    assert places == [[0], [], [3], [0, 1, 2, 3], [1, 3]]


def test_a_classifier_gives_probabilities(net):
    network = net("[softmax]\n", c=3, h=1, w=1)

    [found] = outputs(network, None, torch.tensor([0.0, 0, 2]).view(1, 3, 1, 1))

    np.testing.assert_allclose(found, [[0.1065, 0.1065, 0.7870]], atol=1e-4)


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name not in ("raw", "values")])
def test_a_classifier_has_no_boxes(net, layout):
    with pytest.raises(DarknetError, match=r"finds no boxes: expected the layout values, not"):
        choose_layout(net("[softmax]\n"), layout, LIMITS)


def test_heads_of_unlike_classes_need_an_output_each(net):
    heads = (
        "[convolutional]\nfilters=6\n[yolo]\nmask=0\nnum=1\nclasses=1\n[route]\nlayers=0\n"
        "[convolutional]\nfilters=7\n[yolo]\nmask=0\nnum=1\nclasses=2\n"
    )

    with pytest.raises(DarknetError) as error:
        choose_layout(net(heads), "merged", LIMITS)

    assert str(error.value) == (
        "net.cfg:1: [net] the heads have unlike classes, 1 and 2: expected one number in the"
        " layout merged\n    hint: the layouts rows and raw have an output per head"
    )
    assert choose_layout(net(heads), "rows", LIMITS).name == "rows"


def test_an_unknown_layout_is_refused(detector):
    with pytest.raises(DarknetError, match=r"^layout yolo: expected one of merged, rows"):
        choose_layout(detector, "yolo", LIMITS)


def test_outputs_of_half_precision_are_float32_under_the_same_names(net, detector):
    plain = net("[convolutional]\nfilters=2\nactivation=leaky\n[dropout]\n")
    plain.initialize(torch.Generator().manual_seed(1))
    images = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(1))

    for network, name in ((plain, "values"), (detector, "values"), (detector, "raw")):
        [found] = outputs(network, name, images, half=True)
        [whole] = outputs(network, name, images)

        assert found.dtype == np.float32
        np.testing.assert_allclose(found, whole, atol=5e-3)
