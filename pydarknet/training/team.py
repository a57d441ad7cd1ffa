"""What the processes that train one network tell each other in an iteration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ..dataset.input_size import Sizes
from ..dataset.loader import Batches
from ..dataset.sample import Samples
from ..modules.batch_norm import BatchNorm
from ..modules.recurrent import is_recurrent
from ..network import Network
from ..ranks.ranks import ALONE, Ranks
from .counts import Counts
from .figures import MiniBatch, join, record_of
from .learner_state import RECURRENT
from .rolling import Rolling
from .spread import Spread, at_once, in_turn, whole
from .state import State
from .statistics import use_statistics_of_all


class Team:
    """A process that is alone, or of several that know nothing of each other's iterations."""

    joint: ClassVar[bool] = True  # whether all have the same weights at any time

    def __init__(self, network: Network, ranks: Ranks = ALONE) -> None:
        self.network, self.ranks = network, ranks
        self.spread = self.spread_of(network)

    def spread_of(self, network: Network) -> Spread:
        """Return which images of an iteration are this process's."""
        return whole(network.net)

    def learn(
        self, own: Iterable[MiniBatch], parameters: Sequence[nn.Parameter]
    ) -> Iterator[MiniBatch]:
        """Go through this process's mini-batches; yield those of all.

        After the last, the gradients of `parameters` and rolling statistics are those of all.
        """
        yield from own

    def totals(self, counts: Sequence[int]) -> Sequence[int]:
        """Return counts of a mini-batch; those given are of the images that this process has."""
        return counts

    def batches(
        self, samples: Samples, seed: int, size: Sizes, workers: int | None = None
    ) -> Batches:
        """Return what makes this process's share of the batches."""
        return Batches(
            samples,
            count=self.spread.count,
            wanted=self.spread.wanted,
            seed=seed,
            size=size,
            workers=workers,
            lists=self.ranks.alone,
        )

    def numbers(self, counts: Counts, last: int) -> Iterable[int]:
        """Return the numbers of the iterations that are to come, up to `last`."""
        return range(counts.batch + 1, last + 1)

    def end_iteration(self, counts: Counts) -> tuple[Counts, str]:
        """Return the counts after an iteration, and what is told about it."""
        return counts, ""

    def before_save(self, counts: Counts) -> Counts:
        """Make the weights ready to be saved; return the counts after that."""
        return counts

    def parts(self, numbers: Mapping[str, Any], tensors: Mapping[str, Tensor], last: bool) -> State:
        """Return what a state must hold of each process; nothing where all are alike.

        `last` says that the weights are about to be made ready for a save which is no part of the
        training. `numbers` and `tensors` are this process's, besides its weights.
        """
        return State({}, {}, {})

    def part_of(self, state: State) -> State:
        """Return what a state holds of this process."""
        return state


class InTurn(Team):
    """Processes that do together what one does with as many times the `subdivisions`."""

    def spread_of(self, network: Network) -> Spread:
        check_even(network, self.ranks)
        check_no_state(network, self.ranks)
        parts = network.net.subdivisions * self.ranks.size
        network.net = replace(network.net, subdivisions=parts)
        return in_turn(network.net, self.ranks)

    def learn(
        self, own: Iterable[MiniBatch], parameters: Sequence[nn.Parameter]
    ) -> Iterator[MiniBatch]:
        rolling = Rolling(m for m in self.network.modules() if isinstance(m, BatchNorm))
        records = [record_of(one) for one in own]
        told = self.ranks.gather(records)  # before GPUs wait, which do not see that one is gone
        self.ranks.add([one.grad for one in parameters if one.grad is not None])
        rolling.join(self.ranks, len(records))
        for theirs in told:
            yield from (join([record]) for record in theirs)


class AtOnce(Team):
    """Processes that share each mini-batch of one, and take batch norm's statistics over it all."""

    def spread_of(self, network: Network) -> Spread:
        check_even(network, self.ranks)
        use_statistics_of_all(network, self.ranks)
        return at_once(network.net, self.ranks)

    def learn(
        self, own: Iterable[MiniBatch], parameters: Sequence[nn.Parameter]
    ) -> Iterator[MiniBatch]:
        told = self.ranks.gather([record_of(one) for one in own])
        self.ranks.add([one.grad for one in parameters if one.grad is not None])
        yield from (join(parts) for parts in zip(*told, strict=True))

    def parts(self, numbers: Mapping[str, Any], tensors: Mapping[str, Tensor], last: bool) -> State:
        """Return the states of all sequences; each process has those of some."""
        whole = {
            name: torch.cat([*self.ranks.stack(one)])
            for name, one in tensors.items()
            if name.startswith(RECURRENT)
        }
        return State({}, {}, whole)

    def part_of(self, state: State) -> State:
        own = {
            name: one.chunk(self.ranks.size)[self.ranks.rank]
            for name, one in state.tensors.items()
            if name.startswith(RECURRENT)
        }
        return State(state.run, state.numbers, {**state.tensors, **own}, state.weights)

    def totals(self, counts: Sequence[int]) -> Sequence[int]:
        sums = torch.tensor(counts)
        self.ranks.add([sums])
        return sums.tolist()


def check_even(network: Network, ranks: Ranks) -> None:
    """Raise the error of [net] if processes cannot share its batch."""
    net = network.net
    parts = net.subdivisions * ranks.size
    if net.batch % parts:
        raise net.error(
            f"batch = {net.batch}, subdivisions = {net.subdivisions}: expected a batch that is a"
            f" multiple of {parts}, for {ranks.size} processes"
        )


def check_no_state(network: Network, ranks: Ranks) -> None:
    """Raise the error of [net] if a state goes from one mini-batch to the next: none can wait."""
    if is_recurrent(network):
        raise network.net.error(
            "recurrent layers begin a mini-batch with the state that the one before left:"
            f" expected -sync_bn, where {ranks.size} processes share each, or one process"
        )
