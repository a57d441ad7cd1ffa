"""What the networks of several GPUs count, which each train by themselves: iterations and images.

Darknet: src/network.c train_networks, sync_nets; src/network_kernels.cu train_networks (AlexeyAB)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from ..cfg.lineage import PerLineage
from ..ranks.ranks import Ranks

INTERVAL: Final = 4  # iterations from one averaging to the next


@dataclass(frozen=True)
class Counts:
    """The iterations of a run, as the first network counts them, and what this one counts.

    It counts `behind` iterations less; of its own images it has seen those of `ahead` iterations
    more. In one process both are 0.
    """

    batch: int
    behind: int = 0
    ahead: int = 0

    @property
    def own(self) -> int:
        """The iterations that this network counts."""
        return self.batch - self.behind

    @property
    def by_images(self) -> int:
        """The iterations whose images it has seen; the learning rate depends on them."""
        return self.own + self.ahead


Advance = Callable[[Counts, Ranks], tuple[Counts, bool]]


def advance_original(counts: Counts, ranks: Ranks) -> tuple[Counts, bool]:
    """Return the counts after an iteration, and whether all networks are averaged.

    The iterations of the others since the last time are added when networks are averaged.

    Darknet: src/network.c train_networks, sync_nets
    Quirk: SEEN_OF_GPUS
    """
    due = counts.batch % INTERVAL == 0
    return replace(counts, batch=counts.batch + due * INTERVAL * (ranks.size - 1)), due


def advance_fork(counts: Counts, ranks: Ranks) -> tuple[Counts, bool]:
    """Return the counts after an iteration, and whether all networks are averaged.

    The first network counts the iterations of all. Averaging adds images that the first network
    forgets after its next iteration, and the others never.

    Darknet: src/network_kernels.cu train_networks, sync_nets (AlexeyAB)
    Quirk: SEEN_OF_GPUS
    """
    batch, own = counts.batch + ranks.size - 1, counts.own
    due, more = batch % INTERVAL == 0, INTERVAL * (ranks.size - 1)
    if ranks.first:
        return Counts(batch, 0, more if due else 0), due
    return Counts(batch, batch - own, batch + more - own if due else counts.ahead), due


ADVANCE: Final = PerLineage[Advance](pjreddie=advance_original, alexeyab=advance_fork)


def after_save_fork(counts: Counts, first: Counts, ranks: Ranks) -> Counts:
    """Return the counts after weights were saved; `first` are those of the first network.

    Before it, all take over the images that the first has seen; its own are then set to those of
    its iterations.

    Darknet: src/network_kernels.cu sync_nets, src/parser.c save_weights_upto (AlexeyAB)
    """
    return replace(counts, ahead=0 if ranks.first else first.by_images - counts.own)


def numbers(counts: Counts, last: int, ranks: Ranks, advance: Advance) -> Iterator[int]:
    """Yield the numbers of the iterations up to `last`, as the first network counts them."""
    of_first = replace(ranks, rank=0)
    counts = Counts(counts.batch)
    while counts.batch < last:
        counts = replace(counts, batch=counts.batch + 1)
        yield counts.batch
        counts, _ = advance(counts, of_first)
