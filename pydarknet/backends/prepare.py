"""A trained network in its fastest form, kept until a value or the size changes."""

from __future__ import annotations

import copy
import threading
from typing import NamedTuple, TypeVar, cast

import torch
from torch import nn

from ..graph.executor import Executor
from ..layers import Shape
from ..modules.ops import Conv
from ..modules.recurrent import is_recurrent
from ..runtime.installed import AUTO
from ..runtime.precision import BFLOAT16
from ..system.malloc import keep_freed_memory
from .bfloat16 import bfloat16_modules, tell_if_slower
from .choices import may_measure
from .cuda import cuda_module
from .cuda_forms import FastestForm
from .cuda_graph import PROBLEM, CudaGraphs
from .fastest import Fastest
from .packed_conv import PackedConv
from .programs import CANNOT, PROGRAMS, installed_programs
from .recorder import Recorder
from .tuner import Tuner
from .values import Values

FAST, LOCK = "fast", "making"  # keys of the fast form and its lock in Executor.derived
Runnable = TypeVar("Runnable", bound=Executor)


class PrepareOptions(NamedTuple):
    """What a fast form is for: `half` precision.

    It is float16 on a GPU, bfloat16 on a CPU. `backend` names the program that runs it on a CPU;
    None is torch, "auto" the fastest.
    """

    half: bool = False
    backend: str | None = None


class Fast(NamedTuple):
    """The fast form of a network, its options, and the values that it was made of."""

    options: PrepareOptions
    input: Shape
    made_of: Values
    network: Executor

    def fits(self, network: Executor, options: PrepareOptions) -> bool:
        """Return whether this is still the fast form of the network with these options.

        The values of a fixed network are not looked at.
        """
        same = self.options == options and self.input == network.input
        return same and (network.fixed or not self.made_of.changed)


def fast_form(network: Runnable, *, many: bool = False, half: bool = False) -> Runnable:
    """Return the fast form of a network, made anew where a value or the size changed.

    `half` precision is a GPU's, and a CPU's if the network's precision is bf16. In training, and
    where there is no faster form, it is the network itself. For `many` images, a CPU measures
    sooner what is fastest. Threads may ask at the same time: one makes it, others wait.
    """
    if network.training or network.complete:
        return network
    half = half and (network.device.type == "cuda" or network.precision == BFLOAT16)
    options = PrepareOptions(half, network.backend)
    fast = kept_form(network, options)
    if fast is None:
        with network.derived.setdefault(LOCK, threading.Lock()):
            fast = kept_form(network, options) or new_form(network, options)
    if many and isinstance(fast.runner, Tuner | Fastest):
        fast.runner.many = True
    return fast


def forget(network: Executor) -> None:
    """Forget the fast form of a network, which is made anew at its next use."""
    network.derived.pop(FAST, None)


def kept_form(network: Runnable, options: PrepareOptions) -> Runnable | None:
    """Return the fast form that was made before, if it still fits."""
    kept: Fast | None = network.derived.get(FAST)
    fits = kept is not None and kept.fits(network, options)
    return cast(Runnable, kept.network) if kept and fits else None


def new_form(network: Runnable, options: PrepareOptions) -> Runnable:
    """Make and keep the fast form of a network; return the network itself if there is none."""
    tensors = list(network.state_dict().values())
    place = network.device.type
    if place not in ("cpu", "cuda") or any(t.is_meta or t.is_inference() for t in tensors):
        return network
    values = Values(network.stack.modules())
    plain = in_float32(network)
    fast = on_gpu(plain, options) if place == "cuda" else on_cpu(plain, options)
    network.derived[FAST] = Fast(options, network.input, values, fast)
    return fast


def in_float32(network: Runnable) -> Runnable:
    """Return a network whose values are float32: itself, or a copy after `.half()`, `.double()`."""
    if all(t.dtype is torch.float32 for t in network.parameters()):
        return network
    return copy.deepcopy(network).float()


def on_cpu(network: Runnable, options: PrepareOptions) -> Runnable:
    """Return a network that infers faster on a CPU."""
    if options.backend in PROGRAMS:
        return by_program(network, options.backend)
    keep_freed_memory()
    with torch.no_grad():
        if options.half:
            tell_if_slower("-precision float")
            fast = of_modules(network, bfloat16_modules(network))
        else:
            fast = of_modules(
                network, [PackedConv(m) if type(m) is Conv else m for m in network.stack]
            )
    if not is_recurrent(network):  # trying ways changes its state
        fast.runner = Tuner(may_measure(network.tune), at_once=network.tune is True)
        if options.backend == AUTO and installed_programs():
            fast.runner = Fastest(network, fast.runner)
    return fast


def on_gpu(network: Runnable, options: PrepareOptions) -> Runnable:
    """Return a network that infers faster on a GPU; without recurrent state, as a CUDA graph."""
    dtype = torch.float16 if options.half else torch.float32
    made = [
        cuda_module(node, module, dtype, result=node.index == network.result)
        for node, module in zip(network.nodes, network.stack, strict=True)
    ]
    fast = of_modules(network, made)
    if network.device.type != "cuda":
        return fast
    if not is_recurrent(network):
        record = FastestForm(CudaGraphs(network.device), network.tune)
        fast.runner = Recorder(record, PROBLEM)
    torch.cuda.current_stream(network.device).synchronize()  # threads use it on other streams
    return fast


def by_program(network: Runnable, name: str) -> Runnable:
    """Return a network that another program runs from the second batch of a size on."""
    fast = of_modules(network, list(network.stack))
    fast.runner = Recorder(PROGRAMS[name].record, CANNOT.format(name))
    return fast


def of_modules(network: Runnable, modules: list[nn.Module]) -> Runnable:
    """Return a network of the same layers with other modules; it can only infer."""
    fast = copy.copy(network)
    fast._modules = {**network._modules, "stack": nn.ModuleList(modules)}
    fast.complete = True
    return fast
