"""What the fork's yolo heads learn of classes: smoothing, multipliers, focal loss."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ...layers.anchor_head import AnchorHead, ForkLosses
from .matcher import Matches


@dataclass(frozen=True)
class Classes:
    """How a head of the fork teaches classes; `table` has a multiplier a class, if any."""

    eps: float
    table: tuple[float, ...]
    normalizer: float
    focal: bool = False

    @classmethod
    def of(cls, layer: ForkLosses, *, focal: bool = False) -> Classes:
        """Take a head's options.

        Quirk: CLS_NORMALIZER
        """
        return cls(layer.label_smooth_eps, multipliers(layer), layer.cls_normalizer, focal)

    def multiplier(self, matches: Matches) -> Tensor:
        """Return how much more each truth counts for its class being rare, [K, 1]."""
        if not self.table:
            return torch.ones_like(matches.truth.x)[:, None]
        return matches.truth.x.new_tensor(self.table)[matches.classes][:, None]

    def taught(
        self, before: Tensor, given: Tensor, hits: Tensor, more: Tensor, known: Tensor
    ) -> Tensor:
        """Return class deltas [k, classes] after a truth of each slot.

        `given` are the probabilities, `hits` the truths' classes, `more` their multipliers [k, 1],
        `known` [k, 1] whether a slot has learnt before: then it learns the one class beside.

        Darknet: src/yolo_layer.c delta_yolo_class (AlexeyAB)
        """
        steps = smoothed(hits, self.eps) - given
        steps = torch.where(steps.isfinite(), steps, before)
        fresh = steps
        if self.focal:
            fresh = focal_steps(given, hits)
        elif self.table:
            fresh = torch.where(hits, steps * more * self.normalizer, steps)
        return torch.where(known, torch.where(hits, steps * more, before), fresh)


def multipliers(layer: ForkLosses) -> tuple[float, ...]:
    """Return a number for each class, the greater the rarer it is; none without counters.

    Darknet: src/parser.c get_classes_multipliers (AlexeyAB)
    """
    counters = [max(count, 1) for count in layer.counters_per_class]
    assert isinstance(layer, AnchorHead)
    if counters and len(counters) != layer.classes:
        raise layer.error(f"{len(counters)} counters_per_class: expected {layer.classes}, classes")
    return tuple(min(max(counters) / count, layer.max_delta) for count in counters)


def smoothed(hits: Tensor, eps: float) -> Tensor:
    """Return 1 and 0 for classes that are the truth's or not, brought `eps` nearer to one half.

    Darknet: src/yolo_layer.c delta_yolo_class (AlexeyAB)
    """
    return hits * (1 - eps) + 0.5 * eps


def focal_steps(given: Tensor, hits: Tensor) -> Tensor:
    """Return class steps that fade as the truth's class grows sure, [k, classes].

    Darknet: src/yolo_layer.c delta_yolo_class, src/region_layer.c delta_region_class (AlexeyAB)
    """
    sure = (given * hits).sum(1, keepdim=True) + 1e-15
    fading = -(1 - sure) * (2 * sure * sure.log() + sure - 1)
    return (hits.float() - given) * 0.5 * fading
