"""torch with posing GPUs: what `posing_gpus` puts in the place of its functions."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import posing_cuda as cuda
import pytest
import torch
from posing_gpu import NOW, Gpus, Mode, Posing, run
from torch import Tensor
from torch.utils._python_dispatch import _disable_current_modes

from pydarknet.boxes.kernels import nms_cuda

TO, TENSOR, AUTOCAST = torch.Tensor.to, torch.tensor, torch.autocast
BACKWARD = torch.Tensor.backward


@contextlib.contextmanager
def posing_gpus(count: int = 1, capability: tuple[int, int] = (9, 0)) -> Iterator[Gpus]:
    """Let this process have posing GPUs, seen by this thread and those of `threads_of`."""
    cuda.forget()
    gpus = Gpus(cuda.current_stream, cuda.TURN)
    overwrite = torch.__future__.get_overwrite_module_params_on_conversion()
    torch.__future__.set_overwrite_module_params_on_conversion(True)
    NOW.append(gpus)
    with pytest.MonkeyPatch.context() as patch, Mode():
        patch_torch(patch)
        patch_cuda(patch, count, capability)
        try:
            yield gpus
        finally:
            NOW.pop()
            torch.__future__.set_overwrite_module_params_on_conversion(overwrite)


def patch_torch(patch: pytest.MonkeyPatch) -> None:
    """Let tensors be moved to posing GPUs, where C++ looks for a real one."""
    patch.setattr(torch, "tensor", tensor)
    patch.setattr(torch, "autocast", autocast)
    patch.setattr(torch.Tensor, "to", to)
    patch.setattr(torch.Tensor, "backward", backward)
    patch.setattr(torch.Tensor, "cuda", lambda x, device="cuda", **how: to(x, device, **how))
    patch.setattr(torch.Tensor, "pin_memory", lambda x, *_: x)
    patch.setattr(
        torch.Tensor,
        "new_tensor",
        lambda x, data, dtype=None, device=None: tensor(
            data, dtype=dtype or x.dtype, device=device or x.device
        ),
    )


def patch_cuda(patch: pytest.MonkeyPatch, count: int, capability: tuple[int, int]) -> None:
    """Let torch.cuda be that of posing GPUs."""
    nothing = dict.fromkeys(("_lazy_init", "manual_seed_all", "empty_cache"), lambda *_: None)
    offered = {
        **nothing,
        "is_available": lambda: True,
        "device_count": lambda: count,
        "current_device": lambda: NOW[-1].index_of("cuda"),
        "get_device_capability": lambda *_: capability,
        "get_device_name": lambda *_: "a posing GPU",
        "is_bf16_supported": lambda *_, **__: True,  # emulated, as on old chips
        "Stream": cuda.Stream,
        "Event": cuda.Event,
        "CUDAGraph": cuda.CUDAGraph,
        "graph": cuda.Graph,
        "graph_pool_handle": object,
        "stream": cuda.use_stream,
        "device": cuda.use_device,
        "current_stream": cuda.current_stream,
        "default_stream": cuda.default_stream,
        "synchronize": cuda.synchronize,
    }
    for name, value in offered.items():
        patch.setattr(torch.cuda, name, value)
    for place in (torch._C, torch.cuda.memory):
        patch.setattr(place, "_cuda_endAllocateToPool", cuda.close_pool, raising=False)
        patch.setattr(place, "_cuda_releasePool", cuda.release_pool, raising=False)
    patch.setattr(nms_cuda, "load_kernels", lambda arch: cuda.launch)


def to(x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """Return a tensor elsewhere or of another type, as Tensor.to does."""
    copy = kwargs.pop("copy", False)
    if args and isinstance(args[0], Tensor):
        args = (args[0].device, args[0].dtype, *args[1:])
    device, dtype, later, form = torch._C._nn._parse_to(*args, **kwargs)
    if device is not None and device.type == "cuda":
        device = torch.device("cuda", NOW[-1].index_of(device))
    how = {"dtype": dtype or x.dtype} | ({} if form is None else {"memory_format": form})
    if device is None or device == x.device:
        return TO(x, copy=copy, **how)
    assert not (x.requires_grad and torch.is_grad_enabled()), "a gradient would cross devices"
    how |= {"device": device, "non_blocking": later}
    with _disable_current_modes():
        return run(torch.ops.aten._to_copy.default, (x,), how)


def tensor(data: Any, *, dtype: Any = None, device: Any = None, **how: Any) -> Tensor:
    """Return numbers as a tensor: made on the host, then copied."""
    if device is None or torch.device(device).type != "cuda":
        return TENSOR(data, dtype=dtype, device=device, **how)
    return to(TENSOR(data, dtype=dtype, **how), device)


def autocast(device_type: str, *args: Any, **kwargs: Any) -> torch.autocast:
    """Return the context of mixed precision, a CPU's for a posing GPU."""
    return AUTOCAST("cpu" if device_type == "cuda" else device_type, *args, **kwargs)


def backward(x: Tensor, *args: Any, **kwargs: Any) -> None:
    """Compute gradients; what C++ makes meanwhile is on the tensor's GPU."""
    cuda.TURN.backward = x.gpu if isinstance(x, Posing) else None
    try:
        BACKWARD(x, *args, **kwargs)
    finally:
        cuda.TURN.backward = None
