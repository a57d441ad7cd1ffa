"""Networks of several GPUs that are trained each by itself, and averaged every few iterations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from ..network import Network
from .apart_state import part_of, tensors_of_each
from .counts import ADVANCE, Counts, after_save_fork, numbers
from .figures import MiniBatch, join, record_of
from .spread import Spread, apart
from .state import State
from .team import Team


class Apart(Team):
    """Processes as the C's GPUs: each has its network, its images and its momentum.

    The learning rate is that of the cfg times the number of processes. Weights, biases and scales
    of convolutional and connected layers are averaged; rolling statistics, momenta and other
    layers are not. The weights file has the first process's, the state has those of each.

    Darknet: src/network.c train_networks, sync_nets, sync_layer; examples/detector.c train_detector
    """

    joint = False

    def spread_of(self, network: Network) -> Spread:
        net, times = network.net, self.ranks.size
        network.net = replace(net, learning_rate=net.learning_rate * times)
        self.advance = ADVANCE.of(network.dialect)
        return apart(network.net, self.ranks)

    def learn(
        self, own: Iterable[MiniBatch], parameters: Sequence[nn.Parameter]
    ) -> Iterator[MiniBatch]:
        records = [record_of(one) for one in own]
        for theirs in self.ranks.gather(records):
            for one in (join([record]) for record in theirs):
                yield replace(one, cost=one.cost / self.ranks.size)

    def numbers(self, counts: Counts, last: int) -> Iterable[int]:
        return numbers(counts, last, self.ranks, self.advance)

    def end_iteration(self, counts: Counts) -> tuple[Counts, str]:
        counts, due = self.advance(counts, self.ranks)
        if due:
            self.average()
        return counts, "Syncing... Done!" if due else ""

    def before_save(self, counts: Counts) -> Counts:
        self.average()
        if self.advance is ADVANCE.pjreddie:
            return counts
        first = Counts(*self.ranks.gather([counts.batch, counts.behind, counts.ahead])[0])
        return after_save_fork(counts, first, self.ranks)

    def parts(self, numbers: Mapping[str, Any], tensors: Mapping[str, Tensor], last: bool) -> State:
        """Return all that differs between the processes: of weights after averaging, or all."""
        alike = set() if last else set(map(id, averaged_parameters(self.network)))
        arrays = {
            f"array.{name}": value.detach()
            for name, value in self.network.state_dict(keep_vars=True).items()
            if id(value) not in alike
        }
        of_first = arrays if last else ()
        found = tensors_of_each(self.ranks, {**tensors, **arrays}, of_first)
        return State({}, {"ranks": self.ranks.gather(numbers)}, found)

    def part_of(self, state: State) -> State:
        return part_of(state, self.ranks)

    def average(self) -> None:
        """Replace weights, biases and scales by their means over all processes.

        Darknet: src/network.c sync_layer, merge_weights, scale_weights, distribute_weights
        """
        some = averaged_parameters(self.network)
        self.ranks.add(some)
        with torch.no_grad():
            for parameter in some:
                parameter.mul_(1 / self.ranks.size)


def averaged_parameters(network: Network) -> list[nn.Parameter]:
    """Return the parameters that are averaged, each once."""
    found = {
        id(parameter): parameter
        for node, module in zip(network.nodes, network.stack, strict=True)
        if node.layer.averaged
        for parameter in module.parameters()
    }
    return list(found.values())
