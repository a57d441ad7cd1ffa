"""Some values of a network's tensors, to notice writes that torch does not count.

A write through `.data` or `.numpy()` changes neither a tensor's address nor its version.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

MOST = 64  # values of a tensor: of a larger one, this many at even distances
BITS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}  # by bytes of a value


@dataclass(frozen=True, eq=False)
class Sample:
    """Views of some values of each tensor, as bits, and what they were."""

    views: list[np.ndarray]
    bits: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "bits", self.read())

    def read(self) -> np.ndarray:
        """Return a copy of the values that the views show now."""
        return np.concatenate([np.zeros(0, np.uint8), *self.views])

    @property
    def changed(self) -> bool:
        """Whether any of the values is another."""
        return not np.array_equal(self.read(), self.bits)


def sample(tensors: Iterable[Tensor]) -> Sample:
    """Return some values of each tensor on a CPU; of those on a GPU none, which would take long."""
    return Sample([some_bits(t) for t in tensors if t.device.type == "cpu" and t.numel()])


def some_bits(tensor: Tensor) -> np.ndarray:
    """Return a view of a tensor's values at even distances, as integers [k], k <= MOST."""
    array = tensor.detach().view(BITS[tensor.element_size()]).numpy()
    flat = array.transpose(sorted(range(array.ndim), key=lambda axis: -array.strides[axis]))
    line = flat.reshape(-1)  # a view, since parameters are dense in some order of their sides
    return line[:: -(-line.size // MOST)]
