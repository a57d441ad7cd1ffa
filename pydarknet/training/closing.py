"""The line with which a training ends: its weights, the best of them, and what was left out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def closing_line(
    weights: Path | None, precisions: Sequence[Sequence[float]], best: Path, left_out: str
) -> str:
    """Return the line; `precisions` are iterations and their mAP in 0..1, `best` their weights."""
    words = [f"weights: {weights or 'none'}"]
    if precisions:
        batch, value = max(precisions, key=lambda row: row[1])
        words.append(f"best mAP {value:.2%} after batch {batch:.0f}: {best}")
    words.append(left_out or "no image and no line of labels was left out")
    return "; ".join(words)
