"""Checks of label files: lines that training leaves out, and boxes that are hardly meant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from ..dataset.files import label_paths
from . import label_lines as faults
from .elsewhere import labels_elsewhere
from .finding import LOOK, WRONG, Finding, check, findings_at, state_of
from .label_lines import looks_like_percent
from .survey import TRAIN, Survey

WHOLE: Final = 0.98  # of the image's width and height
BEYOND: Final = 0.01  # of the image's side, which a box may exceed by rounding
EQUAL: Final = 5  # digits in which two boxes are the same
CORNERS: Final = 0.2  # of the boxes exceed their image, where corners were written for centres
NEARLY_ALL: Final = 0.99
SOME, MOST = 5, 1.5  # boxes that say something about all; numbers that are no pixels
FEW: Final = 0.05  # of the boxes
MANY, REACH = 100, 0.7  # boxes of which one at least should reach so far
TRIED: Final = 20  # images for which labels elsewhere are sought
BACKGROUND: Final = 2 / 3  # of the images; AlexeyAB advises as many without objects as with them


class Fault(NamedTuple):
    """A kind of lines that training leaves out: what they are, and what mends them."""

    text: str
    mend: str


FAULTS: Final = {
    faults.UNREAD: Fault("label [file|files] cannot be read", "write them anew, as plain text"),
    faults.POLYGON: Fault(
        "[line is a polygon, not a box|lines are polygons, not boxes]",
        "polygons=1 in the .data file takes the boxes around them",
    ),
    faults.COMMAS: Fault(
        "[line has|lines have] commas",
        "write numbers with points, and blanks between them: 0 .5 .5 .2 .3",
    ),
    faults.WORDS: Fault(
        "[line does|lines do] not have five numbers",
        "write class, centre x, centre y, width, height; no score",
    ),
    faults.NAME: Fault(
        "[line begins|lines begin] with a name",
        "write the class's number, counted from 0 as in the names file",
    ),
    faults.NUMBERS: Fault(
        "[line has|lines have] something that is no number", "write five numbers, none of them nan"
    ),
    faults.CORNER: Fault(
        "[box has|boxes have] x = 0 and y = 0", "write the centre of the box, not 0 0"
    ),
    faults.SIZE: Fault(
        "[box has|boxes have] a width or height of 0, or below",
        "delete the lines, or draw the boxes anew",
    ),
    faults.OUTSIDE: Fault(
        "[box lies|boxes lie] outside of the image", "write shares of its width and height, 0 to 1"
    ),
}


@check
def look_at_faults(survey: Survey) -> Iterator[Finding]:
    """Yield the lines that training leaves out, by what is wrong with them."""
    total = survey.count
    for kind, fault in FAULTS.items():
        places = [line.place for line in survey.faults(kind)]
        state = state_of(len(places), total)
        yield from findings_at("labels", f"{fault.text}: left out", fault.mend, places, state)
    large = survey.faults(faults.PIXELS)
    unit = "percent" if looks_like_percent([line.row for line in large]) else "pixels"
    text = f"[box is|boxes are] in {unit}: left out"
    mend = "divide by 100" if unit == "percent" else "divide x and width by the image's width, ..."
    mend += ": coordinates are shares of the image, 0 to 1"
    yield from findings_at(
        "labels", text, mend, [line.place for line in large], state_of(len(large), total)
    )


@check
def look_at_missing_labels(survey: Survey) -> Iterator[Finding]:
    """Yield images without a label file, which count as background, and training without a box."""
    missing = [path for path, label in zip(survey.images, survey.labels, strict=True) if not label]
    train = survey.members(TRAIN)
    if survey.images and not survey.counts[train].any():
        mend = "see the lines about labels; a.jpg has its boxes in a.txt beside it, or in labels/"
        yield Finding("labels", WRONG, "no image of train has a box that training can use", mend)
    state = WRONG if len(missing) > len(survey.images) / 2 else LOOK
    text = "[image has|images have] no label file: taken as without objects"
    sought = label_paths(missing[0], survey.rules.lineage)[0] if missing else ""
    mend = next(filter(None, map(labels_elsewhere, missing[:TRIED])), "")
    mend = mend or f"write {sought}; for an image without objects, an empty file says so"
    yield from findings_at("labels", text, mend, missing, state)
    shared = list(survey.groups(label or None for label in survey.labels))
    places = [f"{survey.labels[g[0]]} of {', '.join(survey.images[i] for i in g)}" for g in shared]
    text = "label [file belongs|files belong] to several images of the same name"
    yield from findings_at("labels", text, "rename the images: each needs its own .txt", places)


@check
def look_at_backgrounds(survey: Survey) -> Iterator[Finding]:
    """Yield images without a box, where they are most of those that have labels."""
    labelled = np.array([bool(label) for label in survey.labels], bool)
    empty = labelled & (survey.counts == 0)
    if BACKGROUND * labelled.sum() < empty.sum() < len(empty):
        text = f"{empty.sum():,} of {labelled.sum():,} labelled images have no box"
        places = tuple(np.array(survey.images)[empty])
        yield Finding("labels", LOOK, text, "label their objects, or unlist some", places)


@check
def look_at_form(survey: Survey) -> Iterator[Finding]:
    """Yield labels that seem to have a corner where the centre should be."""
    others = [one.row for one in survey.left_out if one.row]
    rows = np.concatenate([survey.rows, np.array(others, np.float64).reshape(-1, 5)])
    if len(rows) < SOME or rows[:, 1:].max() > MOST:
        return
    before, after = (edge > BEYOND for edge in beyond(rows))
    share, mend = (before | after).mean(), "write centre x, centre y, width, height"
    ordered = ((rows[:, 3] > rows[:, 1]) & (rows[:, 4] > rows[:, 2])).mean()
    if share > CORNERS and ordered > NEARLY_ALL:
        text = "labels seem to be left, top, right, bottom: in nearly all the third number exceeds"
        text += " the first, and the fourth the second"
        yield Finding("labels", WRONG, text, mend)
    elif share > CORNERS and after.sum() < before.sum() * (1 - NEARLY_ALL):
        text = f"labels seem to be left, top, width, height: {share:.0%} reach beyond the left or"
        text += " upper edge of the image, hardly any beyond the others"
        yield Finding("labels", WRONG, text, mend)


@check
def look_at_reach(survey: Survey) -> Iterator[Finding]:
    """Yield labels of which none reaches the right or the lower part of its image."""
    rows = survey.rows
    if len(rows) < MANY:
        return
    furthest = float((rows[:, 1:3] + rows[:, 3:] / 2).max())
    if furthest < REACH:
        text = f"no box reaches beyond {furthest:.0%} of its image's width or height"
        mend = "if they were divided by another size than the image's, divide by that"
        yield Finding("labels", LOOK, text, mend)


def beyond(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return by how much boxes [B, 5] exceed left or top, and right or bottom of the image.

    Both are [B], in shares of its sides.
    """
    centres, halves = rows[:, 1:3], rows[:, 3:] / 2
    return (halves - centres).max(1), (centres + halves - 1).max(1)


