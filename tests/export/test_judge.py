"""What a file of 8-bit integers may lose, measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import recording

import pydarknet
from pydarknet.dataset.files import DataFile, read_labelled
from pydarknet.errors import DataError
from pydarknet.export.judge import judge_of
from pydarknet.modules.transforms import save_image

COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}
POOL = "[avgpool]\n[softmax]\n"  # the mean of red, green and blue, as probabilities


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    """Write images of one colour: red, blue, and a green one that calls itself red."""
    names = []
    for colour, name in (("red", "red"), ("blue", "blue"), ("green", "red_too")):
        names.append(str(tmp_path / f"{name}.png"))
        save_image(np.full((8, 12, 3), COLOURS[colour], np.uint8), names[-1])
    return names


def data_file(folder: Path, text: str) -> Path:
    """Write a .data file with three labels beside it."""
    (folder / "labels.txt").write_text("red\ngreen\nblue\n")
    path = folder / "my.data"
    path.write_text(text.replace("LABELS", f"labels={folder / 'labels.txt'}"))
    return path


def test_a_classifier_is_judged_by_its_accuracy(net, paths, tmp_path):
    network = net(POOL, h=4, w=4)
    data = data_file(tmp_path, "LABELS\nclasses=3\ntop=2\nvalid=valid.txt\n")

    shares = judge_of(network, data, paths)(network)

    assert shares == {"top 1": pytest.approx(2 / 3), "top 2": 1}


def test_a_detector_is_judged_by_its_map(monkeypatch):
    monkeypatch.chdir(recording("train_eval_ab_greedynms"))
    network = pydarknet.load_network("net.cfg", "net.weights", device="cpu")
    valid = read_labelled(DataFile.read("eval.data").get_file("valid", ""))

    shares = judge_of(network, Path("eval.data"), valid)(network)

    assert shares == {"mAP": pytest.approx(0.062142, abs=1e-6)}  # as the C program found


def test_without_truth_nobody_judges(net, paths, tmp_path, capsys):
    network = net(POOL, h=4, w=4)
    data = data_file(tmp_path, "names=labels.txt\nvalid=valid.txt\n")

    assert judge_of(network, None, ()) is None
    assert judge_of(network, data, paths) is None

    said = "my.data has no list `labels`: the accuracy of int8 is not measured\n"
    assert capsys.readouterr().err.endswith(said)


def test_too_few_labels_are_refused(net, paths, tmp_path):
    data = data_file(tmp_path, "LABELS\nclasses=4\nvalid=valid.txt\n")

    with pytest.raises(DataError, match=r"labels\.txt: 3 labels: expected 4, one per class"):
        judge_of(net(POOL), data, paths)
