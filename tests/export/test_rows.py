"""The layout of OpenCV 4's programs; the oracle is compat/opencv_layers.py."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from conftest import HERE, recording

import pydarknet
from pydarknet.boxes.settings import Limits
from pydarknet.compat.opencv_layers import output
from pydarknet.errors import CfgError, UsageError
from pydarknet.export.layouts import choose_layout
from pydarknet.graph.onnx_network import onnx_model, write_network

onnxruntime = pytest.importorskip("onnxruntime")
LIMITS = Limits(thresh=0.25, nms=0.45)
CFG = (
    "[convolutional]\nfilters=14\nsize=3\npad=1\nstride=8\nactivation=linear\n"
    "[{}]\nmask=0,1\nanchors={}\nnum=2\nclasses=2\nsoftmax=1\n{}\n"
)


def outputs(network, images: torch.Tensor) -> list[np.ndarray]:
    """Return what onnxruntime gives for the limited rows."""
    layout = choose_layout(network, None, LIMITS, opencv4=True)
    writer, heads = write_network(network, batch=len(images))
    values = layout.write(writer, heads)
    running = onnxruntime.InferenceSession(onnx_model(writer, values).SerializeToString())
    return running.run([value.name for value in values], {layout.input: images.numpy()})


def same(network, images: torch.Tensor) -> list[np.ndarray]:
    """Return the rows of the file, after a comparison with the layout's torch and OpenCV's."""
    found = outputs(network, images)
    layout = choose_layout(network, None, LIMITS, opencv4=True)
    with torch.no_grad():
        heads = network.heads(images)
        ours = layout.outputs_of(heads)
        theirs = [output(h.node, h.raw, h.activated, network.input, False) for h in heads]
    for one, other, oracle in zip(found, ours, theirs, strict=True):
        np.testing.assert_allclose(one, oracle, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(other.numpy(), oracle, rtol=1e-4, atol=1e-4)
    return found


@pytest.mark.parametrize("dialect", ["pjreddie", "alexeyab"])
@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize(
    ("head", "anchors", "more"),
    [
        ("yolo", "5,7, 9,6", ""),
        ("yolo", "5,7, 9,6", "thresh=0.3"),
        ("yolo", "5,7, 9,6", "nms_threshold=0.3"),
        ("region", "1,1.2, 1,1", ""),
        ("region", "1,1.2, 1,1", "thresh=0.3\nnms_threshold=0"),
    ],
)
def test_rows_are_those_of_opencv(net, dialect, batch, head, anchors, more):
    network = net(CFG.format(head, anchors, more), w=40, dialect=dialect)
    network.initialize(torch.Generator().manual_seed(1))
    images = 4 * torch.rand(
        batch, *network.input.tensor, generator=torch.Generator().manual_seed(2)
    )

    [found] = same(network, images)

    assert np.count_nonzero(found[..., 5:])


@pytest.mark.parametrize("name", ["infer_ab_yolov4tiny_a", "infer_pj_yolov3_a", "region_softmax"])
def test_recorded_networks_have_the_rows_of_opencv(name):
    beside = HERE / "reference" / "opencv" / name
    folder = beside if beside.is_dir() else recording(name)
    network = pydarknet.load_network(folder / "net.cfg", folder / "net.weights", device="cpu")

    same(network, torch.rand(1, *network.input.tensor, generator=torch.Generator().manual_seed(1)))


def test_scores_at_the_threshold_are_none(net):
    network = net("[yolo]\nmask=0\nanchors=8,4\nnum=1\nclasses=2\nthresh=0.25\n", c=7, h=1, w=1)

    [found] = outputs(network, torch.tensor([0.0, 0, 0, 0, 0, 0, 1]).view(1, 7, 1, 1))

    # half of a half is 0.25, which does not exceed it; half of 1 / (1 + exp(-1)) does
    np.testing.assert_allclose(found, [[0.5, 0.5, 8, 4, 0.5, 0, 0.3655]], atol=1e-4)


def test_what_opencv_did_not_read_is_refused(net):
    network = net(
        CFG.format("Gaussian_yolo", "5,7, 9,6", "").replace("14", "22"), dialect="alexeyab"
    )

    with pytest.raises(CfgError, match="is none that OpenCV read"):
        choose_layout(network, "rows", LIMITS, opencv4=True)


def test_other_layouts_are_not_limited(net):
    network = net(CFG.format("yolo", "5,7, 9,6", ""))

    with pytest.raises(UsageError, match=r"^-opencv4: expected the layout rows, not merged$"):
        choose_layout(network, "merged", LIMITS, opencv4=True)
