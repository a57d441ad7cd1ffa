"""The classifier's commands: which names, how many classes, trees, and mistakes."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from exports import exported

import pydarknet
from pydarknet.cli.main import main

# 4 numbers a pixel of a grey image of 2 x 2: their softmax is of all four, in the order of memory
NET = "[net]\nwidth=2\nheight=2\nchannels=1\n"
TREE = "animal -1\nthing -1\ncat 0\ndog 0\n"
PREDICT = ["classifier", "predict", "net.data", "net.cfg", "", "input.png"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Work beside a network that gives the softmax of the four pixels of its input."""
    monkeypatch.chdir(tmp_path)
    Path("net.cfg").write_text(f"{NET}[softmax]\n")
    Path("net.names").write_text("a\nb\nc\nd\n")
    Path("net.data").write_text("names=net.names\ntop=2\nclasses=4\n")
    image = np.array([[0, 255], [51, 102]], np.uint8)  # softmax .120 .326 .147 .179 before it sums
    pydarknet.modules.transforms.save_image(np.repeat(image[:, :, None], 3, 2), "input.png")
    return tmp_path


def predicted(capfd, *words: str, dialect: str = "pjreddie") -> list[str]:
    """Return what `classifier predict` prints on stdout."""
    assert main([*PREDICT, *words, "-dialect", dialect]) == 0
    return capfd.readouterr().out.splitlines()


def test_the_original_prints_per_cents(capfd):
    # exp(1) = 2.71828 and exp(.4) = 1.49182 over 1 + exp(1) + exp(.2) + exp(.4) = 6.43151
    assert predicted(capfd) == ["42.27%: b", "23.20%: d"]


def test_the_fork_prints_scores_after_its_names(capfd):
    lines = predicted(capfd, dialect="alexeyab")

    assert lines[-2:] == ["b: 0.422651", "d: 0.231956"]
    assert lines[-5:-3] == [" classes = 4, output in cfg = 1 ", "2 2"]


def test_t_says_how_many(capfd):
    assert len(predicted(capfd, "-t", "3")) == 3


def test_more_than_there_are_are_all(capfd):
    assert len(predicted(capfd, "-t", "99")) == 4


def test_labels_are_names_where_names_are_not_given(capfd):
    Path("net.data").write_text("labels=net.names\n")

    assert predicted(capfd) == ["42.27%: b"]


def test_a_class_without_a_name_has_its_number(capfd):
    Path("net.names").write_text("a\n")

    assert predicted(capfd, "-t", "1") == ["42.27%: class 1"]


def test_names_that_are_not_as_many_as_outputs_are_noted(capfd):
    Path("net.names").write_text("a\n")

    assert main([*PREDICT, "-dialect", "pjreddie"]) == 0

    assert "net.cfg has 4 outputs, and 1 names\n" in capfd.readouterr().err


@pytest.mark.parametrize("dialect", ["pjreddie", "alexeyab"])
def test_a_detector_is_none_of_classes(capfd, dialect):
    assert main([*PREDICT[:3], "digits.cfg", "digits.weights", "-dialect", dialect]) == 1

    told = capfd.readouterr().err
    assert "[net] the network has a detection head: expected a classifier\n" in told
    assert "hint: a detector is used by: pydarknet detector test" in told


# Trees: two roots, and two children of the first


@pytest.fixture
def tree():
    """Let the network's softmax go down a tree."""
    Path("net.tree").write_text(TREE)
    Path("net.cfg").write_text(f"{NET}[softmax]\ntree=net.tree\n")
    shutil.copy("net.names", "other.names")
    Path("net.names").write_text("animal\nthing\ncat\ndog\n")


# of (0, 1): 1 / (1 + e) = .2689, .7311; of (.2, .4): .4502, .5498, times .2689: .1211, .1479


@pytest.mark.usefixtures("tree")
def test_the_original_prints_leaves_of_a_tree(capfd):
    assert predicted(capfd, "-t", "3") == ["73.11%: thing", "14.79%: dog", "12.11%: cat"]


@pytest.mark.usefixtures("tree")
def test_the_fork_prints_all_nodes_of_a_tree(capfd):
    assert predicted(capfd, "-t", "3", dialect="alexeyab")[-3:] == [
        "1, thing: 0.731059, parent: Root ",
        "0, animal: 0.268941, parent: Root ",
        "3, dog: 0.147873, parent: animal ",
    ]


# How an image is fitted


# Mistakes


def test_the_forks_classes_must_be_the_networks_outputs(capfd):
    Path("net.data").write_text("names=net.names\nclasses=3\n")

    assert main([*PREDICT, "-dialect", "alexeyab"]) == 1

    told = capfd.readouterr().err.splitlines()[-1]
    assert told == "net.data: classes = 3: expected 4, the outputs of net.cfg"


def test_top_must_be_a_number(capfd):
    Path("net.data").write_text("names=net.names\ntop=some\n")

    assert main(PREDICT) == 1

    assert capfd.readouterr().err.splitlines()[-1] == "net.data:2: top = some: expected an integer"


def test_an_exported_classifier_prints_the_same(capfd):
    pytest.importorskip("onnxruntime")
    exported(pydarknet.load_network("net.cfg", device="cpu"), Path("net.onnx"))

    assert main(["classifier", "predict", "net.data", "net.onnx", "input.png"]) == 0

    assert capfd.readouterr().out.splitlines() == ["42.27%: b", "23.20%: d"]


def test_an_exported_tree_is_multiplied_along_its_path(capfd):
    pytest.importorskip("onnxruntime")
    Path("net.tree").write_text(TREE)
    Path("net.cfg").write_text(f"{NET}[softmax]\ntree=net.tree\n")
    expected = predicted(capfd, "-t", "4")
    exported(pydarknet.load_network("net.cfg", device="cpu"), Path("net.onnx"))
    Path("net.tree").unlink()

    assert main(["classifier", "predict", "net.data", "net.onnx", "input.png", "-t", "4"]) == 0

    assert capfd.readouterr().out.splitlines() == expected
