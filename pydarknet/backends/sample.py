"""Some values of a network's tensors, to notice writes that torch does not count.

A write through `.data` or `.numpy()` changes neither a tensor's address nor its version.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

MOST = 16  # values of a tensor: of a larger one, this many at even distances
BITS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}  # by bytes of a value


class Sample:
    """Some values of each tensor, as bits, and what they were."""

    def __init__(self, views: list[np.ndarray], gathered: list[Gathered]) -> None:
        self.views, self.gathered = views, gathered
        self.bits = self.read()

    def read(self) -> np.ndarray:
        """Return a copy of the values as they are now."""
        parts = (group.read() for group in self.gathered)
        return np.concatenate([np.zeros(0, np.uint8), *self.views, *parts])

    @property
    def changed(self) -> bool:
        """Whether any of the values is another."""
        return not np.array_equal(self.read(), self.bits)


class Gathered(NamedTuple):
    """The places of some values in a storage that many tensors share."""

    storage: np.ndarray
    places: np.ndarray

    def read(self) -> np.ndarray:
        """Return a copy of the values that stand there now."""
        return self.storage.take(self.places, mode="clip")  # places are in range: unchecked


def sample(tensors: Iterable[Tensor]) -> Sample:
    """Return some values of each tensor on a CPU; of those on a GPU none, which would take long.

    Tensors of one storage, as a weights file is loaded into, are read in one go.
    """
    groups: dict[tuple[int, torch.dtype], list[Tensor]] = {}
    for tensor in tensors:
        if tensor.device.type == "cpu" and tensor.numel():
            group = tensor.untyped_storage().data_ptr(), BITS[tensor.element_size()]
            groups.setdefault(group, []).append(tensor)
    alone = [some_bits(group[0]) for group in groups.values() if len(group) == 1]
    shared = [gather(group, dtype) for (_, dtype), group in groups.items() if len(group) > 1]
    return Sample(alone, shared)


def gather(tensors: list[Tensor], dtype: torch.dtype) -> Gathered:
    """Return the places of some values of each of the tensors, which share a storage."""
    whole = torch.empty(0, dtype=dtype).set_(tensors[0].untyped_storage()).numpy()
    places = [places_of(some_bits(tensor), whole) for tensor in tensors]
    return Gathered(whole, np.unique(np.concatenate(places)))


def places_of(view: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return where the values [k] of a view stand in the whole array."""
    first, start = (array.__array_interface__["data"][0] for array in (view, whole))
    return (first - start + np.arange(view.size) * view.strides[0]) // view.itemsize


def some_bits(tensor: Tensor) -> np.ndarray:
    """Return a view of a tensor's values at even distances, as integers [k], k <= MOST."""
    array = tensor.detach().view(BITS[tensor.element_size()]).numpy()
    flat = array.transpose(sorted(range(array.ndim), key=lambda axis: -array.strides[axis]))
    line = flat.reshape(-1)  # a view, since parameters are dense in some order of their sides
    return line[:: -(-line.size // MOST)]
