"""Tensors that pose as a GPU's and hold a CPU's: real values, and the rules of CUDA.

An operation that mixes devices, or that needs another stream's work without waiting for it, raises
an error. Copies between host and GPU are counted, and waits of the host for the GPU.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode

PACKAGE = f"{Path(__file__).parents[1] / 'pydarknet'}/"
BY_CPU_INDEX = {"index", "index_put", "index_put_", "_index_put_impl_"}
COPIES = {"copy_", "_to_copy"}
SIZES_FROM_VALUES = {"nonzero", "masked_select", "_unique2", "unique_dim", "repeat_interleave"}
WAITS = {"_local_scalar_dense", "equal", "is_nonzero", *SIZES_FROM_VALUES}


class Posing(torch.Tensor):
    """A tensor of a GPU of which the values are `inner`, a tensor of the CPU."""

    inner: Tensor
    gpu: int
    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, inner: Tensor, gpu: int) -> Posing:
        made = torch.Tensor._make_wrapper_subclass(
            cls,
            inner.size(),
            strides=inner.stride(),
            storage_offset=inner.storage_offset(),
            dtype=inner.dtype,
            device=inner.device,
        )
        made.inner, made.gpu = inner, gpu
        return made

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return run(func, args, kwargs or {})

    @property
    def device(self) -> torch.device:
        return torch.device("cuda", self.gpu)

    @property
    def is_cuda(self) -> bool:
        return True

    @property
    def is_cpu(self) -> bool:
        return False

    def __repr__(self, **_: object) -> str:
        return f"Posing({self.inner}, gpu={self.gpu})"

    def data_ptr(self) -> int:
        return self.inner.data_ptr()

    def get_device(self) -> int:
        return self.gpu

    def cpu(self) -> Tensor:
        return self.to("cpu")

    def tolist(self) -> Any:
        return self.to("cpu").tolist()

    def numpy(self, **_: object) -> None:
        raise TypeError(f"can't convert {self.device} device type tensor to numpy")

    def __array__(self, *_: object, **__: object) -> None:
        self.numpy()

    def __deepcopy__(self, memo: dict[int, object]) -> Tensor:
        copied = self.detach().clone().requires_grad_(self.requires_grad)
        made = torch.nn.Parameter(copied) if isinstance(self, torch.nn.Parameter) else copied
        return memo.setdefault(id(self), made)


@dataclass
class Usage:
    """When a storage was written and read: the streams, and what their clocks said."""

    written: tuple[Any, int] | None = None
    read: dict[Any, int] = field(default_factory=dict)


@dataclass
class Gpus:
    """What posing GPUs counted, `copies` and `waits` by the place of the package, and their state.

    `stream_of` returns the current stream of a GPU, and `place` says which GPU is current.
    """

    stream_of: Callable[[int], Any]
    place: threading.local
    copies: Counter[str] = field(default_factory=Counter)
    waits: Counter[str] = field(default_factory=Counter)
    operations: int = 0
    usage: dict[int, tuple[StorageWeakRef, Usage]] = field(default_factory=dict)  # by address
    host: dict[Any, int] = field(default_factory=dict)  # what the host waited for, by stream

    def usage_of(self, tensor: Tensor) -> Usage:
        """Return who wrote and read a tensor's storage; nobody, if another was freed there."""
        storage = tensor.untyped_storage()
        held, usage = self.usage.get(storage.data_ptr(), (None, None))
        if usage is None or held is None or held.cdata != storage._cdata:
            return self.set_usage(tensor, Usage())
        return usage

    def set_usage(self, tensor: Tensor, usage: Usage) -> Usage:
        """Note who wrote and read a tensor's storage, as long as it lives."""
        storage = tensor.untyped_storage()
        self.usage[storage.data_ptr()] = StorageWeakRef(storage), usage
        return usage

    def index_of(self, device: torch.device | str | int) -> int:
        """Return the number of the GPU that a device means."""
        index = device if isinstance(device, int) else torch.device(device).index
        return getattr(self.place, "gpu", 0) if index is None else index

    def wait(self, what: str) -> None:
        """Count that the host waits for the current stream."""
        self.refuse(what)
        self.waits[f"{what} {caller()}"] += 1

    def refuse(self, what: str) -> None:
        """Raise RuntimeError if the current stream is recorded."""
        self.stream_of(self.index_of("cuda")).refuse(f"{what} {caller()}")


