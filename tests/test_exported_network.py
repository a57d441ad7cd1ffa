"""Networks that exported files compute: their boxes, and what they cannot do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import recording
from exports import both, exported

from pydarknet.boxes.detections import Detections
from pydarknet.dataset.files import DataFile, read_labelled
from pydarknet.errors import DarknetError
from pydarknet.evaluate.average_precision import average_precision
from pydarknet.evaluate.flip import mirror_average
from pydarknet.evaluate.recall import recall
from pydarknet.load import load_network

pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")
HEADS = [
    "infer_pj_yolov1_a",
    "infer_pj_yolov2_a",
    "infer_ab_yolov2_a",
    "infer_ab_region_tree",
    "infer_ab_gaussian_yolo_corners",
    "infer_ab_yolov4tiny_a",
]
LETTERS = [np.random.default_rng(i).integers(0, 255, (40, 50, 3), dtype=np.uint8) for i in range(2)]


def in_order(found: Detections) -> np.ndarray:
    """Return boxes and scores in the order of their scores, which ties do not change."""
    rows = torch.cat((found.probabilities, found.boxes), 1).numpy()
    return rows[np.lexsort(rows.round(3).T)]


@pytest.mark.parametrize("layout", ["raw", "rows", "merged"])
@pytest.mark.parametrize("name", HEADS)
def test_boxes_are_those_of_the_network(tmp_path, name, layout):
    if (name, layout) == ("infer_ab_region_tree", "merged"):
        pytest.skip("of a tree it has the leaves only")
    network, file = both(recording(name), tmp_path / "net.onnx", layout)

    for ours, theirs in zip(network.detect(LETTERS, 0.05), file.detect(LETTERS, 0.05), strict=True):
        assert len(theirs) == len(ours) > 10
        np.testing.assert_allclose(in_order(theirs), in_order(ours), rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("layout", ["raw", "rows", "merged", "deepstream", "nms"])
def test_opencv_finds_the_same(tmp_path, layout):
    pytest.importorskip("cv2")
    _, file = both(recording("infer_pj_yolov3_a"), tmp_path / "net.onnx", layout, thresh=0.05)
    other = load_network(tmp_path / "net.onnx", backend="opencv")

    for ours, theirs in zip(file.detect(LETTERS), other.detect(LETTERS), strict=True):
        assert len(theirs) == len(ours) > 10
        np.testing.assert_allclose(in_order(theirs), in_order(ours), rtol=1e-3, atol=1e-3)


def test_one_class_a_box_is_the_best_of_the_network(tmp_path):
    network, file = both(recording("infer_pj_yolov3_a"), tmp_path / "net.onnx", "deepstream")

    ours, theirs = (one.detect(LETTERS[0], 0.05, 0) for one in (network, file))

    assert (theirs.probabilities > 0).sum(1).tolist() == [1] * len(ours)
    np.testing.assert_allclose(theirs.scores, ours.scores, atol=1e-4)
    assert theirs.classes.tolist() == ours.classes.tolist()


def test_boxes_that_were_suppressed_inside_stay(tmp_path):
    # one box per line: NonMaxSuppression does by IoU and class by class what the network does
    network, file = both(recording("infer_pj_yolov3_a"), tmp_path / "net.onnx", "nms", thresh=0.05)

    ours, theirs = network.detect(LETTERS[0], 0.05, 0.45), file.detect(LETTERS[0], 0.05, 0.1)

    assert len(theirs) == len(ours)
    np.testing.assert_allclose(
        sorted(theirs.probabilities.flatten()), sorted(ours.probabilities.flatten()), atol=1e-4
    )


def test_thresholds_are_the_files_unless_others_are_given(tmp_path):
    network, file = both(recording("infer_pj_yolov3_a"), tmp_path / "net.onnx", thresh=0.6, nms=0.2)

    counts = [len(file.detect(LETTERS[0])), len(file.detect(LETTERS[0], 0.05, 0.45))]

    expected = [network.detect(LETTERS[0], 0.6, 0.2), network.detect(LETTERS[0], 0.05, 0.45)]
    assert counts == list(map(len, expected))
    assert counts[0] < counts[1]


@pytest.mark.parametrize("batch", [2, "batch"])
def test_a_file_takes_as_many_images_as_there_are(tmp_path, batch):
    _, one = both(recording("infer_ab_yolov4tiny_a"), tmp_path / "one.onnx", "rows")
    _, many = both(recording("infer_ab_yolov4tiny_a"), tmp_path / "net.onnx", "rows", batch=batch)
    images = [*LETTERS, LETTERS[0]]

    for ours, theirs in zip(one.detect(images), many.detect(images), strict=True):
        np.testing.assert_allclose(in_order(theirs), in_order(ours), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("layout", ["raw", "rows", "merged"])
def test_the_map_is_that_of_the_network(tmp_path, monkeypatch, layout):
    folder = recording("train_eval_ab_greedynms")
    network, file = both(folder, tmp_path / "net.onnx", layout)
    monkeypatch.chdir(folder)
    paths = read_labelled(DataFile.read("eval.data").get_file("valid", ""))

    ours, theirs = (average_precision(one, paths) for one in (network, file))

    assert ours.mean_average_precision > 0.01
    assert theirs.mean_average_precision == pytest.approx(ours.mean_average_precision, abs=1e-6)
    one, other = (replace(found.counts, average_iou=0) for found in (ours, theirs))
    assert other == one
    assert theirs.counts.average_iou == pytest.approx(ours.counts.average_iou, abs=1e-6)


def test_recall_counts_objectness_which_rows_have(tmp_path, monkeypatch):
    folder = recording("train_eval_pj")
    network, file = both(folder, tmp_path / "net.onnx", "rows")
    monkeypatch.chdir(folder)
    paths = read_labelled(DataFile.read("eval.data").get_file("valid", ""))

    ours, theirs = ([now.line() for now in recall(one, paths)] for one in (network, file))

    assert theirs == ours


def test_the_mean_with_the_mirror_image_needs_raw(tmp_path):
    network, raw = both(recording("infer_pj_yolov3_a"), tmp_path / "net.onnx", "raw")
    _, rows = both(recording("infer_pj_yolov3_a"), tmp_path / "rows.onnx", "rows")
    images = torch.rand(1, *network.input.tensor)

    with torch.no_grad():
        ours, theirs = mirror_average(network, images), mirror_average(raw, images)

    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one.activated, other.activated, rtol=1e-3, atol=1e-3)
    with pytest.raises(DarknetError, match="expected a file of the layout raw"):
        mirror_average(rows, images)


def test_a_tree_is_in_the_file(tmp_path):
    network, file = both(recording("infer_ab_region_tree"), tmp_path / "net.onnx", "merged")

    leaves = torch.tensor(network.layers[-1].leaves)
    found = file.detect(LETTERS[0], 0.05)

    assert file.layers[-1].hierarchy.names == network.layers[-1].hierarchy.names
    assert set(found.classes.tolist()) <= set(leaves.nonzero().flatten().tolist())


def test_a_recurrent_network_keeps_its_state(tmp_path):
    network, file = both(recording("infer_pj_crnn_seq"), tmp_path / "net.onnx")
    images = torch.rand(3, *network.input.tensor, generator=torch.Generator().manual_seed(1))

    steps = [[one(images[i : i + 1])[-1].activated for i in (0, 1, 2)] for one in (network, file)]
    file.reset()
    again = file(images[:1])[-1].activated

    for ours, theirs in zip(*steps, strict=True):
        torch.testing.assert_close(theirs, ours, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(again, steps[0][0], rtol=1e-4, atol=1e-4)
    with pytest.raises(DarknetError, match="takes one step of a sequence at a time"):
        file.take_steps(2)


def test_another_size_is_in_the_file(tmp_path):
    folder = recording("infer_pj_yolov3_a")
    network = load_network(folder / "net.cfg", folder / "net.weights", device="cpu")
    network.resize(96, 64)
    file = load_network(exported(network, tmp_path / "net.onnx", "rows"))

    assert (file.net.width, file.net.height, file.input) == (96, 64, network.input)
    np.testing.assert_allclose(
        in_order(file.detect(LETTERS[0])), in_order(network.detect(LETTERS[0])), atol=2e-3
    )


@pytest.fixture
def file(tmp_path):
    """Return an exported network."""
    return both(recording("infer_pj_yolov3_a"), tmp_path / "net.onnx")[1]


@pytest.mark.parametrize(
    ("use", "problem"),
    [
        (lambda n: n.train(), "cannot be trained: expected a cfg and weights"),
        (lambda n: n.initialize(), "has its weights in itself: expected a cfg and weights"),
        (lambda n: n.load_weights("x"), "has its weights in itself: expected a cfg and weights"),
        (lambda n: n.save_weights("x"), "cannot be written as weights: expected a cfg and weights"),
        (
            lambda n: n.trace(torch.zeros(1, *n.input.tensor)),
            "has no maps of its layers: expected a cfg and weights",
        ),
        (
            lambda n: n.resize(32, 64),
            "takes images of 48 x 48, not 32 x 64: expected an export with that -size, or a cfg"
            " and weights",
        ),
    ],
)
def test_what_a_file_cannot_do_is_refused(file, use, problem):
    with pytest.raises(DarknetError) as error:
        use(file)

    assert str(error.value) == f"{file.file.path}: an exported network {problem}"


def test_images_of_another_size_are_told(file):
    with pytest.raises(DarknetError, match=r"images of size \[3, 8, 8\]: expected \[3, 48, 48\]$"):
        file(torch.zeros(1, 3, 8, 8))
