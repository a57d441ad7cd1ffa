"""Checks of anchors: how they fit the boxes, and whether each head has those of its size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from ..evaluate.anchors import anchors_text, cluster, iou, keep_scales
from ..system.text import count_of
from .finding import LOOK, WRONG, Finding, check
from .plan import Plan
from .survey import Survey

GAIN: Final = 0.05  # of mean IoU, from which on other anchors are worth it
HOPELESS: Final = 0.1  # mean IoU, below which anchors are of another unit than the boxes
FAR: Final = 10  # times the input's side, from which on an anchor fits nothing
LEAST: Final = 100  # boxes, for which anchors are worth a thought
MOST: Final = 20_000  # boxes that are clustered
SEED: Final = 0


@dataclass(frozen=True)
class Fit:
    """The mean IoU of boxes with the nearest anchor, and with those of `detector calc_anchors`.

    These are `possible` only if they leave each head anchors of its size.
    """

    given: float
    calculated: float
    anchors: str
    possible: bool


def fit_of(survey: Survey) -> Fit | None:
    """Return how the anchors of a cfg fit its boxes; None if either is missing.

    Of very many boxes, some by chance.
    """
    plan, sizes = survey.plan, survey.box_sizes.astype(np.float32)
    if plan is None or not plan.anchored or not len(sizes):
        return None
    if len(sizes) > MOST:
        sizes = sizes[np.random.default_rng(SEED).choice(len(sizes), MOST, replace=False)]
    centers = anchors_of(plan).astype(np.float32)
    given = float(iou(sizes, centers).max(1).mean())
    if len(sizes) < len(centers):
        return Fit(given, given, "", possible=False)
    made = cluster(sizes, len(centers), np.random.default_rng(SEED))
    usual = centers[np.argsort(centers.prod(1), kind="stable")]
    possible = len(plan.anchored) == 1 or keep_scales(made.centers, usual)
    return Fit(given, made.average_iou, anchors_text(made, plan.net.width), possible)


def anchors_of(plan: Plan) -> np.ndarray:
    """Return the anchors of all heads, float64 [K, 2] in pixels."""
    return np.concatenate([head.anchors for head in plan.anchored])


@check
def look_at_fit(survey: Survey) -> Iterator[Finding]:
    """Yield anchors beside which others fit much better, and suit the heads."""
    fit = fit_of(survey)
    if fit is None or survey.plan is None or len(survey.rows) < LEAST:
        return
    suits = fit.possible or fit.given < HOPELESS
    if fit.calculated - fit.given > GAIN and suits:
        net = survey.plan.net
        text = f"anchors fit with a mean IoU of {fit.given:.0%}; those of calc_anchors with"
        text += f" {fit.calculated:.0%}: {fit.anchors.strip()}"
        count = len(anchors_of(survey.plan))
        mend = f"pydarknet detector calc_anchors {survey.data.path} -num_of_clusters {count}"
        mend += (
            f" -width {net.width} -height {net.height}; not for weights that are only fine-tuned"
        )
        state = WRONG if fit.given < HOPELESS else LOOK
        yield Finding("anchors", state, text, mend, (survey.plan.path,))


@check
def look_at_small_anchors(survey: Survey) -> Iterator[Finding]:
    """Yield heads with anchors that are missing, or were not written in their unit.

    Quirk: MISSING_ANCHORS
    """
    for head in survey.plan.anchored if survey.plan else ():
        small = head.anchors[(head.anchors < 1).all(1)]
        if len(small):
            w, h = small[0]
            text = f"{count_of(len(small), 'anchor')} below a pixel, {w:g} x {h:g}: "
            text += "anchors= is too short, or in another unit than pixels of the input"
            mend = "write the width and the height of each anchor in pixels"
            yield Finding("anchors", WRONG, text, mend, (head.place,))


@check
def look_at_large_anchors(survey: Survey) -> Iterator[Finding]:
    """Yield heads with anchors that are many times as large as the input."""
    plan = survey.plan
    for head in plan.anchored if plan else ():
        assert plan is not None
        large = head.anchors[
            (head.anchors > FAR * np.array([plan.net.width, plan.net.height])).any(1)
        ]
        if len(large):
            w, h = large[0]
            size = f"{plan.net.width}x{plan.net.height}"
            text = f"{count_of(len(large), 'anchor')} far beyond the {size} input, {w:g} x {h:g}"
            mend = "write the width and the height of each anchor in pixels of the input"
            yield Finding("anchors", WRONG, text, mend, (head.place,))


@check
def look_at_order(survey: Survey) -> Iterator[Finding]:
    """Yield heads whose anchors are larger than those of a head with larger cells."""
    if survey.plan is None:
        return
    heads = sorted(survey.plan.anchored, key=lambda head: head.stride)
    for fine, coarse in pairwise(heads):
        areas = [float(head.anchors.prod(1).mean()) for head in (fine, coarse)]
        if fine.stride < coarse.stride and areas[0] > areas[1]:
            text = f"the head with cells of {fine.stride:g} pixels has larger anchors than the one"
            text += f" with {coarse.stride:g}"
            mend = "sort anchors by size; mask= of the head with the finest cells has the first"
            yield Finding("anchors", LOOK, text, mend, (fine.place, coarse.place))
