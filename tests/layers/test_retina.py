"""[retina]: its options. Its boxes are held to torchvision's by test_map_anchor_head.py."""

from __future__ import annotations

import pytest
from anchor_heads import HEIGHT, RETINA, WIDTH

from pydarknet.errors import CfgError


def test_its_options_start_as_torchvisions(net):
    layer = net(RETINA.text(), h=HEIGHT, w=WIDTH).layers[-1]

    assert (layer.fg, layer.bg, layer.low_quality) == (0.5, 0.4, True)
    assert (layer.focal_alpha, layer.focal_gamma, layer.iou_loss) == (0.25, 2, "l1")
    assert layer.box_weights == (1, 1, 1, 1)


def test_no_overlap_may_be_between_fg_and_bg(net):
    layer = net(RETINA.text("bg=.5\n"), h=HEIGHT, w=WIDTH).layers[-1]

    assert layer.bg == layer.fg


@pytest.mark.parametrize("option", ["fg=1.5", "iou_loss=l3", "cls_normalizer=-1"])
def test_what_it_cannot_be_is_an_error_with_its_line(net, option):
    with pytest.raises(CfgError, match=r"net.cfg:\d+: \[retina\] "):
        net(RETINA.text(f"{option}\n"), h=HEIGHT, w=WIDTH)
