"""What is found in lists of images."""

from __future__ import annotations

import gc
import threading
import weakref
from pathlib import Path

import numpy as np
import pytest
import torch

from pydarknet.boxes.settings import settings
from pydarknet.errors import CfgError
from pydarknet.evaluate.dataset_detections import (
    DatasetDetector,
    batch_size,
    classes_of,
    evaluation_mode,
    groups_of,
)
from pydarknet.image.tiles import Tiling
from pydarknet.inference.predict import predict
from pydarknet.modules.recurrent import Recurrent
from pydarknet.modules.transforms import load_image, save_image

HEAD = (
    "[convolutional]\nfilters=14\nsize=1\nstride=4\n[yolo]\nmask=0,1\nanchors=5,7, 9,6\n"
    "num=2\nclasses=2\n"
)


@pytest.fixture
def network(net):
    """Make a detector of two classes with weights by chance."""
    made = net(HEAD, h=16, w=24)
    made.initialize(torch.Generator().manual_seed(1))
    return made


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    """Write five images of several sizes."""
    generator = np.random.default_rng(2)
    names = []
    for index, (height, width) in enumerate([(16, 24), (9, 30), (40, 20), (16, 24), (5, 5)]):
        names.append(str(tmp_path / f"{index}.png"))
        save_image(generator.integers(0, 255, (height, width, 3), dtype=np.uint8), names[-1])
    return names


def test_every_image_is_answered_in_the_order_of_the_list(network, paths):
    chosen = settings(network, thresh=0.005)

    seen = list(DatasetDetector(network, chosen).detect(paths))

    assert [one.index for one in seen] == [0, 1, 2, 3, 4]
    assert [one.path for one in seen] == paths
    assert [(one.width, one.height) for one in seen] == [
        *((24, 16), (30, 9), (20, 40), (24, 16), (5, 5))
    ]


@pytest.mark.parametrize("letterbox", [False, True])
def test_boxes_are_those_that_predict_finds(network, paths, letterbox):
    chosen = settings(network, thresh=0.005, letterbox=letterbox)

    seen = list(DatasetDetector(network, chosen).detect(paths))

    expected = [predict(network, [load_image(path)], chosen)[0] for path in paths]
    for one, boxes in zip(seen, expected, strict=True):
        torch.testing.assert_close(one.boxes.boxes, boxes.boxes)
        torch.testing.assert_close(one.boxes.probabilities, boxes.probabilities)


