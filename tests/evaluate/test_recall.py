"""How many true boxes a proposal finds."""

from __future__ import annotations

import torch
from conftest import recording

import pydarknet
from pydarknet.boxes.detections import Detections
from pydarknet.boxes.settings import settings
from pydarknet.evaluate.dataset_detections import ImageDetections
from pydarknet.evaluate.recall import Recall, recall, recalls_of


def test_the_lines_are_the_recorded_ones(monkeypatch):
    monkeypatch.chdir(recording("train_eval_ab_greedynms"))
    network = pydarknet.load_network("net.cfg", "net.weights", dialect="alexeyab", device="cpu")
    with open("valid.txt") as paths, open("recall.txt") as printed:
        lines = [now.line() for now in recall(network, paths.read().split())]

        assert "\n".join(lines) in printed.read()


def test_classes_do_not_matter_and_a_half_is_not_enough(tmp_path, net):
    chosen = settings(net("[maxpool]"), thresh=0.001, letterbox=False)
    (tmp_path / "a.txt").write_text("5 .5 .5 1 1\n6 .25 .25 .5 .5\n")
    boxes = torch.tensor([[0.5, 0.25, 1.0, 0.5], [0.25, 0.25, 0.5, 0.5]])
    seen = ImageDetections(
        0,
        str(tmp_path / "a.png"),
        8,
        8,
        Detections(boxes, torch.tensor([0.9, 0.5]), torch.zeros(2, 1)),
    )

    [now] = recalls_of([seen], chosen, "alexeyab")

    assert now == Recall(index=0, correct=1, total=2, proposals=2, overlap=1.5)


def test_without_truths_there_is_no_mean():
    assert Recall(0, proposals=3).line() == (
        "    0     0     0\tRPs/Img: 3.00\tIOU: -nan%\tRecall:-nan%"
    )
