"""The device of a network: the one that is named, or the best there is."""

from __future__ import annotations

import warnings

import torch

from ..errors import GpuError, UsageError
from ..system.console import note_once
from ..system.gpu_errors import gpu_error

NAMES = "expected cpu, cuda, cuda:NUMBER or mps"


def best_device() -> torch.device:
    """Return cuda, else mps, else cpu; that a GPU's driver cannot be used is told."""
    if cuda_is_there():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def cuda_is_there() -> bool:
    """Return whether there is a CUDA GPU; tell why its driver cannot be used, if torch warns."""
    if not torch.backends.cuda.is_built():
        return torch.cuda.is_available()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        there = torch.cuda.is_available()
    for error in filter(None, (gpu_error(UserWarning(str(one.message))) for one in told)):
        note_once(f"no GPU is used: {error.problem}; {error.hint}", error.problem)
    return there


def missing_gpu() -> GpuError | None:
    """Return why no CUDA GPU can be used, and the mend; None if one can."""
    if torch.cuda.is_available():
        return None
    try:
        torch.empty(0, device="cuda")
    except (RuntimeError, AssertionError) as error:
        return gpu_error(error) or GpuError(first_line(error))
    return None


def device_named(device: str | torch.device) -> torch.device:
    """Return a device; raise UsageError if there is none of that name, with the mend."""
    try:
        named = torch.device(device)
    except (RuntimeError, TypeError):
        raise UsageError(f"device {device}: {NAMES}") from None
    try:
        torch.empty(0, device=named)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        if known := gpu_error(error):
            raise UsageError(f"device {device}: {known.problem}", hint=known.hint) from None
        lacks = isinstance(error, NotImplementedError)  # torch then lists what it is built for
        problem = f"this torch or this machine has none: {NAMES}" if lacks else first_line(error)
        raise UsageError(f"device {device}: {problem}") from None
    return named


def first_line(error: Exception) -> str:
    """Return the first line of an error's text."""
    return next(iter(str(error).splitlines()), type(error).__name__)
