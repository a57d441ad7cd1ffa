"""How many true boxes a proposal finds."""

from __future__ import annotations

import pytest
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


TWO_HEADS = (
    "[convolutional]\nfilters=6\nsize=1\nstride=4\n[yolo]\nmask=0\nanchors=5,7\nnum=1\nclasses=1\n"
    "[route]\nlayers=-2\n[maxpool]\nsize=2\nstride=2\n[yolo]\nmask=0\nanchors=5,7\nnum=1\nclasses=1\n"
)


@pytest.mark.parametrize(("dialect", "correct"), [("pjreddie", 0), ("alexeyab", 1)])
def test_the_original_looks_at_as_many_boxes_as_its_last_head_has(tmp_path, net, dialect, correct):
    network = net(TWO_HEADS, w=8, h=8, dialect=dialect)
    (tmp_path / "a.txt").write_text("0 .5 .5 1 1\n")
    boxes = torch.tensor([[0.1, 0.1, 0.1, 0.1], [0.5, 0.5, 1, 1]])
    found = Detections(boxes, torch.tensor([0.9, 0.5]), torch.zeros(2, 1))
    seen = ImageDetections(0, str(tmp_path / "a.png"), 8, 8, found)

    [now] = recall(network, [seen.path], detect=lambda detector, paths: [seen])

    assert (now.correct, now.total, now.proposals) == (correct, 1, 2)
    assert network.nodes[-1].output.w == 1
