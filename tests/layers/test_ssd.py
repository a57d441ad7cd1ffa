"""[ssd]: its options. Its boxes are held to torchvision's by test_map_anchor_head.py."""

from __future__ import annotations

import pytest
from anchor_heads import HEIGHT, SSD, WIDTH

from pydarknet.errors import CfgError


def test_its_options_start_as_torchvisions(net):
    layer = net(SSD.text(), h=HEIGHT, w=WIDTH).layers[-1]

    assert (layer.fg, layer.neg_ratio, layer.iou_loss) == (0.5, 3, "smooth_l1")
    assert layer.box_weights == (10, 10, 5, 5)


@pytest.mark.parametrize("option", ["fg=1.5", "iou_loss=l3", "cls_normalizer=-1"])
def test_what_it_cannot_be_is_an_error_with_its_line(net, option):
    with pytest.raises(CfgError, match=r"net.cfg:\d+: \[ssd\] "):
        net(SSD.text(f"{option}\n"), h=HEIGHT, w=WIDTH)
