"""Networks that a file computes: the boxes and classes that torch finds, without it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from conftest import recording
from exports import exported

import pydarknet
from pydarknet.boxes.settings import settings
from pydarknet.errors import DarknetError, MissingAttribute
from pydarknet.load import load_network
from pydarknet.runtime.exported import Exported
from pydarknet.runtime.network import RuntimeNetwork

pytest.importorskip("onnx")
HEADS = [
    "infer_pj_yolov1_a",
    "infer_pj_yolov2_a",
    "infer_ab_yolov2_a",
    "infer_ab_region_tree",
    "infer_ab_gaussian_yolo_corners",
    "infer_ab_yolov4tiny_a",
    "infer_ab_yolov4_mish_diounms",
    "infer_pj_yolov3_a",
]
IMAGES = [np.random.default_rng(i).integers(0, 255, (40, 50, 3), dtype=np.uint8) for i in range(2)]
TREE = "animal -1\nthing -1\ndog 0\ncat 0\n"


def both(name, path, layout="rows"):
    """Return the network of a recording by torch, and the same without."""
    folder = recording(name)
    dialect = "alexeyab" if "_ab_" in name else "pjreddie"
    files = folder / "net.cfg", folder / "net.weights"
    network = load_network(*files, dialect=dialect, device="cpu")
    return network, RuntimeNetwork(Exported(exported(network, path, layout)))


def in_order(found):
    """Return boxes and scores in the order of their scores, which ties do not change."""
    found = found.numpy()
    rows = np.concatenate((found.probabilities, found.boxes), 1)
    return rows[np.lexsort(rows.round(3).T)]


@pytest.mark.parametrize("letterbox", [True, False])
@pytest.mark.parametrize("name", HEADS)
def test_it_finds_what_torch_finds(name, letterbox, tmp_path):
    network, file = both(name, tmp_path / "net.onnx")

    ours, theirs = (one.detect(IMAGES, 0.0437, 0, letterbox) for one in (network, file))

    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one.boxes, other.boxes, rtol=2e-3, atol=2e-3)
        np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-3)


@pytest.mark.parametrize("name", HEADS)
def test_the_same_boxes_are_left(name, tmp_path):
    network, file = both(name, tmp_path / "net.onnx")
    image = recording(name) / "input.png"  # whose scores lie apart from the threshold

    ours, theirs = (one.detect(image, 0.25) for one in (network, file))

    assert len(ours) == len(theirs) > 0
    np.testing.assert_allclose(in_order(ours), in_order(theirs), rtol=2e-3, atol=2e-3)


def test_a_cfgs_own_suppression_is_that_of_the_file(tmp_path):
    folder, cfg = recording("infer_pj_yolov3_a"), tmp_path / "soft.cfg"
    more = "nms_kind=softnms_gaussian\nsigma_nms=.3\nnms_agnostic=1\n"
    cfg.write_text((folder / "net.cfg").read_text() + "\n" + more)
    network = load_network(cfg, folder / "net.weights", device="cpu")
    file = RuntimeNetwork(Exported(exported(network, tmp_path / "net.onnx", "rows")))

    ours, theirs = (one.detect(folder / "input.png", 0.01) for one in (network, file))

    assert file.suppression == network.suppression
    assert len(ours) == len(theirs) > 0
    np.testing.assert_allclose(in_order(ours), in_order(theirs), rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("layout", ["merged", "nms"])
def test_other_layouts_give_boxes_too(layout, tmp_path):
    network, file = both("infer_pj_yolov3_a", tmp_path / "net.onnx", layout)

    found = file.detect(IMAGES[0], 0.5)

    assert len(found) == len(network.detect(IMAGES[0], 0.5)) > 0


def test_hier_and_map_are_those_of_torch(tmp_path):
    network, file = both("infer_ab_region_tree", tmp_path / "net.onnx")
    network.resize(*file.sides)

    for chosen in (
        settings(network, thresh=0.0437, hier=0.9, nms=0),
        settings(network, thresh=0.0437, map=(2, 1), nms=0),
    ):
        [ours], [theirs] = (one.find_boxes(IMAGES[:1], chosen) for one in (network, file))
        np.testing.assert_allclose(in_order(ours), in_order(theirs), rtol=2e-3, atol=2e-3)


def test_a_box_knows_its_image_and_name(tmp_path):
    _, file = both("infer_pj_yolov3_a", tmp_path / "net.onnx")
    file.names = ("one", "two", "three", "four", "five")

    found = file.detect(IMAGES[0], 0.05)

    assert found[0].name in file.names
    assert found.draw().shape == (40, 50, 3)
    assert (found.draw() != IMAGES[0]).any()
    found.save(tmp_path / "drawn.png")
    assert (tmp_path / "drawn.png").stat().st_size
    assert np.array_equal(found.draw(IMAGES[0]), found.draw())


def test_an_image_is_whatever_holds_one(tmp_path):
    _, file = both("infer_pj_yolov3_a", tmp_path / "net.onnx")
    path, image = tmp_path / "image.png", IMAGES[0]
    cv2.imwrite(str(path), image[..., ::-1])
    expected = file.detect(image, 0.05)

    found = file.detect([path, str(path), path.read_bytes(), image, image], 0.05)
    with path.open("rb") as opened:
        found.append(file.detect(opened, 0.05))
    found.append(file.detect(image[..., ::-1], 0.05, bgr=True))

    assert len(expected) > 10
    for one in found:
        assert np.array_equal(one.boxes, expected.boxes)
        assert np.array_equal(one.probabilities, expected.probabilities)


def test_a_network_of_one_channel_sees_grey(tmp_path):
    cfg = tmp_path / "net.cfg"
    cfg.write_text(
        "[net]\nwidth=16\nheight=16\nchannels=1\n\n[convolutional]\nfilters=14\nsize=3\n"
        "stride=2\npad=1\nactivation=linear\n\n[yolo]\nmask=0,1\nanchors=4,4, 8,6\nclasses=2\n"
        "num=2\n"
    )
    network = load_network(cfg, dialect="alexeyab", device="cpu")
    file = RuntimeNetwork(Exported(exported(network, tmp_path / "net.onnx")))
    path = tmp_path / "image.png"
    cv2.imwrite(str(path), IMAGES[0][..., ::-1])

    for image in (path, IMAGES[0][..., :1]):
        ours, theirs = (one.detect(image, 0.1, 0) for one in (network, file))
        assert len(ours) == len(theirs) > 10
        np.testing.assert_allclose(ours.boxes, theirs.boxes, atol=1e-4)


def test_it_says_what_it_is(tmp_path):
    network, file = both("infer_pj_yolov3_a", tmp_path / "net.onnx")

    assert file.table() == network.table()
    assert file.dialect == network.dialect
    assert (file.sides, file.image_channels, file.crews(4)) == (network.sides, 3, ())
    assert file.letter_box == settings(network).letterbox
    assert repr(file).startswith(f"RuntimeNetwork({tmp_path}/net.onnx: input 3 x ")
    assert str(file.traits.error("is odd")).startswith(f"{tmp_path}/net.onnx:")


@pytest.mark.parametrize("dialect", ["pjreddie", "alexeyab"])
def test_a_classifier_gives_the_scores_that_torch_gives(dialect, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.tree").write_text(TREE)
    cfg = tmp_path / "net.cfg"
    cfg.write_text(
        "[net]\nwidth=8\nheight=8\nchannels=3\n\n[connected]\noutput=4\nactivation=linear\n\n"
        "[softmax]\ntree=net.tree\n"
    )
    network = load_network(cfg, dialect=dialect, device="cpu")
    file = RuntimeNetwork(Exported(exported(network, tmp_path / "net.onnx")))

    ours, theirs = (one.class_scores(IMAGES) for one in (network, file))

    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert file.tree
    assert network.tree
    assert file.tree.names == network.tree.names
    np.testing.assert_allclose(theirs[:, 2:].sum(1), theirs[:, 0], rtol=1e-5)  # dog and cat
    with pytest.raises(DarknetError, match="no detection head"):
        file.detect(IMAGES[0])


def test_a_detector_is_no_classifier(tmp_path):
    _, file = both("infer_pj_yolov3_a", tmp_path / "net.onnx")

    with pytest.raises(pydarknet.UsageError, match=r"layout rows .*: expected a classifier"):
        file.class_scores(IMAGES)


def test_what_only_a_network_of_torch_has_is_refused_by_name(tmp_path):
    _, file = both("infer_pj_yolov3_a", tmp_path / "net.onnx")

    with pytest.raises(MissingAttribute, match=r"net.onnx: .* has no trace: expected a cfg and we"):
        file.trace(None)
    assert not hasattr(file, "save_weights")
    assert not hasattr(RuntimeNetwork.__new__(RuntimeNetwork), "trace")


def test_maps_need_torch(tmp_path):
    _, file = both("infer_pj_yolov3_a", tmp_path / "net.onnx", "raw")

    with pytest.raises(pydarknet.UsageError, match="layout raw needs torch to give boxes"):
        file.detect(IMAGES[0])


@pytest.mark.parametrize("layout", ["rows", "merged"])
def test_in_tiles_the_same_boxes_are_left(layout, tmp_path):
    network, file = both("infer_pj_yolov3_a", tmp_path / "net.onnx", layout)
    small = cv2.imread(str(recording("infer_pj_yolov3_a") / "input.png"))[..., ::-1]
    image = np.ascontiguousarray(np.tile(small, (2, 2, 1)))  # four of it

    ours, theirs = (one.detect(image, 0.25, tile=small.shape[1::-1]) for one in (network, file))

    assert len(ours) == len(theirs) > len(network.detect(image, 0.25))
    np.testing.assert_allclose(in_order(ours), in_order(theirs), rtol=2e-3, atol=2e-3)
    assert ours.origin.size == (image.shape[1], image.shape[0])
