"""The boxes that a head gives of a table of all that it computes, one image at a time; numpy alone.

A layer says which choice is its own. An exported file gives such tables, and says so too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..boxes.box_arrays import BoxArrays
from ..boxes.competition import Competition
from ..boxes.settings import Decoding
from ..cfg.class_tree import Tree, read_tree
from ..cfg.parser import Section
from ..errors import DataError
from ..system.text import excerpt
from .about import EXPECTED, About
from .layouts import SUPPRESSED

OBJECTS: Final = "objects"  # names of choices, in files too
ALL: Final = "all"
ALL_OR_ZERO: Final = "all or zero"
ALL_ARE_ONE: Final = "all are one"
MOST_MAPPED: Final = 200  # classes that are read from a map


@dataclass(frozen=True, kw_only=True)
class TableChoice:
    """What an exported file says of a table of boxes: which are a head's, and where they lie.

    Boxes that are `corrects_letterbox` are in 0..1 of the image inside a letterbox.
    `competition` says which scores compete; None: all.
    """

    choice: str
    tree: Tree | None
    corrects_letterbox: bool
    competition: Competition | None = None

    def choose(self, table: BoxArrays, decoding: Decoding) -> BoxArrays:
        """Return the boxes of an image that the head gives; see `choose`."""
        return choose(self.choice, table, self.tree, decoding, self.competition)


def table_choices(about: About, path: str | Path) -> list[TableChoice]:
    """Return a choice per table of a file: one of each head, or of all where scores are alone.

    Raises DataError for a file of an earlier version, which does not say it.
    """
    heads = [head for head in about.heads if "classes" in head]
    found = [choice_of(head, about.trees, path) for head in heads]
    if about.layout in SUPPRESSED:  # which those have been through that compete
        found = [replace(one, competition=None) for one in found]
    if about.whole:
        return found
    return [replace(last, choice=OBJECTS, tree=None) for last in found[-1:]]


def choice_of(head: dict[str, Any], trees: dict[str, str], path: str | Path) -> TableChoice:
    """Return what a file says of a head's table; `trees` are the texts of trees in it."""
    missing = next((key for key in ("choice", "corrects_letterbox") if key not in head), None)
    if missing:
        problem = f"says nothing of the {missing} of its heads: expected {EXPECTED}"
        raise DataError(f"{problem} of this version", where=path, hint="export it again")
    if head["choice"] not in CHOICES:
        expected = f"expected one of {', '.join(CHOICES)}"
        raise DataError(f"its choice is {excerpt(repr(head['choice']))}: {expected}", where=path)
    name, section = head.get("tree"), Section(str(head.get("type")), str(path), 0, texts=trees)
    return TableChoice(
        choice=head["choice"],
        tree=read_tree(name, section) if name else None,
        corrects_letterbox=bool(head["corrects_letterbox"]),
        competition=competition_of(head.get("compete"), path),
    )


def competition_of(said: Any, path: str | Path) -> Competition | None:
    """Return which scores of a head compete, as a file says it; None: all.

    Raises DataError for what says nothing of that kind.
    """
    if said is None:
        return None
    known: dict[str, Any] = said if isinstance(said, dict) else {}
    most, maps = known.get("most", 0), known.get("maps")
    if isinstance(maps, list) and all(isinstance(n, int) and n > 0 for n in (most, *maps)):
        return Competition(most, tuple(maps))
    problem = f"a head's compete is {excerpt(repr(said))}: expected most and maps, numbers"
    raise DataError(problem, where=path)


def choose(
    choice: str,
    table: BoxArrays,
    tree: Tree | None,
    decoding: Decoding,
    competition: Competition | None = None,
) -> BoxArrays:
    """Return the boxes of an image that a head gives, in their order.

    `table` has every box that the head computes, below any threshold too; its probabilities are
    scores, class times objectness, and down a tree those of all above.
    """
    return CHOICES[choice](competition.competitors(table) if competition else table, tree, decoding)


