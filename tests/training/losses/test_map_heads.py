"""What the losses of heads over maps share: the ground truth, and the line of the log."""

from __future__ import annotations

import re

import pytest
from anchor_heads import KINDS, loss_of, truth_rows
from loss_cases import rows

from pydarknet.errors import CfgError

each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


@each_kind
def test_as_many_boxes_as_max_says_are_learned(net, kind):
    maps, truth = kind.cases["boxes"]

    one, first, every = (
        loss_of(*kind.head(net, maps, options), truth_rows(some)).cost.item()
        for options, some in (("max=1\n", truth), ("", truth[:, :1]), ("", truth))
    )

    assert one == first != every


@each_kind
def test_boxes_without_a_class_are_refused(net, kind):
    network, head = kind.head(net, kind.cases["boxes"].maps)

    with pytest.raises(CfgError, match=rf"\[{kind.name}\] reads ground truth of 5 numbers per box"):
        loss_of(network, head, rows([(0.5, 0.5, 0.2, 0.2)], width=4))


@each_kind
def test_the_line_has_the_words_of_the_forks(net, kind):
    maps, truth = kind.cases["boxes"]
    network, head = kind.head(net, maps)

    loss = loss_of(network, head, truth_rows(truth))

    classes, boxes = kind.recorded["boxes.terms"]
    count = int((kind.recorded["boxes.matched"] >= 0).sum())
    found = re.fullmatch(
        rf"{kind.name.capitalize()} 5 Avg \(IOU: (\S+)\), count: (\d+), class_loss = (\S+),"
        r" iou_loss = (\S+), total_loss = (\S+) ",
        loss.line(),
    )
    assert found
    assert loss.on_stderr
    figures = [float(word) for word in found.groups()]
    assert 0 < figures[0] < 1
    assert figures[1:] == pytest.approx([count, classes, boxes, classes + boxes], rel=1e-5)
