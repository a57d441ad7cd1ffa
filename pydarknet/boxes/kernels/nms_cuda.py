"""Launches nms.cu: the memory layout of its lines of boxes, and the order of its comparisons."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...modules.transfer import on_device
from ...system.console import note
from .cubin import NoCubin, cubin

SOURCE = Path(__file__).with_name("nms.cu")
TILE = 64  # boxes, as in nms.cu
ROOM = 1 << 28  # bytes of the bit matrix held at a time
THREADS = 1024  # per block at most

Launch = Callable[..., None]  # takes a kernel's name, its grid, block and arguments


@dataclass(frozen=True)
class Panel:
    """Tiles compared in one launch: rows `first` to `last` of the plan's tiles."""

    number: int  # of the first tile within its line
    first: int
    last: int
    columns: int  # the tiles of the longest line from here on


@dataclass(frozen=True)
class Plan:
    """The memory layout of the lines; `bits` and `gone` are counted in words of 64 bits.

    `lines` int64 [L, 4] are first box, boxes, first word of gone, first word of bits; `tiles` int32
    [T, 2] line and tile, panel by panel; `depth` is how many tiles of a line a panel has.
    """

    lines: np.ndarray
    tiles: np.ndarray
    panels: list[Panel]
    depth: int
    gone: int
    bits: int


def plan(sizes: Sequence[int], room: int | None = None) -> Plan:
    """Return the layout of lines of `sizes` boxes, in panels whose bits fit into `room` bytes.

    A panel has at least one tile of each line, even where that exceeds `room`.
    """
    boxes = np.array(sizes, np.int64)
    words = -(-boxes // TILE)
    deep = (ROOM if room is None else room) // (8 * TILE * max(int(words.sum()), 1))
    depth = max(min(deep, int(words.max(initial=0))), 1)
    bits = np.minimum(words, depth) * TILE * words
    owner = np.repeat(np.arange(len(words)), words)
    tile = np.arange(len(owner)) - starts(words)[owner]
    order = (tile // depth).argsort(kind="stable")
    ends = np.cumsum(np.bincount(tile // depth)).tolist()
    panels = [
        Panel(depth * index, first, last, int(words.max()) - depth * index)
        for index, (first, last) in enumerate(zip([0, *ends], ends, strict=False))
    ]
    lines = np.stack((starts(boxes), boxes, starts(words), starts(bits)), 1)
    tiles = np.stack((owner, tile), 1)[order].astype(np.int32)
    return Plan(lines, tiles, panels, depth, int(words.sum()), int(bits.sum()))


def starts(lengths: np.ndarray) -> np.ndarray:
    """Return the start of each of consecutive pieces of these lengths."""
    return np.cumsum(lengths) - lengths


def survivors_by_kernel(
    boxes: Tensor, sizes: Sequence[int], threshold: float, beta: float | None, launch: Launch
) -> Tensor:
    """Return which `boxes` [R, 4] of lines, best first, survive: bool [R], on their device.

    Boxes are float32 rows of centre and size; lines follow each other and have `sizes` boxes. A box
    is suppressed where its IoU, or DIoU with exponent `beta`, with a better survivor exceeds
    `threshold`.
    """
    laid, device = plan(sizes), boxes.device
    if not laid.panels:
        return torch.ones(0, dtype=torch.bool, device=device)
    lines, tiles = tables(laid, device)
    gone = torch.zeros(laid.gone, dtype=torch.int64, device=device)
    bits = torch.empty(laid.bits, dtype=torch.int64, device=device)
    stay = torch.empty(len(boxes), dtype=torch.bool, device=device)
    boxes, depth = boxes.contiguous(), np.int32(laid.depth)
    measure = np.float32(threshold), np.float64(beta or 0), np.int32(beta is not None)
    for panel in laid.panels:
        some, grid = tiles[panel.first : panel.last], (panel.last - panel.first, panel.columns)
        launch("crowd", grid, TILE, boxes, lines, some, gone, bits, depth, *measure)
        threads, first = threads_for(panel.columns), np.int32(panel.number)
        launch("sweep", (len(lines),), threads, lines, bits, gone, stay, first, depth)
    return stay


def tables(laid: Plan, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return the lines and the tiles of a plan on a device, by one copy."""
    count = laid.lines.size
    both = np.concatenate((laid.lines.ravel(), laid.tiles.ravel().view(np.int64)))
    held = on_device(torch.from_numpy(both), device)
    return held[:count].view(-1, 4), held[count:].view(torch.int32).view(len(laid.tiles), 2)


def threads_for(columns: int) -> int:
    """Return the number of threads that sweep a line: one per word, in whole warps."""
    return min(max(-(-columns // 32) * 32, TILE), THREADS)


def launcher(boxes: Tensor) -> Launch | None:
    """Return a function that launches the kernels for `boxes`; None on a CPU.

    None also if the kernels cannot be compiled or loaded, which is reported once. CUDA modules are
    imported only for float32 boxes on a CUDA device.
    """
    if not boxes.is_cuda or boxes.dtype != torch.float32:
        return None
    return load_kernels("sm_{}{}".format(*torch.cuda.get_device_capability(boxes.device)))


@functools.cache
def load_kernels(arch: str) -> Launch | None:
    """Compile and load the kernels for an architecture; None, with a note, if that fails."""
    try:
        return cuda_launch(cubin(SOURCE, arch))
    except Exception as error:  # compiler, loader and driver errors have no common base
        kind = "" if isinstance(error, NoCubin) else f"{type(error).__name__}: "
        reason = " ".join(str(error).split())
        note(f"suppression on {arch} runs without its kernel, on the CPU: {kind}{reason}")
        return None


def cuda_launch(code: bytes) -> Launch:
    """Load a cubin, and return a function that launches its kernels on torch's current stream."""
    from cuda.core import Device, LaunchConfig, ObjectCode, Stream
    from cuda.core import launch as start

    module = ObjectCode.from_cubin(code, name=SOURCE.name)
    kernels = {name: module.get_kernel(name) for name in ("crowd", "sweep")}

    def launch(name: str, grid: tuple[int, ...], block: int, *arguments: Any) -> None:
        device = arguments[0].device
        with torch.cuda.device(device):
            Device(device.index).set_current()
            stream = Stream.from_handle(torch.cuda.current_stream().cuda_stream)
            passed = (a.data_ptr() if isinstance(a, Tensor) else a for a in arguments)
            start(stream, LaunchConfig(grid=grid, block=block), kernels[name], *passed)

    return launch
