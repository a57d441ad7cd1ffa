"""Checks of classes: ids of labels against the names, the .data file and the cfg."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from ..dataset.files import DataFile, read_names
from ..errors import DarknetError
from ..system.text import count_of, excerpt
from . import label_lines as faults
from .finding import LOOK, WRONG, Finding, check, findings_at, state_of
from .survey import TRAIN, VALID, Survey

SHOWN: Final = 5  # classes that a line names
RARE: Final = 50  # the commonest class has that many times the boxes of the rarest
FEW: Final = 20  # boxes of a class
FOLDERS: Final = 100  # of labels that are looked at
TOOL_NAMES: Final = "classes.txt"  # in which LabelImg and others keep the names, in their order


def names_of(survey: Survey) -> list[str]:
    """Return the names of the classes; none if they cannot be read."""
    return names_in(survey.data)


def names_in(data: DataFile) -> list[str]:
    """Return the names that a .data file names; none if they cannot be read."""
    file = data.find_file("names")
    try:
        return read_names(file) if file else []
    except DarknetError:
        return []


def classes_of(survey: Survey) -> int:
    """Return the classes that the .data file says there are, else those of the cfg."""
    return given_classes(survey.data) or survey.rules.classes


def given_classes(data: DataFile) -> int | None:
    """Return the classes that a .data file says there are; None if it says none, or no number."""
    try:
        return data.integer("classes", 1) if data.find("classes") else None
    except DarknetError:
        return None


def class_words(survey: Survey, classes: np.ndarray, counts: np.ndarray | None = None) -> str:
    """Return classes as a line shows them: name and number, and the count of each if given."""
    names = names_of(survey)
    shown = classes[:SHOWN].tolist()
    words = [f"{names[k]} (class {k})" if k < len(names) else f"class {k}" for k in shown]
    if counts is not None:
        words = [f"{word} {counts[k]:,}" for word, k in zip(words, shown, strict=True)]
    rest = f" and {len(classes) - SHOWN} more" if len(classes) > SHOWN else ""
    return ", ".join(words) + rest


@check
def look_at_ids(survey: Survey) -> Iterator[Finding]:
    """Yield class ids that are none of the classes; those counted from 1."""
    wrong = survey.faults(faults.CLASS)
    if not wrong:
        return
    count, used = survey.rules.classes, survey.rows[:, 0]
    written = [line.place for line in wrong if line.row[0] in range(count)]
    text = "[line writes its class|lines write their class] as a fraction: left out"
    mend = "write 0, not 0.0e+00 (numpy.savetxt: fmt='%d %f %f %f %f')"
    yield from findings_at("classes", text, mend, written, state_of(len(written), survey.count))
    wrong = [line for line in wrong if line.row[0] not in range(count)]
    ids = np.array([line.row[0] for line in wrong])
    places = tuple(line.place for line in wrong)
    if wrong and not (used == 0).any() and (ids == count).all():
        text = f"class ids seem to be counted from 1: {count} is there, 0 is not"
        yield Finding("classes", WRONG, text, "subtract 1 from each id in the label files", places)
        return
    some = ", ".join(f"{one:g}" for one in np.unique(ids)[:SHOWN])
    text = f"[box is|boxes are] of class {some}: expected 0 to {count - 1}: left out"
    mend = "correct the ids, or classes= in the .data file and the cfg, filters= and the names"
    yield from findings_at("classes", text, mend, places, WRONG)


@check
def look_at_names(survey: Survey) -> Iterator[Finding]:
    """Yield names that do not pair with classes."""
    data, count = survey.data, classes_of(survey)
    file = data.find_file("names")
    if not file:
        text = f"no names= in {data.path}: -map and the drawn boxes need it"
        yield Finding("names", LOOK, text, "write a name a line, and names=FILE")
        return
    try:
        names = read_names(file)
    except DarknetError as error:
        yield Finding("names", LOOK, str(error), "write a name a line", (file,))
        return
    if len(names) != count:
        text = (
            f"{file} has {count_of(len(names), 'name')} for {count_of(count, 'class', 'classes')}"
        )
        yield Finding(
            "names", WRONG, text, "write one name a class, in the order of the ids", (file,)
        )
    blank = [name for name in names if not name.strip()]
    twice = sorted(name for name, count in Counter(names).items() if name.strip() and count > 1)
    if blank:
        yield Finding("names", LOOK, f"{file} has an empty line", "delete it", (file,))
    if twice:
        text = f"{file} has {', '.join(twice[:SHOWN])} twice"
        yield Finding("names", LOOK, text, "give each class its own name", (file,))
    yield from other_orders(survey, file, [name.strip() for name in names])


def other_orders(survey: Survey, file: str, names: Sequence[str]) -> Iterator[Finding]:
    """Yield names files that a tool left beside the labels, with other names for the ids."""
    folders = sorted({os.path.dirname(label) for label in survey.labels if label})
    for folder in folders[:FOLDERS]:
        path = os.path.join(folder, TOOL_NAMES)
        try:
            meant = [name.strip() for name in read_names(path)]
        except DarknetError:
            continue
        pairs = zip(names, meant, strict=False)
        at = next((k for k, (one, other) in enumerate(pairs) if one != other), None)
        if at is not None:
            text = f"class {at} is {names[at]} in {file}, {meant[at]} in {path} beside the labels"
            state = WRONG if sorted(names) == sorted(meant) else LOOK
            mend = "take the names, in their order, of the tool that wrote the labels"
            yield Finding("names", state, text, mend, (file,))


@check
def look_at_numbers(survey: Survey) -> Iterator[Finding]:
    """Yield classes= of the .data file and of the heads that differ."""
    entry = survey.data.section.find("classes")
    if entry is None:
        text = f"no classes= in {survey.data.path}"
        yield Finding("classes", LOOK, text, f"add classes={survey.rules.classes}")
    elif given_classes(survey.data) is None:
        place = f"{survey.data.path}:{entry.line}"
        text = f"classes = {excerpt(entry.value or '')} in {survey.data.path}: expected a number"
        mend = f"write classes={survey.rules.classes}"
        yield Finding("classes", WRONG, text, mend, (place,))
    if survey.plan is None:
        return
    given = classes_of(survey)
    for head in survey.plan.heads:
        if head.classes != given:
            place = f"{head.section.path}:{head.section.line}"
            text = f"[{head.section.name}] has classes={head.classes}, {survey.data.path} {given}"
            mend = "make both the same, and filters= before the head"
            yield Finding("classes", WRONG, text, mend, (place,))


@check
def look_at_shares(survey: Survey) -> Iterator[Finding]:
    """Yield classes that have no boxes, or few beside the others."""
    train = survey.class_counts(TRAIN)[: classes_of(survey)]
    if not train.any():
        return
    none = np.flatnonzero(train == 0)
    if len(none):
        text = f"{count_of(len(none), 'class', 'classes')} without a box in train: "
        mend = "label some objects, or drop the classes: they are never found"
        yield Finding("classes", LOOK, text + class_words(survey, none), mend)
    if VALID in survey.lists and (valid := survey.class_counts(VALID)[: len(train)]).any():
        unseen = np.flatnonzero((valid == 0) & (train > 0))
        if len(unseen):
            text = f"{count_of(len(unseen), 'class', 'classes')} without a box in valid: "
            text += class_words(survey, unseen)
            yield Finding("classes", LOOK, text, "the mAP counts them as 0: move images to valid")
    rare = np.flatnonzero((train > 0) & ((train < FEW) | (train * RARE < train.max())))
    if len(rare):
        text = f"few boxes: {class_words(survey, rare, train)}"
        common = train.argmax() not in rare
        text += f"; the commonest has {train.max():,}" if common else ""
        mend = "add images of them; some hundreds of boxes a class are a start"
        yield Finding("classes", LOOK, text, mend)
