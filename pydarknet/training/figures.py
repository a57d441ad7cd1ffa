"""What one mini-batch tells of itself, and the same as JSON for other processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from .deltas import network_cost
from .losses import Loss


@dataclass(frozen=True)
class MiniBatch:
    """The cost of a mini-batch, the fork's total_bbox and rewritten_bbox, and what is reported."""

    cost: float
    boxes: tuple[int, int]
    losses: Sequence[Loss]


def mini_batch_of(losses: Sequence[Loss]) -> MiniBatch:
    """Return what the losses of the heads come to."""
    counts = [loss.boxes for loss in losses if loss.boxes is not None]
    boxes = (0, 0)
    if counts:  # of all heads at once: a GPU is waited for
        total, rewritten = torch.stack(counts).sum(0).tolist()
        boxes = total, rewritten
    return MiniBatch(float(network_cost([loss.cost for loss in losses])), boxes, losses)


def record_of(one: MiniBatch) -> dict[str, Any]:
    """Return a mini-batch as JSON."""
    lines = [(loss.line(), loss.on_stderr) for loss in one.losses]
    return {"cost": one.cost, "boxes": one.boxes, "lines": lines}


def join(records: Sequence[dict[str, Any]]) -> MiniBatch:
    """Return the mini-batch whose parts these records are of."""
    cost = sum(record["cost"] for record in records)
    total, rewritten = (sum(record["boxes"][k] for record in records) for k in range(2))
    lines = [line for record in records for line in record["lines"]]
    return MiniBatch(cost, (total, rewritten), [line_loss(*line) for line in lines])


def line_loss(text: str, on_stderr: bool) -> Loss:
    """Return a loss that is reported by this line."""
    return Loss(cost=torch.zeros(()), line=lambda: text, on_stderr=on_stderr)
