"""What networks in half precision share on every device: where values must be float32."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from ..layers import Node
from ..modules.activations import ONEDNN, OVERWRITING, Activation, activation, overwriting

ELEMENTWISE = {*OVERWRITING, *ONEDNN, "mish"}  # activations that half precision has room for


class InFloat32(nn.Module):
    """A module that takes and returns float32, whatever its neighbours compute in."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, *inputs: Tensor) -> Tensor:
        y: Tensor = self.module(*(x.float() for x in inputs))
        return y.float()


def moves_values(node: Node, module: nn.Module) -> bool:
    """Return whether a layer only moves, compares or adds values, and so takes half precision."""
    return node.layer.lossless_in_half and not any(True for _ in module.parameters())


def precise_activation(
    word: str, elementwise: Callable[[str], Activation] = overwriting
) -> Activation:
    """Return an activation of values in any precision; one that sums many does so in float32.

    Those that do not are made by `elementwise` of their names.
    """
    if word in ELEMENTWISE:
        return elementwise(word)
    function = activation(word)
    return lambda y: function(y.float()).to(y.dtype)
