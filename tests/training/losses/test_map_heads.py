"""What the losses of heads over maps share: the line of the log."""

from __future__ import annotations

import re

import pytest
from anchor_heads import KINDS, loss_of, truth_rows


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_line_has_the_words_of_the_forks(net, kind):
    maps, truth = kind.cases["boxes"]
    network, head = kind.head(net, maps)

    line = loss_of(network, head, truth_rows(truth)).line()

    classes, boxes = kind.recorded["boxes.terms"]
    count = int((kind.recorded["boxes.matched"] >= 0).sum())
    found = re.fullmatch(
        rf"{kind.name.capitalize()} 5 Avg \(IOU: (\S+)\), count: (\d+), class_loss = (\S+),"
        r" iou_loss = (\S+), total_loss = (\S+) ",
        line,
    )
    assert found
    figures = [float(word) for word in found.groups()]
    assert 0 < figures[0] < 1
    assert figures[1:] == pytest.approx([count, classes, boxes, classes + boxes], rel=1e-5)
