"""The class deltas of the fork's yolo heads: label smoothing, class weights, focal loss."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ...layers.anchor_head import AnchorHead, ForkLosses
from ...modules.parameters import constant
from .matcher import Matches
from .pull import PLAIN, Pull


@dataclass(frozen=True)
class ClassDeltas:
    """What class deltas depend on; `weights` has a number for each class, or none."""

    eps: float  # of label smoothing
    weights: tuple[float, ...]
    normalizer: float
    focal: bool = False  # the fork's, for one of several classes
    pull: Pull = PLAIN

    @classmethod
    def of(cls, layer: ForkLosses, pull: Pull, *, focal: bool = False) -> ClassDeltas:
        """Read a head's options.

        Quirk: CLS_NORMALIZER
        """
        return cls(layer.label_smooth_eps, class_weights(layer), layer.cls_normalizer, focal, pull)

    def weight(self, matches: Matches) -> Tensor:
        """Return the weight of each match, [K, 1]: the greater the rarer its class is."""
        if not self.weights:
            return torch.ones_like(matches.truth.x)[:, None]
        return constant(self.weights, matches.truth.x)[matches.classes][:, None]

    def deltas(
        self, before: Tensor, output: Tensor, one_hot: Tensor, weight: Tensor, again: Tensor
    ) -> Tensor:
        """Return class deltas [K, classes] of slots after one match more for each.

        `before` are their deltas so far, `output` the predicted probabilities, `weight` [K, 1].
        Where `again` [K, 1], an earlier match of the slot has set the classes; the C then only adds
        the class of this one.

        Darknet: src/yolo_layer.c delta_yolo_class (AlexeyAB)
        """
        plain = self.pull.toward(smooth_targets(one_hot, self.eps), output)
        plain = torch.where(plain.isfinite(), plain, before)  # the C skips NaN and infinity
        first = plain
        if self.focal:
            first = focal_deltas(output, one_hot)
        elif self.weights:
            first = torch.where(one_hot, plain * weight * self.normalizer, plain)
        return torch.where(again, torch.where(one_hot, plain * weight, before), first)


def class_weights(layer: ForkLosses) -> tuple[float, ...]:
    """Return a number for each class, the greater the rarer it is; none without counters.

    Darknet: src/parser.c get_classes_multipliers (AlexeyAB)
    """
    counters = [max(count, 1) for count in layer.counters_per_class]
    assert isinstance(layer, AnchorHead)
    if counters and len(counters) != layer.classes:
        raise layer.error(f"{len(counters)} counters_per_class: expected {layer.classes}, classes")
    return tuple(min(max(counters) / count, layer.max_delta) for count in counters)


def smooth_targets(one_hot: Tensor, eps: float) -> Tensor:
    """Return targets of label smoothing: 1 - eps / 2 for the true class, eps / 2 for others.

    Darknet: src/yolo_layer.c delta_yolo_class (AlexeyAB)
    """
    return one_hot * (1 - eps) + 0.5 * eps


def focal_deltas(output: Tensor, one_hot: Tensor) -> Tensor:
    """Return the deltas of focal loss, [K, classes]: they fade as the true class grows certain.

    All classes get the factor of the true one, for gamma = 2 and alpha = 0.5.

    Darknet: src/yolo_layer.c delta_yolo_class, src/region_layer.c delta_region_class (AlexeyAB)
    """
    p = (output * one_hot).sum(1, keepdim=True) + 1e-15  # of the true class; keeps the log finite
    factor = -(1 - p) * (2 * p * p.log() + p - 1)
    return (one_hot.float() - output) * 0.5 * factor