NOW: list[Gpus] = []  # the posing GPUs, if there are any
CLOCKS = threading.RLock()  # for who reads clocks and sets them


def caller() -> str:
    """Return the line of the package that runs."""
    frame = sys._getframe(1)
    while frame and not frame.f_code.co_filename.startswith(PACKAGE):
        frame = frame.f_back
    return f"{frame.f_code.co_filename[len(PACKAGE) :]}:{frame.f_lineno}" if frame else "a test"


def tensors_in(value: Any) -> list[Tensor]:
    """Return the tensors among an operation's values, which may be lists and dicts of others."""
    if isinstance(value, Tensor):
        return [value]
    values = value.values() if isinstance(value, dict) else value
    several = isinstance(value, (tuple, list, dict))
    return [tensor for one in values for tensor in tensors_in(one)] if several else []


def with_each(change: Callable[[Any], Any], value: Any) -> Any:
    """Return an operation's values with each of them changed."""
    if isinstance(value, (tuple, list)):
        return type(value)([with_each(change, one) for one in value])
    if isinstance(value, dict):
        return {name: with_each(change, one) for name, one in value.items()}
    return change(value)


def merge(known: dict[Any, int], other: dict[Any, int]) -> None:
    """Add to what is known of streams' clocks what another knows."""
    with CLOCKS:
        for stream, clock in list(other.items()):
            known[stream] = max(known.get(stream, 0), clock)


