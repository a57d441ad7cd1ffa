"""How often a classifier is right, and what it is shown."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from pydarknet.dataset.files import DataFile
from pydarknet.errors import CfgError, DataError
from pydarknet.evaluate import classifier_crops
from pydarknet.evaluate.accuracy import (
    Accuracy,
    AccuracyOptions,
    Prediction,
    accuracy_of,
    crop_parts,
    predictions,
    read_evaluation,
    top_count,
    view_scores,
)
from pydarknet.evaluate.dataset_detections import evaluation_mode
from pydarknet.modules.transforms import crop, resize_max, save_image
from pydarknet.system.crews import Crew

COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}
POOL = "[avgpool]\n[softmax]\n"  # the mean of red, green and blue, as probabilities
TREE = "red -1\ngreen -1\nleaf 1\nneedle 1\n"


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    """Write images of 12 x 8: red, blue, and a green one that calls itself red."""
    names = []
    for colour, name in (("red", "red"), ("blue", "blue"), ("green", "red_too")):
        names.append(str(tmp_path / f"{name}.png"))
        save_image(np.full((8, 12, 3), COLOURS[colour], np.uint8), names[-1])
    return names


def options(**options: object) -> AccuracyOptions:
    """Ask for the three colours."""
    return AccuracyOptions(tuple(COLOURS), **options)


def asked(network, paths, options) -> list[Prediction]:
    """Return the answers of a network that is evaluated."""
    with evaluation_mode(network):
        return list(predictions(network, paths, options))


@pytest.mark.parametrize(
    "view",
    [
        classifier_crops.center_view,
        classifier_crops.ten_crops,
        classifier_crops.whole_image_view,
        classifier_crops.multi_scale_views,
        classifier_crops.stretched_view,
    ],
)
@pytest.mark.parametrize("dialect", ["pjreddie", "alexeyab"])
def test_the_best_class_is_picked_whatever_is_shown(net, paths, view, dialect):
    network = net(POOL, h=4, w=4, dialect=dialect)

    found = asked(network, paths, options(view=view))

    assert [prediction.best for prediction in found] == [(0,), (2,), (1,)]
    assert [prediction.truth for prediction in found] == [0, 2, 0]


def test_the_network_is_put_back_to_its_size(net, paths):
    network = net(POOL, h=4, w=4)

    asked(network, paths, options(view=classifier_crops.multi_scale_views))

    assert (network.input.h, network.input.w) == (4, 4)


def test_a_network_of_one_size_cannot_be_shown_whole_images(net, paths):
    network = net("[connected]\noutput=3\n[softmax]", h=4, w=4)
    network.initialize()

    with pytest.raises(CfgError, match="cannot take images of 6 x 4"):
        asked(network, paths, options(view=classifier_crops.whole_image_view))


def test_accuracy_counts_the_best_and_those_among_the_best(net, paths):
    network = net(POOL, h=4, w=4)

    assert accuracy_of(network, paths, options(top=1)) == Accuracy(3, 2, 2)
    assert accuracy_of(network, paths, options(top=2)) == Accuracy(3, 2, 3)


def test_a_data_file_says_how_a_classifier_is_evaluated(net, tmp_path):
    (tmp_path / "my.data").write_text(
        f"labels={tmp_path}/labels.txt\nvalid=valid.txt\nclasses=2\ntop=5\n"
    )
    (tmp_path / "labels.txt").write_text("red\ngreen\nblue\n")
    data = DataFile.read(tmp_path / "my.data")

    chosen, valid = read_evaluation(net(POOL), data, classifier_crops.ten_crops)

    assert (chosen.labels, chosen.top, chosen.leaves) == (("red", "green"), 5, ())
    assert chosen.view is classifier_crops.ten_crops
    assert valid == "valid.txt"
    alexeyab = net(POOL, dialect="alexeyab")
    assert read_evaluation(alexeyab, data, classifier_crops.ten_crops)[0].top == 2


def test_a_network_in_training_is_left_in_training(net, paths):
    network = net(POOL, h=4, w=4)
    network.train()

    accuracy_of(network, paths, options())

    assert network.training
    assert torch.is_grad_enabled()


def test_the_class_is_the_first_label_in_the_path(net, paths):
    labels = AccuracyOptions(("too", "red", "none"))

    assert [prediction.truths for prediction in asked(net(POOL, h=4, w=4), paths, labels)] == [
        *((1,), (), (0, 1))
    ]


def test_an_image_without_a_label_is_never_right():
    unlabelled = Prediction("x.png", (), (0, 1), (0.5, 0.5))

    assert Accuracy().after(unlabelled) == Accuracy(1, 0, 0)


def test_an_image_that_cannot_be_read_is_told_and_never_right(net, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    [prediction] = asked(net(POOL, h=4, w=4), ["red.png"], options())

    assert prediction.best == ()
    assert Accuracy().after(prediction) == Accuracy(1, 0, 0)
    assert "red.png" in capsys.readouterr().err
    assert Path("bad.list").read_text() == "red.png\n"


def test_more_classes_than_the_network_has_are_refused(net, paths):
    with pytest.raises(DataError, match="returns 3 numbers: expected at least 4"):
        asked(net(POOL, h=4, w=4), paths, AccuracyOptions(("a", "b", "c", "d")))


def test_the_line_has_shares_of_32_bits():
    assert Accuracy(3, 1, 2).line(2, 5) == "2: top 1: 0.333333, top 5: 0.666667"


def test_only_the_fork_caps_the_places_at_the_classes(net):
    assert top_count(net(POOL, dialect="pjreddie"), 5, 3) == 5
    assert top_count(net(POOL, dialect="alexeyab"), 5, 3) == 3


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (5, [(0, 5)]),
        (1999, [(0, 1999)]),
        (2500, [(0, 1250), (1250, 2500)]),
        (3001, [(0, 1000), (1000, 2000), (2000, 3000)]),  # the last image is left out
    ],
)
def test_parts_are_about_a_thousand_images(count, expected):
    assert [(part.start, part.stop) for part in crop_parts(count)] == expected


# Trees


@pytest.fixture
def tree(net, tmp_path):
    """Make a network of a tree: red, and green with two children, from an image of one pixel."""
    (tmp_path / "tree").write_text(TREE)
    network = net(
        f"[connected]\noutput=4\nactivation=linear\n[softmax]\ntree={tmp_path / 'tree'}\n",
        c=3,
        h=1,
        w=1,
    )
    network.initialize()
    connected = network.stack[0]
    values = torch.tensor([[0.0, 0, 0], [0, 9, 0], [0, 0, 0], [0, 9, 0]])
    for name, array in connected.named_parameters():
        array.data.copy_(values if name == "weights" else torch.zeros(4))
    return network


def test_of_a_tree_only_leaves_count_with_the_product_of_their_parents(tree, paths):
    [_, _, green] = asked(tree, paths, AccuracyOptions(("red", "green", "leaf", "needle"), top=2))

    assert green.scores[1] == 0  # green is a parent
    assert green.scores[3] == pytest.approx(0.99975, abs=1e-4)  # sigmoid(9) squared
    assert green.best == (3, 0)


def test_leaves_may_be_listed(tree, paths):
    chosen = AccuracyOptions(("red", "green", "leaf", "needle"), leaves=(False, True, False, False))

    assert asked(tree, paths[2:], chosen)[0].best == (1,)


def test_of_a_tree_mirror_images_are_multiplied_too(tree, paths, monkeypatch):
    four = AccuracyOptions(("red", "green", "leaf", "needle"))
    [plain] = asked(tree, paths[2:], four)
    pair = AccuracyOptions(
        four.labels, view=lambda x, network: classifier_crops.stretched_view(x, network) * 2
    )

    [both] = asked(tree, paths[2:], pair)

    assert both.scores == pytest.approx([2 * score for score in plain.scores])


# Views


def example_image() -> torch.Tensor:
    """Return 40 rows of 60 columns, each pixel other than all others."""
    return torch.arange(3 * 40 * 60, dtype=torch.float32).view(3, 40, 60) / 7200


def test_the_longer_side_is_stretched_and_the_shorter_cut_to_whole_pixels():
    assert resize_max(example_image(), 31).shape == (3, 20, 31)
    assert resize_max(example_image().transpose(1, 2), 31).shape == (3, 31, 20)


def test_a_crop_repeats_the_edge_beyond_the_image():
    x = torch.tensor([[[1.0, 2], [3, 4]]])

    assert crop(x, -1, 1, 3, 2).tolist() == [[[3, 3, 4], [3, 3, 4]]]


def test_threads_share_the_batches_of_a_long_list(net, paths, monkeypatch):
    """Their answers are those of one thread, in order; a view that resizes keeps to one."""
    network, many = net(POOL, h=8, w=8), paths * 20
    monkeypatch.setattr("pydarknet.evaluate.accuracy.batch_size", lambda network: 4)
    alone = asked(network, many, options())
    workers: set[int] = set()

    def scores(*given):
        workers.add(threading.get_ident())
        return view_scores(*given)

    monkeypatch.setattr("pydarknet.evaluate.accuracy.view_scores", scores)
    monkeypatch.setattr(type(network), "crews", lambda self, images: [Crew(2, lambda: None)])
    assert asked(network, many, options()) == alone
    assert len(workers) > 1
    workers.clear()
    asked(network, many, options(view=classifier_crops.whole_image_view))
    assert workers == {threading.get_ident()}
