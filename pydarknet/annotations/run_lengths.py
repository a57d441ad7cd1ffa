"""Masks as COCO writes them: lengths of runs, off and on in turn, down each column."""

from __future__ import annotations

from itertools import accumulate

from .instances import NOWHERE, Box

FIRST, LAST = 48, 111  # signs of a text of counts stand for 0 to 63
LONGEST = 60  # bits of a run's length
MORE, SIGN, BITS = 32, 16, 5  # of such a number: another follows, it is negative, bits of value


def bounds_of_mask(size: object, counts: object) -> Box:
    """Return left, top, right, bottom of the pixels of a mask [height, width]; nan without any.

    cocoapi: common/maskApi.c rleToBbox, rleFrString
    """
    try:
        height, width = (int(side) for side in size)  # type: ignore[attr-defined] # JSON may be anything
        runs = runs_of(counts) if isinstance(counts, str) else [int(run) for run in counts]  # type: ignore[attr-defined]
    except (TypeError, ValueError, OverflowError):
        return NOWHERE
    ends = list(accumulate(runs))
    if height <= 0 or width <= 0 or min(runs, default=-1) < 0 or ends[-1] > height * width:
        return NOWHERE
    spans = [(a, b - 1) for a, b in zip(ends[::2], ends[1::2], strict=False) if b > a]
    if not spans:
        return NOWHERE
    left, right = spans[0][0] // height, spans[-1][1] // height + 1
    tall = any(first // height != last // height for first, last in spans)
    if tall:  # a run that goes on in the next column reaches from edge to edge
        return left, 0, right, height
    rows = [(first % height, last % height) for first, last in spans]
    return left, min(a for a, _ in rows), right, max(b for _, b in rows) + 1


def runs_of(text: str) -> list[int]:
    """Return the runs in a text: from the fourth on, what each has more than the last but one.

    Raises ValueError for other signs, and a number that does not end.
    """
    runs: list[int] = []
    value = shift = 0
    for sign in text.encode("ascii", "replace"):
        if not FIRST <= sign <= LAST:
            raise ValueError("no run lengths")
        part = sign - FIRST
        value |= (part & (MORE - 1)) << shift
        shift += BITS
        if part & MORE:
            if shift > LONGEST:
                raise ValueError("a number without end")
            continue
        value -= (part & SIGN) << (shift - BITS + 1)
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))
        value = shift = 0
    if shift:
        raise ValueError("the last number does not end")
    return runs