def run(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Do an operation as a GPU would, or as the CPU does where none is meant."""
    if "device" in kwargs and (gpu := getattr(NOW[-1].place, "backward", None)) is not None:
        kwargs = {**kwargs, "device": torch.device("cuda", gpu)}  # C++ believes it is the CPU
    name = func._schema.name.split("::")[1]
    tensors = tensors_in((args, kwargs))
    posing = [t for t in tensors if isinstance(t, Posing)]
    gpu = target(kwargs, args, name, posing)
    check_devices(name, args, posing, tensors)
    waited = count(name, args, kwargs, posing, tensors, gpu)
    if "device" in kwargs and kwargs["device"] is not None:
        cpu = torch.device(kwargs["device"]).type == "cuda"
        kwargs = {**kwargs, "device": torch.device("cpu") if cpu else kwargs["device"]}
        kwargs.pop("pin_memory", None)
    inner_args, inner_kwargs = with_each(inner_of, args), with_each(inner_of, kwargs)
    if not posing and gpu is None:
        return func(*inner_args, **inner_kwargs)
    stream = NOW[-1].stream_of(posing[0].gpu if posing else gpu)
    out = in_order(stream, func, inner_args, inner_kwargs)
    merge(NOW[-1].host, stream.known if waited else {})
    return out if gpu is None else with_each(lambda t: as_posing(t, gpu, posing), out)


def inner_of(value: Any) -> Any:
    return value.inner if isinstance(value, Posing) else value


def as_posing(value: Any, gpu: int, given: list[Posing]) -> Any:
    """Return a result as a GPU's: one of the tensors that were given, a view of it, or a new one.

    As in C++, a view that is made in inference mode is no inference tensor unless its base is one.
    """
    if not isinstance(value, Tensor):
        return value
    for tensor in given:
        if value is tensor.inner:
            return tensor
        if address(value) == address(tensor.inner):
            with torch.inference_mode(tensor.is_inference()):
                return Posing(value, gpu)
    return Posing(value, gpu)


def target(kwargs: dict[str, Any], args: Any, name: str, posing: list[Posing]) -> int | None:
    """Return the GPU on which the result is; None is the CPU."""
    device = kwargs.get("device")
    if device is not None:
        device = torch.device(device)
        return NOW[-1].index_of(device) if device.type == "cuda" else None
    if name == "copy_":
        return args[0].gpu if isinstance(args[0], Posing) else None
    return posing[0].gpu if posing else None


def check_devices(name: str, args: Any, posing: list[Posing], tensors: list[Tensor]) -> None:
    """Raise RuntimeError where CUDA would, since tensors are on several devices."""
    if not posing or name in COPIES:
        return
    if name in BY_CPU_INDEX:
        values = args[2:3] if name != "index" else ()
        held = [t for t in (args[0], *values) if isinstance(t, Tensor)]
    else:
        held = tensors
    alien = [t for t in held if not isinstance(t, Posing) and t.dim()]
    if alien or len({t.gpu for t in posing}) > 1:
        raise RuntimeError(f"Expected all tensors to be on the same device in {name}, {caller()}")


def count(name, args, kwargs, posing, tensors, gpu) -> bool:
    """Count an operation, and what it copies; return whether the host waits for it."""
    gpus = NOW[-1]
    gpus.operations += bool(posing) or gpu is not None
    if name in COPIES:
        return count_copy(name, args, kwargs, tensors[-1], gpu)
    if not posing:
        return False
    if name in WAITS and kwargs.get("output_size") is None:
        gpus.wait(name)
        return True
    kinds = [kind_of(i) for i in args[1]] if name in BY_CPU_INDEX else []
    for kind in filter(None, kinds):
        gpus.copies[f"{kind} {caller()}"] += kind != "a mask"
        gpus.wait(kind)
    return any(kinds)


def kind_of(index: Any) -> str:
    """Return what an index is that a GPU is waited for; of others an empty text."""
    if isinstance(index, Tensor) and index.dtype in (torch.bool, torch.uint8):
        return "a mask"
    return "" if index is None or isinstance(index, Posing) else "an index of the CPU"


def count_copy(name, args, kwargs, source, gpu) -> bool:
    """Count a copy between devices; return whether the host waits for it."""
    there, here = isinstance(source, Posing), gpu is not None
    if there == here or (name == "copy_" and not source.dim()):
        return False
    later = kwargs.get("non_blocking") or (name == "copy_" and len(args) > 2 and args[2])
    what = f"a copy to the {'GPU' if here else 'host'}"
    NOW[-1].copies[f"{what} {caller()}"] += 1
    NOW[-1].refuse(what)
    if not later:
        NOW[-1].wait(what)
    return not later


def in_order(stream: Any, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Let a stream do an operation after what it reads, or record it; return the result."""
    pairs = zip(func._schema.arguments, args, strict=False)
    written = [x for argument, x in pairs if argument.is_write and isinstance(x, Tensor)]
    given = tensors_in((args, kwargs))
    clock = stream.step(func, given, written)
    out = func(*args, **kwargs)
    held = {address(t) for t in given}
    made = [t for t in tensors_in(out) if address(t) not in held]
    stream.keep(func, args, kwargs, out, made, clock)
    return out


def address(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


class Mode(TorchDispatchMode):
    """Lets operations that make tensors make them on a posing GPU; each thread needs its own."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Return False: then nothing imports torch's compiler, which takes seconds."""
        return False

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return run(func, args, kwargs or {})


def threads_of(work: Callable[[int], Any], number: int) -> Iterator[Any]:
    """Yield what `work` returns in each of several threads that see the posing GPUs."""
    from concurrent.futures import ThreadPoolExecutor

    def inside(index: int) -> Any:
        with Mode():
            return work(index)

    with Mode(), torch.inference_mode():  # what torch makes at an operation's first call, threads
        image = torch.full((2, 3), 1.0, device="cuda")  # make twice, and free what others hold
        image.copy_(image * 2).clone().flatten().tolist()
    with ThreadPoolExecutor(number) as pool:
        yield from pool.map(inside, range(number))
