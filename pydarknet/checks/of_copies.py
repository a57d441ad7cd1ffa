"""Checks of copies: pictures that are in both lists, or twice, or nearly so."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from typing import Final

import numpy as np

from ..errors import DataError
from ..system.digest import digest
from .finding import Finding, check, findings_at
from .survey import TRAIN, VALID, Survey

ALIKE: Final = 0.95  # correlation of small greys; that of unlike pictures is below 0.85
LEAST: Final = 64  # pixels of a side, below which unlike pictures are alike
AT_ONCE: Final = 256  # pictures that are compared with all others


@check
def look_at_copies(survey: Survey) -> Iterator[Finding]:
    """Yield pictures that are in a list twice, or in both lists: by path, then by content."""
    train, valid = survey.members(TRAIN), survey.members(VALID)
    both = [path for i, path in enumerate(survey.images) if train[i] and valid[i]]
    if both and len(both) == valid.sum():
        text = "[image|images], all of valid, [is|are] in train too: the mAP is too good"
    else:
        text = "[image is|images are] in both train and valid: the mAP is too good"
    yield from findings_at("valid", text, "set other images apart for valid", both)
    groups = list(survey.groups(contents_of(survey)))
    leaks = [g for g in groups if train[g].any() and (valid[g] & ~train[g]).any()]
    places = [" = ".join(survey.images[i] for i in group) for group in leaks]
    text = "[picture of valid is|pictures of valid are] in train under another name"
    yield from findings_at("valid", text, "take each off one of the two lists", places)
    forms = survey.groups(map(form_of, survey.images))
    turned = [g for g in forms if train[g].any() and (valid[g] & ~train[g]).any()]
    text = "[picture of valid has|pictures of valid have] another form in train, by the name"
    mend = "split the pictures first, then make forms of those of train"
    places = [" ~ ".join(survey.images[i] for i in group) for group in turned]
    yield from findings_at("valid", text, mend, places)
    places = [" = ".join(survey.images[i] for i in g) for g in groups if g not in leaks]
    yield from findings_at(
        "copies", "[picture is|pictures are] there more than once", "keep one of each", places
    )


def form_of(path: str) -> str | None:
    """Return the name that Roboflow's forms of a picture share; None for other names."""
    stem, mark, _ = os.path.basename(path).partition(".rf.")
    return stem if mark else None


def contents_of(survey: Survey) -> Iterator[object]:
    """Yield a key for the content of each image: what it shows if all were decoded, else its bytes.

    Files of a length that no other has are not read.
    """
    decoded = all(one.pixels for one in survey.pictures if one.readable)
    lengths = Counter(one.length for one in survey.pictures)
    for path, one in zip(survey.images, survey.pictures, strict=True):
        if not one.readable:
            yield None
        elif decoded:
            yield one.pixels
        else:
            yield digest_of(path) if lengths[one.length] > 1 else None


def digest_of(path: str) -> str:
    """Return the digest of a file; empty if it went away."""
    try:
        return digest(path)
    except DataError:
        return ""


@check
def look_at_likenesses(survey: Survey) -> Iterator[Finding]:
    """Yield pictures of valid that look like one of train, where pixels were read."""
    train, valid = survey.members(TRAIN), survey.members(VALID)
    able = [i for i, one in enumerate(survey.pictures) if one.grey and min(one.size) >= LEAST]
    greys = np.array([list(survey.pictures[i].grey) for i in able], np.float32)
    if not len(greys):
        return
    greys -= greys.mean(1, keepdims=True)
    greys /= np.maximum(np.linalg.norm(greys, axis=1, keepdims=True), 1)
    old = [place for place, i in enumerate(able) if train[i]]
    new = [place for place, i in enumerate(able) if valid[i] and not train[i]]
    places = []
    for start in range(0, len(new) if old else 0, AT_ONCE):
        part = new[start : start + AT_ONCE]
        likeness = greys[part] @ greys[old].T
        for place, best, value in zip(part, likeness.argmax(1), likeness.max(1), strict=True):
            one, other = able[old[best]], able[place]
            if value > ALIKE and survey.pictures[one].pixels != survey.pictures[other].pixels:
                places.append(f"{survey.images[one]} ~ {survey.images[other]}")
    text = "[picture of valid looks|pictures of valid look] nearly like one of train"
    mend = "keep both in one list, as all frames of a film: else the mAP is too good"
    yield from findings_at("valid", text, mend, places)
