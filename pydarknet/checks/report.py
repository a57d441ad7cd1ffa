"""What a survey says on one screen: what there is, then what is wrong, the worst first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Final

import numpy as np

from ..system.memory import size_text
from ..system.text import count_of, json_text, shorten
from .finding import LOOK, WRONG, Finding, only
from .of_anchors import fit_of
from .of_classes import names_of
from .survey import Survey

WIDTH: Final = 150  # letters of a line
PLACES: Final = 3  # that a line shows
CLASSES: Final = 8  # that a line shows
INDENT: Final = " " * 16


def report(survey: Survey, findings: Sequence[Finding]) -> Iterator[str]:
    """Yield the lines of a report."""
    yield from summary(survey)
    for one in findings:
        yield from lines_of(one)
    yield verdict(findings)


def summary(survey: Survey) -> Iterator[str]:
    """Yield what there is: a line for each list, one for the boxes, one for the cfg."""
    for name in survey.lists:
        yield list_line(survey, name)
    yield boxes_line(survey)
    if survey.plan:
        yield plan_line(survey)


def list_line(survey: Survey, name: str) -> str:
    """Return the line about a list: images, sizes, those without boxes."""
    one, members = survey.lists[name], survey.members(name)
    seen = np.flatnonzero(members).tolist()
    words = [f"{name}: {one.file}: {number_of(len(one.paths), 'image')}"]
    sizes = [survey.pictures[i].size for i in seen if survey.pictures[i].readable]
    if sizes:
        words.append(sizes_text(sizes))
    if lost := len(seen) - len(sizes):
        words.append(f"{number_of(lost, 'image')} unreadable")
    empty = sum(1 for i in seen if survey.labels[i] and not survey.counts[i])
    missing = sum(1 for i in seen if not survey.labels[i])
    words.append(f"{empty:,} without a box, {missing:,} without a label file")
    return ", ".join(words)


def sizes_text(sizes: Sequence[tuple[int, int]]) -> str:
    """Return the least, the middle and the largest size."""
    ordered = sorted(sizes, key=lambda size: size[0] * size[1])
    low, middle, high = (ordered[i] for i in (0, len(ordered) // 2, -1))
    if low == high:
        return f"{low[0]}x{low[1]}"
    ends = f"{low[0]}x{low[1]} to {high[0]}x{high[1]}"
    return f"{ends} (median {middle[0]}x{middle[1]})"


def boxes_line(survey: Survey) -> str:
    """Return the line about boxes: how many, of which classes, and what is left out."""
    counts = np.bincount(survey.rows[:, 0].astype(np.int64), minlength=survey.rules.classes)
    names = names_of(survey)
    order = np.argsort(-counts, kind="stable")
    called = [names[k] if k < len(names) else f"class {k}" for k in range(len(counts))]
    words = [f"{called[k]} {counts[k]:,}" for k in order[:CLASSES].tolist()]
    rest = f" and {len(counts) - CLASSES} more classes" if len(counts) > CLASSES else ""
    left = len(survey.left_out)
    text = f"boxes: {len(survey.rows):,}: {', '.join(words)}{rest}"
    return f"{text}; {number_of(left, 'line')} left out" if left else text


def plan_line(survey: Survey) -> str:
    """Return the line about the cfg: input, batch, schedule, anchors."""
    plan = survey.plan
    assert plan is not None
    net = plan.net
    words = [
        f"cfg: {plan.path}: {net.width}x{net.height}, dialect {plan.lineage}",
        f"batch {net.batch}/{net.subdivisions}, {net.max_batches:,} batches",
    ]
    images = len(survey.lists["train"].paths)
    if images and net.max_batches:
        words.append(f"each image {number_of(round(net.max_batches * net.batch / images), 'time')}")
    if fit := fit_of(survey):
        unfit = "" if fit.possible else ", which do not suit the heads"
        words.append(f"anchors fit {fit.given:.0%} (calc_anchors: {fit.calculated:.0%}{unfit})")
    if plan.memory:
        words.append(f"about {size_text(plan.memory)} a mini-batch")
    return ", ".join(words)


def number_of(number: int, one: str, several: str = "") -> str:
    """Return a number with its noun, as `count_of`, with commas between thousands."""
    return count_of(number, one, several).replace(str(number), f"{number:,}", 1)


def lines_of(finding: Finding) -> Iterator[str]:
    """Yield the line of a finding, and one with where it is and what to do."""
    yield shorten(f"{finding.state:6}{finding.thing:10}{finding.text}", 2 * WIDTH)
    words = [places_text(finding.places), finding.mend]
    if any(words):
        yield INDENT + " -> ".join(filter(None, words))


def places_text(places: Sequence[str]) -> str:
    """Return the first places, as many as a line has room for, each whole but a very long first."""
    told = ", ".join(places[:1])
    told, shown = shorten(told, WIDTH), 1
    for place in places[1:PLACES]:
        if len(told) + len(place) > WIDTH:
            break
        told, shown = f"{told}, {place}", shown + 1
    return told + (" ..." if len(places) > shown else "")


def verdict(findings: Sequence[Finding]) -> str:
    """Return the line that says whether training would go wrong."""
    wrong, look = only(WRONG, findings), only(LOOK, findings)
    also = f"; {count_of(len(look), 'thing')} to look at" if look else ""
    if wrong:
        things = ", ".join(dict.fromkeys(one.thing for one in wrong))
        return f"training would go wrong: {things}{also}"
    return f"nothing would make training go wrong{also}"


def as_json(survey: Survey, findings: Iterable[Finding]) -> str:
    """Return a report as JSON: counts, and findings with all their places."""
    findings, fit = list(findings), fit_of(survey)
    said = {
        "ok": not only(WRONG, findings),
        "lists": {name: json_of_list(survey, name) for name in survey.lists},
        "boxes": len(survey.rows),
        "left_out": len(survey.left_out),
        "names": names_of(survey),
        "anchors": asdict(fit) if fit else None,
        "findings": [asdict(one) for one in findings],
    }
    return json_text(said, 1)


def json_of_list(survey: Survey, name: str) -> dict[str, object]:
    """Return the counts of a list."""
    seen = np.flatnonzero(survey.members(name)).tolist()
    pictures = [survey.pictures[i] for i in seen]
    return {
        "file": survey.lists[name].file,
        "images": len(survey.lists[name].paths),
        "unreadable": sum(not one.readable for one in pictures),
        "without_labels": sum(not survey.labels[i] for i in seen),
        "without_boxes": sum(bool(survey.labels[i]) and not survey.counts[i] for i in seen),
        "boxes_per_class": survey.class_counts(name).tolist(),
    }
