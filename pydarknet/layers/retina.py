"""[retina], RetinaNet's head over the maps of a feature pyramid."""

from __future__ import annotations

from ..boxes.map_anchors import MatchRule
from ..cfg.options import quiet
from .base import section
from .map_anchor_head import BOX_LOSSES, MapAnchorHead


@section("retina")
class Retina(MapAnchorHead):
    """Decode a box and the chance of each class for each anchor of the maps of `layers`.

    A map of A anchors has the channels A * 4, A * classes. Of the anchors that overlap a true box
    by less than `fg` and not less than `bg`, nothing is learned; with `low_quality` each true box
    has its best anchors whatever they overlap.

    Source: Lin et al. 2017, arXiv 1708.02002; torchvision, models/detection/retinanet.py
    """

    fg: float = quiet(0.5, least=0, most=1)
    bg: float = quiet(0.4, least=0, most=1)
    low_quality: bool = quiet(True)
    focal_alpha: float = quiet(0.25, least=0, most=1)
    focal_gamma: float = quiet(2.0, least=0)
    iou_loss: str = quiet("l1", choices=BOX_LOSSES)
    iou_normalizer: float = quiet(1.0, least=0)
    cls_normalizer: float = quiet(1.0, least=0)

    def check(self) -> None:
        super().check()
        if self.bg > self.fg:
            raise self.section.option_error("bg", f"expected at most fg, which is {self.fg:g}")

    @property
    def rule(self) -> MatchRule:
        return MatchRule(fg=self.fg, bg=self.bg, low_quality=self.low_quality)
