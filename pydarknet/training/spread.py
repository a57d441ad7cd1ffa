"""How the images of an iteration are spread over processes, and what each counts of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..cfg.net import Net
from ..ranks.ranks import Ranks
from .optimizer import images_of_update, mini_batch


@dataclass(frozen=True)
class Spread:
    """The images of an iteration that one process trains on.

    `count` are those of all processes, `wanted` the indices of this one's, which it sees `mini` at
    a time. Its mini-batches are numbered from `first`. As losses count them, `before` images are
    seen before the first, and with each mini-batch `more`.
    """

    count: int
    wanted: Sequence[int]
    mini: int
    first: int
    before: int
    more: int

    def images_after(self, place: int) -> int:
        """Return how many images of the iteration are seen after a mini-batch of this process."""
        return self.before + (place + 1) * self.more


def whole(net: Net) -> Spread:
    """Return the images of a process that is alone: all."""
    mini, count = mini_batch(net), images_of_update(net)
    return Spread(count, range(count), mini, 1, 0, mini)


def in_turn(net: Net, ranks: Ranks) -> Spread:
    """Return a process's images: as many mini-batches in a row as each of the others has.

    `net` is that of one process which would do the work of all.
    """
    mini, count = mini_batch(net), images_of_update(net)
    each = count // ranks.size
    start = ranks.rank * each
    return Spread(count, range(start, start + each), mini, start // mini + 1, start, mini)


def at_once(net: Net, ranks: Ranks) -> Spread:
    """Return a process's images where all share each mini-batch: its part of each.

    Of sequences these are all steps of some: a mini-batch has the first step of each, then the
    second of each.
    """
    mini, count = mini_batch(net), images_of_update(net)
    part = mini // ranks.size
    sequences = part // net.time_steps
    starts = range(ranks.rank * sequences, count, sequences * ranks.size)
    wanted = [index for start in starts for index in range(start, start + sequences)]
    return Spread(count, wanted, part, ranks.rank * net.subdivisions + 1, 0, mini)


def apart(net: Net, ranks: Ranks) -> Spread:
    """Return a process's images where each trains a network of its own: a whole iteration's."""
    mini, count = mini_batch(net), images_of_update(net)
    start = ranks.rank * count
    first = ranks.rank * net.subdivisions + 1
    return Spread(count * ranks.size, range(start, start + count), mini, first, 0, mini)
