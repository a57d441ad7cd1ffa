"""What a training tells about unusable data: each problem once, and at the end how many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ..dataset.bad_list import Problem, append
from ..dataset.sample import Samples
from ..ranks.ranks import Ranks
from ..system.console import first

MOST = 20  # problems of images and labels that are told one by one
REST = (
    "further problems of images and labels are only counted; the end of the training says how many"
)


@dataclass
class DataProblems:
    """The problems of a training's images and labels so far."""

    known: set[Problem] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)

    def new(self, problems: Iterable[Problem]) -> Iterator[str]:
        """Yield what to tell of problems: nothing twice, and no more than `MOST` that are
        counted."""
        for problem in problems:
            if problem not in self.known:
                self.known.add(problem)
                yield from self.lines_of(problem)

    def of_all(self, own: Sequence[Problem], ranks: Ranks, samples: Samples) -> Sequence[Problem]:
        """Return the problems that all processes met; the first lists new ones for the fork.

        A process that is alone has listed them already.
        """
        if ranks.alone:
            return own
        theirs = ranks.gather([vars(problem) for problem in own])
        found = list(dict.fromkeys(Problem(**one) for some in theirs for one in some))
        if samples.listed and ranks.first:
            append(problem for problem in found if problem not in self.known)
        return found

    def lines_of(self, problem: Problem) -> list[str]:
        """Count a problem, and return the lines to tell of it."""
        if problem.kind and not first(problem.kind):
            return []
        if not problem.counted:
            return [problem.text]
        self.counts[problem.counted] += 1
        told = self.counts.total()
        return [problem.text] if told <= MOST else [REST] if told == MOST + 1 else []

    def summary(self) -> str:
        """Return the counts in a line; empty if there are none."""
        return ", ".join(f"{what}: {count}" for what, count in self.counts.items())
