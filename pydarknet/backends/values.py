"""The values that a fast form was made of, to notice that one was replaced or written to.

All is compared as flat lists, since a network of 130 layers holds 400 tensors and is asked before
every batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from operator import attrgetter, is_
from typing import Any

from torch import Tensor, nn

from .sample import sample

version = attrgetter("_version")


class Values:
    """What modules hold: parameters, buffers and modules, and how it looked at first.

    On a GPU, writes that torch does not count pass unseen, and elsewhere those to a few values.
    """

    def __init__(self, modules: Iterable[nn.Module]) -> None:
        self.holders: list[Mapping[str, Any]] = [
            held for m in modules for held in (m._parameters, m._buffers, m._modules) if held
        ]
        self.held = list(self.objects())
        self.tensors = [held for held in self.held if isinstance(held, Tensor)]
        self.versions, self.addresses = self.look()
        self.sample = sample(self.tensors)

    def objects(self) -> Iterator[object]:
        """Return what the modules hold now."""
        return chain.from_iterable([holder.values() for holder in self.holders])

    def look(self) -> tuple[list[int], list[int]]:
        """Return the tensors' write counters and addresses."""
        return list(map(version, self.tensors)), list(map(Tensor.data_ptr, self.tensors))

    @property
    def changed(self) -> bool:
        """Whether anything was replaced or written to."""
        if sum(map(len, self.holders)) != len(self.held):
            return True
        if not all(map(is_, self.objects(), self.held)):
            return True
        if self.look() != (self.versions, self.addresses):  # before memory is looked at
            return True
        return self.sample.changed