def choose_objects(table: BoxArrays, tree: Tree | None, decoding: Decoding) -> BoxArrays:
    """Return the boxes whose objectness exceeds the threshold, with the scores that do too.

    Darknet: src/yolo_layer.c get_yolo_detections
    """
    rows = table.take(table.objectness > decoding.thresh)
    return replace(rows, probabilities=above(rows.probabilities, decoding.thresh))


def choose_all(table: BoxArrays, tree: Tree | None, decoding: Decoding) -> BoxArrays:
    """Return every box, with the scores that exceed the threshold.

    Darknet: src/detection_layer.c get_detection_detections
    """
    return replace(table, probabilities=above(table.probabilities, decoding.thresh))


def choose_or_zero(table: BoxArrays, tree: Tree | None, decoding: Decoding) -> BoxArrays:
    """Return every box, with an objectness of 0 if it does not exceed the threshold.

    Down a tree, a box has the class at which a walk ends, and its objectness as the score.

    Darknet: src/region_layer.c get_region_detections
    """
    seen = above(table.objectness, decoding.thresh)
    if tree is None:
        scores = above(table.probabilities, decoding.thresh)
    elif decoding.map:
        scores = mapped_scores(table, decoding)
    else:
        scores, classes = np.zeros_like(table.probabilities), class_probabilities(table)
        for row in seen.nonzero()[0]:
            scores[row, tree.top(classes[row].tolist(), decoding.hier)] = seen[row]
    return replace(table, objectness=seen, probabilities=scores)


def choose_all_as_one(table: BoxArrays, tree: Tree | None, decoding: Decoding) -> BoxArrays:
    """Return every box with an objectness of 1.

    Down a tree, a box that exceeds the threshold has the deepest class that is likely.

    Darknet: src/region_layer.c get_region_detections (AlexeyAB)
    Quirk: REGION_OBJECTNESS
    """
    if tree is None:
        scores = above(table.probabilities, decoding.thresh)
    elif decoding.map:
        scores = mapped_scores(table, decoding)
    else:
        seen = table.objectness > decoding.thresh
        scores = deepest(class_probabilities(table)) * seen[:, None]
    return replace(table, objectness=np.ones_like(table.objectness), probabilities=scores)


Choose = Callable[[BoxArrays, Tree | None, Decoding], BoxArrays]
CHOICES: Final[dict[str, Choose]] = {
    OBJECTS: choose_objects,
    ALL: choose_all,
    ALL_OR_ZERO: choose_or_zero,
    ALL_ARE_ONE: choose_all_as_one,
}


def above(scores: np.ndarray, thresh: float) -> np.ndarray:
    """Return scores; those that do not exceed the threshold become 0."""
    found: np.ndarray = scores * (scores > thresh)
    return found


def class_probabilities(table: BoxArrays) -> np.ndarray:
    """Return the probabilities of classes [K, classes], given scores: they are times objectness."""
    objectness = np.where(table.objectness > 0, table.objectness, 1)
    found: np.ndarray = table.probabilities / objectness[:, None]
    return found


def mapped_scores(table: BoxArrays, decoding: Decoding) -> np.ndarray:
    """Return the scores of the classes that a map file names in a tree: at most the first 200.

    Darknet: src/region_layer.c get_region_detections
    Quirk: MAP_OF_200
    """
    named = list((decoding.map or ())[:MOST_MAPPED])
    scores = np.zeros_like(table.probabilities)
    scores[:, : len(named)] = above(table.probabilities[:, named], decoding.thresh)
    return scores


def deepest(products: np.ndarray) -> np.ndarray:
    """Return probabilities [K, classes]; all but the last that exceeds one half become 0.

    Darknet: src/region_layer.c get_region_detections (AlexeyAB)
    """
    likely = products > 0.5
    later = likely[:, ::-1].cumsum(1)[:, ::-1]
    found: np.ndarray = products * (likely & (later == 1))
    return found
