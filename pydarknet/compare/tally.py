"""The comparison of two programs on several images: what it says of each, and its verdict."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..system.text import count_of
from .objects import Allowed, Match, Objects

SHOWN = 5  # objects of one program alone that are shown of an image
OURS, THEIRS = "pydarknet", "the other"
BOXES, SCORES = ("box", "boxes"), ("score", "scores")  # what is compared: one, several


@dataclass
class Tally:
    """What was compared so far: boxes, or scores of classes.

    `scores` and `edges` are the largest differences of each image, `unlike` counts the images in
    which something differs, `alone` the boxes that one program lacks.
    """

    allowed: Allowed
    things: tuple[str, str] = BOXES
    count: int = 0
    alone: int = 0
    unlike: int = 0
    scores: list[float] = field(default_factory=list)
    edges: list[float] = field(default_factory=list)

    def add(self, path: str, found: Match) -> list[str]:
        """Count the boxes of an image, and return the lines about them."""
        self.count += found.pairs
        self.alone += sum(map(len, found.lone))
        self.unlike += not found.equals(self.allowed)
        self.scores.append(found.score)
        self.edges.append(found.edge)
        lines = [f"{path}: {self.words(found)}"]
        for who, objects in zip((OURS, THEIRS), found.lone, strict=True):
            lines += lone_lines(who, objects)
        return lines

    def words(self, found: Match) -> str:
        """Return in words which boxes of an image are the same, and how far they are apart."""
        parts = [f"{count_of(found.pairs, *self.things)} in both"]
        for who, objects in zip((OURS, THEIRS), found.lone, strict=True):
            parts += [f"{len(objects)} in {who} alone"] if len(objects) else []
        return ", ".join(
            [*parts, f"scores within {found.score:.6f}", f"sides within {found.edge:.6f}"]
        )

    def add_scores(self, path: str, ours: np.ndarray, theirs: np.ndarray) -> str:
        """Count the scores of an image, [classes], and return the line about them.

        The other program's are NaN where it printed none.
        """
        there = ~np.isnan(theirs)
        apart = float(np.abs(ours - theirs)[there].max(initial=0))
        self.count += int(there.sum())
        self.unlike += not apart <= self.allowed.score
        self.scores.append(apart)
        mine, other = (int(np.where(there, scores, -np.inf).argmax()) for scores in (ours, theirs))
        best = f"class {mine} is the best of both"
        if mine != other:
            best = f"class {mine} is {OURS}'s best, class {other} is {THEIRS}'s"
        return f"{path}: {best}, scores within {apart:.6f}"

    @property
    def images(self) -> int:
        """How many images were compared."""
        return len(self.scores)

    @property
    def equal(self) -> bool:
        """Whether something was compared, and all of it is equal."""
        return bool(self.count) and not self.unlike

    def verdict(self, failed: int = 0) -> str:
        """Return the last line, for that many images that could not be compared."""
        images = count_of(self.images, "image")
        apart = (
            f"scores differ by at most {largest(self.scores):.6f} ({self.allowed.score:g} allowed)"
        )
        if self.edges:
            apart += f", sides by {largest(self.edges):.6f} ({self.allowed.edge:g})"
        what = f"{count_of(self.count, *self.things)} of {images}: {apart}"
        if failed:
            return f"not equal: {count_of(failed, 'image')} could not be compared; {what}"
        if not self.count and not self.alone:
            return f"not shown to be equal: neither program finds anything in {images}"
        if self.equal:
            return f"equal: {what}"
        alone = f", {count_of(self.alone, *self.things)} in one program alone" if self.alone else ""
        return f"not equal in {self.unlike} of {images}: {what}{alone}"


def largest(numbers: list[float]) -> float:
    """Return the largest of some numbers, NaN if one is; 0 of none."""
    return float(np.max(numbers, initial=0.0))


def lone_lines(who: str, objects: Objects) -> list[str]:
    """Return the lines of objects that one program alone found, the best scores first."""
    order = np.argsort(-objects.scores, kind="stable")
    lines = [
        f"  {who} alone: class {objects.classes[row]}, score {objects.scores[row]:.6f}, left"
        " {:.4f}, top {:.4f}, right {:.4f}, bottom {:.4f}".format(*objects.edges[row])
        for row in order[:SHOWN]
    ]
    rest = len(order) - SHOWN
    return [*lines, f"  {who} alone: {rest} more"] if rest > 0 else lines
