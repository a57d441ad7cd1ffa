"""Where each array of a network stands in its weights file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor, nn

from ..layers import Node
from ..modules.parameters import WeightArray
from .executor import Executor


@dataclass(frozen=True)
class PlacedArray:
    """One array of a network in a weights file, counted in floats from the first."""

    node: Node
    array: WeightArray
    tensor: Tensor
    start: int
    count: int

    @property
    def end(self) -> int:
        """Where the array ends."""
        return self.start + self.count


def placed_arrays(network: Executor) -> Iterator[PlacedArray]:
    """Yield the arrays that a network reads from a weights file, in its order."""
    start = 0
    for node, module in zip(network.nodes, network.stack, strict=True):
        for array in node.layer.loadable_arrays(module):
            tensor = tensor_at(module, array.path)
            rows = min(array.rows or tensor.shape[0], tensor.shape[0])
            count = tensor.numel() // tensor.shape[0] * rows
            place = PlacedArray(node, array, tensor, start, count)
            yield place
            start = place.end


def tensor_at(module: nn.Module, path: str) -> Tensor:
    """Return the parameter or buffer of a dotted path."""
    owner, _, name = path.rpartition(".")
    tensor = getattr(module.get_submodule(owner), name)
    assert isinstance(tensor, Tensor)
    return tensor
