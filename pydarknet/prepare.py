"""A trained network in its fastest form on a CPU, kept until a value or the size changes."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn

from .malloc import keep_freed_memory
from .ops import Conv
from .packed import PackedConv

if TYPE_CHECKING:
    from .layers import Shape
    from .network import Network


class Value(NamedTuple):
    """What a module holds under a name, a tensor or a module, and which version of it."""

    holder: Mapping[str, object]
    name: str
    held: object
    version: object

    @property
    def changed(self) -> bool:
        """Whether another is held now, or this one has been written to."""
        held = self.holder.get(self.name)
        return held is not self.held or version(held) != self.version


class Fast(NamedTuple):
    """The fast form of a network, and what it was made of."""

    many: bool
    input: Shape
    made_of: list[Value]
    network: Network

    def fits(self, network: Network, many: bool) -> bool:
        """Say whether this still is a network's fast form."""
        same = self.many == many and self.input == network.input
        return same and not any(value.changed for value in self.made_of)


def values(network: Network) -> list[Value]:
    """Return every value, and every module that is part of another."""
    holders = (h for m in network.stack.modules() for h in (m._parameters, m._buffers, m._modules))
    return [Value(held, name, x, version(x)) for held in holders for name, x in held.items()]


def version(held: object) -> tuple[int, int] | None:
    """Return what of a tensor changes when it is written to or gets other memory."""
    return (held.data_ptr(), held._version) if isinstance(held, Tensor) else None


def fast_form(network: Network, *, many: bool = False) -> Network:
    """Return the fast form of a network, made anew where a value or the size changed.

    For `many` images it takes longer to make. In training, and where there is none, it is the
    network itself.
    """
    if network.training or network.complete:
        return network
    if network.fast is not None and network.fast.fits(network, many):
        return network.fast.network
    tensors = list(network.state_dict().values())
    if network.device.type != "cpu" or any(t.is_meta or t.is_inference() for t in tensors):
        return network
    network.fast = Fast(many, network.input, values(network), prepare(network, many=many))
    return network.fast.network


def prepare(network: Network, *, many: bool = False) -> Network:
    """Return a network of the same layers that infers faster; it shares all but its convolutions.

    It cannot learn, be resized or saved: the other one can.
    """
    keep_freed_memory()
    fast, made = copy.copy(network), [prepared(module, many) for module in network.stack]
    fast._modules = {**network._modules, "stack": nn.ModuleList(made)}
    fast.complete = True
    return fast


def prepared(module: nn.Module, many: bool) -> nn.Module:
    """Return the fast form of a layer's module, itself where there is none."""
    if type(module) is not Conv:
        return module
    with torch.no_grad():
        return PackedConv(module, many)
