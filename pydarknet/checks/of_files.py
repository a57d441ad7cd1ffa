"""Checks of lists and image files."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from typing import Final

from ..image.formats import ENDINGS
from ..system.text import count_of
from .finding import LOOK, WRONG, Finding, check, findings_at, state_of
from .survey import TRAIN, VALID, Survey

SQUEEZED: Final = 2.0  # times as wide as the network's input, or as high, as images are


@check
def look_at_lists(survey: Survey) -> Iterator[Finding]:
    """Yield what is wrong with the lists themselves."""
    for name, one in survey.lists.items():
        state = WRONG if name == TRAIN else LOOK
        if one.problem:
            mend = f"write a path a line, and {name}=FILE into {survey.data.path}"
            yield Finding("list", state, f"{name}: {one.problem}", mend, (one.file,))
        elif not one.paths:
            yield Finding("list", state, f"{name}: {one.file} is empty", "list images", (one.file,))
        twice = [path for path, count in Counter(one.paths).items() if count > 1]
        text = f"[image is|images are] listed more than once in {one.file}"
        yield from findings_at("list", text, "list each image once", twice)
    if VALID not in survey.lists:
        text = f"no valid= in {survey.data.path}: no mAP can say when to stop"
        yield Finding("valid", LOOK, text, "set a tenth of the images apart, and add valid=FILE")


@check
def look_at_image_files(survey: Survey) -> Iterator[Finding]:
    """Yield images that are not there, cannot be read or are damaged."""
    bad = [i for i, picture in enumerate(survey.pictures) if not picture.readable]
    gone = [survey.images[i] for i in bad if not os.path.exists(survey.images[i])]
    broken = [i for i in bad if os.path.exists(survey.images[i])]
    state = state_of(len(bad), len(survey.images))
    mend = "correct the list: paths start from the folder in which you train"
    if gone and (other := otherwise_written(gone[0])):
        mend = f"correct the list: there is {other}"
    yield from findings_at("images", "listed [image is|images are] not there", mend, gone, state)
    why = f"; the first: {survey.pictures[broken[0]].problem}" if broken else ""
    places = [survey.images[i] for i in broken]
    text = f"[image|images] cannot be read{why}"
    mend = "replace or unlist them: training puts others in their place"
    yield from findings_at("images", text, mend, places, state)
    doubts = [p for p, one in zip(survey.images, survey.pictures, strict=True) if one.doubt]
    text = "[image is|images are] damaged: a part is lost"
    yield from findings_at("images", text, "copy them again, or unlist them", doubts)


def otherwise_written(path: str) -> str:
    """Return a file of the same name in other capitals, or of another image's ending; else "".

    A link to nothing is no such file.
    """
    folder, name = os.path.split(path)
    stem = os.path.splitext(name)[0].lower()
    try:
        there = sorted(os.listdir(folder or "."))
    except OSError:
        return ""
    for other in there:
        same, ending = os.path.splitext(other)
        found = os.path.join(folder, other)
        if same.lower() == stem and ending.lower() in ENDINGS and os.path.exists(found):
            return found
    return ""


@check
def look_at_turns(survey: Survey) -> Iterator[Finding]:
    """Yield photographs whose EXIF data turn them: labels may be of the unturned picture."""
    pairs = zip(survey.images, survey.pictures, strict=True)
    turned = [path for path, picture in pairs if picture.orientation != 1]
    if survey.exif:
        text = "[photograph is|photographs are] turned upright by their EXIF data"
        mend = "look at their boxes (-plot DIR); if those lie wrong, train with -exif off"
    else:
        text = "[photograph lies on its|photographs lie on their] side: -exif off"
        mend = "look at their boxes (-plot DIR); if those lie wrong, leave out -exif off"
    yield from findings_at("exif", text, mend, turned)


@check
def look_at_proportions(survey: Survey) -> Iterator[Finding]:
    """Yield images that the network's input squeezes much."""
    if survey.plan is None or survey.plan.letterbox:
        return
    net = survey.plan.net
    pairs = zip(survey.images, survey.pictures, strict=True)
    places = [
        path
        for path, one in pairs
        if min(one.size) > 0
        and not 1 / SQUEEZED < one.size[0] / one.size[1] / (net.width / net.height) < SQUEEZED
    ]
    if len(places) > len(survey.images) / 10:
        share = count_of(len(places), "image")
        text = f"{share} of {len(survey.images):,} are squeezed to less than half in one direction"
        mend = "give [net] a width and height like theirs, multiples of 32, or letter_box=1"
        yield Finding("size", LOOK, text, mend, tuple(places))
