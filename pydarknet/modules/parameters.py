"""Modules with arrays: their order in a weights file, their initial values; and constants."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

import torch
from torch import Generator, Tensor, nn

from ..system.limits import INT_MAX

HELD: ContextVar[list[Tensor] | None] = ContextVar("held", default=None)
Numbers = tuple[float, ...] | tuple[tuple[float, ...], ...]


class WeightArray(NamedTuple):
    """One array of a layer in a .weights file: its path in the module and its layout.

    `transposed` None means: if the header of the file says so. With `rows`, the file holds only the
    first `rows` rows of the array.
    """

    path: str
    transposed: bool | None = False
    rows: int | None = None


def under(child: str, arrays: Iterable[WeightArray]) -> tuple[WeightArray, ...]:
    """Return the arrays of a child module, with paths in its parent."""
    return tuple(array._replace(path=f"{child}.{array.path}") for array in arrays)


def array(*size: int) -> Tensor:
    """Return an empty tensor; ValueError if 32 bits, as Darknet has, cannot count its numbers."""
    if math.prod(size) > INT_MAX:
        raise ValueError(f"{' x '.join(map(str, size))} parameters: more than 32 bits can count")
    return torch.empty(size)


def constant(numbers: Numbers, like: Tensor, dtype: torch.dtype | None = None) -> Tensor:
    """Return numbers as a tensor on another's device, of its type unless given; do not change it.

    It is cached, so that a CUDA graph can be captured: no numbers are copied from the CPU.
    """
    form = (numbers, dtype or like.dtype, like.device)
    if torch.compiler.is_compiling():
        return tensor_of(*form)
    value = kept(*form)
    if (held := HELD.get()) is not None:
        held.append(value)
    return value


@contextmanager
def hold_constants() -> Iterator[list[Tensor]]:
    """Yield a list that gets the constants that are used in the block, to keep them alive.

    A recording reads them from where they are, also when the cache has forgotten them.
    """
    held: list[Tensor] = []
    token = HELD.set(held)
    try:
        yield held
    finally:
        HELD.reset(token)


@torch.inference_mode(False)
def tensor_of(numbers: Numbers, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return numbers as a tensor."""
    return torch.tensor(numbers, dtype=dtype, device=device)


kept = lru_cache(256)(tensor_of)


class Parametric(nn.Module):
    """A module with arrays of its own, and Darknet's initial values for them.

    `decayed` are the parameters with weight decay. `update_bound` limits the sums of the gradients
    of a batch's images, momentum included.
    """

    decayed: tuple[str, ...] = ("weights",)
    update_bound: float | None = None

    def fill(self, name: str, tensor: Tensor, generator: Generator | None) -> None:
        """Set the initial values of one of the module's arrays: zero, unless overridden."""
        tensor.zero_()

    def weight_arrays(self) -> tuple[WeightArray, ...]:
        """Return the arrays in the order of the weights file."""
        return tuple(WeightArray(name) for name, _ in self.named_parameters(recurse=False))


def fill(module: Parametric, generator: Generator | None) -> None:
    """Allocate the arrays of a module that have no memory, and set their initial values."""
    own = [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]
    for name, tensor in own:
        if tensor.is_meta:
            made = torch.empty(tensor.shape, device="cpu")
            module.fill(name, made, generator)
            assign(module, name, made)


def spread(tensor: Tensor, fan_in: int, uniform: bool, generator: Generator | None) -> None:
    """Fill weights with noise of scale sqrt(2 / fan_in), normal or uniform between -1 and 1.

    Darknet: src/convolutional_layer.c make_convolutional_layer
    """
    if uniform:
        tensor.uniform_(-1, 1, generator=generator)
    else:
        tensor.normal_(generator=generator)
    tensor.mul_(math.sqrt(2 / max(fan_in, 1)))


@dataclass(frozen=True)
class Start:
    """The first values of a layer, where they are not Darknet's.

    With `std`, weights are normal with this deviation. `prior` is the probability that a logistic
    gives for biases alone, once weights are 0.

    Source: Lin et al. 2017, arXiv 1708.02002
    """

    std: float = 0.0
    prior: float = 0.5

    @property
    def bias(self) -> float:
        """The first value of biases."""
        return math.log(self.prior / (1 - self.prior))

    def fill_weights(
        self, tensor: Tensor, fan_in: int, uniform: bool, generator: Generator | None
    ) -> None:
        """Fill weights, as Darknet does unless there is a deviation."""
        if self.std:
            tensor.normal_(std=self.std, generator=generator)
        else:
            spread(tensor, fan_in, uniform, generator)


DARKNET: Final = Start()


def assign(module: nn.Module, path: str, tensor: Tensor) -> None:
    """Replace a parameter or buffer by a tensor."""
    parent, _, name = path.rpartition(".")
    owner = module.get_submodule(parent)
    old = getattr(owner, name)
    if not isinstance(old, nn.Parameter):
        owner.register_buffer(name, tensor)
    elif isinstance(tensor, nn.Parameter):
        owner.register_parameter(name, tensor)
    else:
        owner.register_parameter(name, nn.Parameter(tensor, requires_grad=old.requires_grad))
