"""[ssd], the head of the single-shot detector over maps of falling size."""

from __future__ import annotations

from typing import ClassVar

from ..boxes.map_anchors import MatchRule
from ..cfg.options import quiet
from .base import section
from .map_anchor_head import BOX_LOSSES, MapAnchorHead


@section("ssd")
class Ssd(MapAnchorHead):
    """Decode a box and the chance of each class for each default box of the maps of `layers`.

    A map of A default boxes (`anchors`) has the channels A * 4, A * (1 + classes): the background
    comes first, and leaves no trace in the output. A default box learns the true box that it
    overlaps by `fg` or more, and each true box has the best one in any case. Of the others only the
    hardest are learned, `neg_ratio` for each that learns a box; with 0 all are.

    Source: Liu et al. 2016, arXiv 1512.02325; torchvision, models/detection/ssd.py
    """

    channels_hint = (
        "each of `layers` has 4 deltas of each of its anchors, then the scores of each:"
        " the background's before those of the classes"
    )
    softmax: ClassVar[bool] = True
    by_map: ClassVar[bool] = False

    pre_nms: int = quiet(400, least=0)
    post_nms: int = quiet(200, least=0)
    box_weights: tuple[float, ...] = quiet((10.0, 10.0, 5.0, 5.0), above=0)
    fg: float = quiet(0.5, least=0, most=1)
    neg_ratio: float = quiet(3.0, least=0)
    iou_loss: str = quiet("smooth_l1", choices=BOX_LOSSES)
    iou_normalizer: float = quiet(1.0, least=0)
    cls_normalizer: float = quiet(1.0, least=0)

    @property
    def rule(self) -> MatchRule:
        return MatchRule(fg=self.fg, bg=self.fg, forced=True)