def test_threads_detect_in_batches_and_answer_in_order(network, paths, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pydarknet.evaluate.dataset_detections.BATCH", 2)
    chosen = settings(network, thresh=0.005)
    listed = [*paths, "none.png", *paths, *paths]
    workers = set()

    def heads(fast, inputs):
        workers.add(threading.get_ident())
        return fast(inputs)

    def seen_by(threads):
        torch.set_num_threads(threads)
        return list(DatasetDetector(network, chosen, heads=heads).detect(listed))

    before = torch.get_num_threads()
    try:
        alone = seen_by(1)
        assert workers == {threading.get_ident()}
        together = seen_by(2)
    finally:
        torch.set_num_threads(before)

    assert len(workers) > 2
    for one, other in zip(alone, together, strict=True):
        assert (one.index, one.path, one.width) == (other.index, other.path, other.width)
        torch.testing.assert_close(one.boxes.boxes, other.boxes.boxes)
        torch.testing.assert_close(one.boxes.probabilities, other.boxes.probabilities)


def test_boxes_may_be_in_pixels_of_their_image(network, paths):
    chosen = settings(network, thresh=0.005)

    relative, absolute = (
        next(DatasetDetector(network, chosen, pixels=pixels).detect(paths)).boxes.boxes
        for pixels in (False, True)
    )

    torch.testing.assert_close(absolute, relative * torch.tensor([24.0, 16, 24, 16]))


def test_an_image_that_cannot_be_read_is_told_listed_and_has_no_boxes(
    network, paths, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    chosen = settings(network, thresh=0.005)

    seen = list(DatasetDetector(network, chosen).detect([paths[0], "none.png", paths[1]]))

    assert [(one.index, one.width, len(one.boxes) > 0) for one in seen] == [
        *((0, 24, True), (1, 0, False), (2, 30, True))
    ]
    assert seen[1].boxes.probabilities.shape == (0, 2)
    assert (
        'Cannot load image "none.png": cannot be opened: No such file or directory'
        in capsys.readouterr().err
    )
    assert Path("bad.list").read_text() == "none.png\n"


def test_a_list_of_nothing_but_bad_images_is_gone_through(network, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    chosen = settings(network, thresh=0.005)

    assert len(list(DatasetDetector(network, chosen).detect(["a.png", "b.png"]))) == 2


def test_searching_leaves_the_callers_gradients_on(network, paths):
    for _ in DatasetDetector(network, settings(network, thresh=0.005)).detect(paths):
        assert torch.is_grad_enabled()


@pytest.mark.parametrize(
    ("side", "images"),
    [(64, 16), (224, 6), (320, 4), (608, 4)],  # 2^20 numbers over 3 * side^2, from 4 to 16
)
def test_a_batch_fills_the_cache_of_a_cpu_or_is_that_of_a_list(net, side, images):
    network = net(HEAD, h=side, w=side)
    network.initialize()

    assert batch_size(network) == images


def test_a_network_that_remembers_gets_one_image_at_a_time(net):
    assert batch_size(net("[crnn]\noutput_filters=2\nhidden_filters=2", h=4, w=4)) == 1


def test_groups_are_full_but_for_the_last():
    assert list(groups_of(range(5), 2)) == [[0, 1], [2, 3], [4]]


def test_a_classifier_has_no_classes_of_boxes(net):
    with pytest.raises(CfgError, match=r"no detection head.*\n.*classifier valid"):
        classes_of(net("[softmax]"))


def test_the_state_of_recurrent_layers_is_put_back(net):
    network = net("[crnn]\noutput_filters=2\nhidden_filters=2\npad=1", h=4, w=4)
    network.initialize()
    network.take_steps(2)
    network(torch.ones(2, 3, 4, 4))
    [layer] = [module for module in network.modules() if isinstance(module, Recurrent)]
    before = layer.state

    with evaluation_mode(network):
        assert (layer.state, layer.time_steps) == (None, 1)
        network(torch.zeros(1, 3, 4, 4))

    assert (layer.state, layer.time_steps) == (before, 2)


def test_a_network_of_numbers_is_evaluated_at_the_size_it_has(net):
    network = net("[connected]\noutput=2", inputs=4)

    with evaluation_mode(network):
        assert network.input.length == 4


@pytest.mark.parametrize("training", [True, False])
def test_of_a_network_in_training_no_fast_form_is_kept(net, training):
    network = net("[convolutional]\nfilters=2\n", h=4, w=4)
    network.initialize()
    network.train(training)

    with evaluation_mode(network):
        fast = weakref.ref(network.prepared())
        assert fast() is not network
    gc.collect()

    assert (fast() is None) is training


@pytest.mark.parametrize("pixels", [False, True])
def test_in_tiles_boxes_are_those_that_the_network_finds_in_tiles(network, paths, pixels):
    generator = np.random.default_rng(3)
    save_image(generator.integers(0, 255, (80, 100, 3), dtype=np.uint8), paths[0])
    chosen = settings(network, thresh=0.3, tiling=Tiling(32, 32, 0.2))
    images = [load_image(path) for path in paths]

    found = [one.boxes for one in DatasetDetector(network, chosen, pixels=pixels).detect(paths)]

    expected = network.find_boxes(images, chosen)
    [whole] = network.find_boxes(images[:1], settings(network, thresh=0.3))
    assert len(found) == len(expected) == 5
    assert len(found[0].kept()) > len(whole.kept())
    for ours, theirs, image in zip(found, expected, images, strict=True):
        height, width = image.shape[:2]
        unit = torch.tensor([width, height] * 2) if pixels else torch.ones(4)
        torch.testing.assert_close(ours.boxes, theirs.boxes * unit, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(ours.probabilities, theirs.probabilities, rtol=1e-4, atol=1e-5)