@check
def look_at_odd_boxes(survey: Survey) -> Iterator[Finding]:
    """Yield boxes that are used and hardly meant."""
    rows = survey.rows
    large = rows[:, 3:].max(axis=1, initial=0) > 1 + BEYOND
    text = "[box is|boxes are] larger than the image: cut to it"
    mend = "write the box's share of the image's width and height, 0 to 1"
    state = state_of(int(large.sum()), survey.count)
    yield from findings_at("boxes", text, mend, survey.places(large), state)
    over = survey.places((np.maximum(*beyond(rows)) > BEYOND) & ~large)
    text = "[box reaches|boxes reach] beyond the image: cut to it"
    mend = "look at some of them; where many do, x and y may be corners rather than centres"
    yield from findings_at("boxes", text, mend, over)
    whole = survey.places((rows[:, 3:].min(axis=1, initial=np.inf) >= WHOLE) & ~large)
    text = "[box is|boxes are] as large as the image"
    yield from findings_at("boxes", text, "draw the box around the object, if it is smaller", whole)
    keys = np.column_stack([survey.box_owners, rows[:, 0], rows[:, 1:].round(EQUAL)])
    copies = copies_of(keys)
    text = "[line repeats|lines repeat] a box of the same image"
    yield from findings_at("boxes", text, "delete one of the two", survey.places(copies))
    clashes = copies_of(np.delete(keys, 1, axis=1)) & ~copies
    text = "[box is|boxes are] there for another class too"
    yield from findings_at("boxes", text, "keep the right class", survey.places(clashes))


def copies_of(keys: np.ndarray) -> np.ndarray:
    """Return which rows [N, K] were there before, bool [N]."""
    found = np.ones(len(keys), bool)
    if len(keys):
        found[np.unique(keys, axis=0, return_index=True)[1]] = False
    return found


@check
def look_at_small_boxes(survey: Survey) -> Iterator[Finding]:
    """Yield boxes that the network's input makes too small."""
    plan = survey.plan
    if plan is None or not len(survey.rows):
        return
    size = f"{plan.net.width}x{plan.net.height}"
    lost = survey.box_sizes.min(axis=1) < 1
    text = f"[box is|boxes are] below a pixel of the {size} input: left out"
    mend = "a larger width and height in [net]; or cut the images into tiles"
    state = state_of(int(lost.sum()), len(lost))
    yield from findings_at("boxes", text, mend, survey.places(lost), state)
    cell = min((head.stride for head in plan.anchored), default=0.0)
    small = (survey.box_sizes.max(axis=1) < cell) & ~lost
    if small.mean() > FEW:
        text = f"of {len(small):,} boxes are below a cell of {cell:g} pixels in the {size}"
        text += " input: hard to find"
        mend = "a larger width and height, or a cfg with one more head (yolov4-tiny-3l)"
        yield from findings_at("boxes", text, mend, survey.places(small))


@check
def look_at_crowds(survey: Survey) -> Iterator[Finding]:
    """Yield images with more boxes than a head takes."""
    if survey.plan is None or not survey.plan.heads or survey.plan.heads[-1].cells:
        return
    most = survey.plan.heads[-1].max
    crowds = [survey.images[i] for i in np.flatnonzero(survey.counts > most).tolist()]
    text = f"[image has|images have] more than max={most} boxes: some are left out, by chance"
    mend = f"max={int(survey.counts.max(initial=0))} in each head of the cfg"
    yield from findings_at("boxes", text, mend, crowds)
