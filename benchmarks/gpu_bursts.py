"""How a benchmark times a GPU: in bursts after a burn-in, with its clocks and its power told.

A GPU that was idle computes at a low clock at first, and a single pass is too short to measure.
"""

from __future__ import annotations

import math
import subprocess
import time
from collections.abc import Callable

import torch

QUERY = ("clocks.sm", "clocks.max.sm", "power.draw", "power.limit", "temperature.gpu")
UNITS = ("MHz", "MHz", "W", "W", "C")
Work = Callable[[], int]  # returns the number of images


def wait(device: torch.device) -> None:
    """Wait until a device has done everything."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def burn_in(work: Work, device: torch.device, seconds: float) -> None:
    """Do work until the clocks of a device have risen."""
    start = time.perf_counter()
    while time.perf_counter() - start < seconds:
        work()
        wait(device)


def times_in_burst(work: Work, device: torch.device, seconds: float) -> int:
    """Return how often work is done in a burst of these seconds at least."""
    start = time.perf_counter()
    work()
    wait(device)
    return max(math.ceil(seconds / max(time.perf_counter() - start, 1e-6)), 1)


def wall_seconds(work: Work, device: torch.device, times: int) -> float:
    """Return the seconds per image of work that the CPU has a share in, by the host's clock."""
    wait(device)
    start = time.perf_counter()
    images = sum(work() for _ in range(times))
    wait(device)
    return (time.perf_counter() - start) / images


def event_seconds(work: Work, device: torch.device, times: int) -> tuple[float, dict[str, float]]:
    """Return the seconds per image of work on a GPU by its own clock, and its state meanwhile.

    On a CPU the host's clock counts, and no state is known.
    """
    if device.type != "cuda":
        return wall_seconds(work, device, times), {}
    with torch.cuda.device(device):
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        wait(device)
        start.record()
        images = sum(work() for _ in range(times))
        end.record()
        state = gpu_state(device)  # while the GPU still works on what is queued
        end.synchronize()
    return start.elapsed_time(end) / 1e3 / images, state


def gpu_state(device: torch.device) -> dict[str, float]:
    """Return what nvidia-smi says of a GPU: its clock and power, the most of both, its heat."""
    index = torch.cuda.current_device() if device.index is None else device.index
    uuid = getattr(torch.cuda.get_device_properties(index), "uuid", None)
    words = ["nvidia-smi", "-i", f"GPU-{uuid}" if uuid else str(index)]
    words += [f"--query-gpu={','.join(QUERY)}", "--format=csv,noheader,nounits"]
    try:
        told = subprocess.run(words, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return {}
    values = told.stdout.strip().split(", ")
    return {name: float(v) for name, v in zip(QUERY, values, strict=False) if is_number(v)}


def is_number(word: str) -> bool:
    """Return whether a word is a number: nvidia-smi says [N/A] of what a GPU does not tell."""
    return word.replace(".", "", 1).isdecimal()


def state_text(state: dict[str, float]) -> str:
    """Return the state of a GPU as a line shows it."""
    units = dict(zip(QUERY, UNITS, strict=True))
    return ", ".join(f"{name} {value:g} {units[name]}" for name, value in state.items())
