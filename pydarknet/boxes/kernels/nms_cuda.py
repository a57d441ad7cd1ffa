"""Starts nms.cu: where its lines of boxes stand in memory, and in which order they are compared."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...system.console import note
from .cubin import cubin

SOURCE = Path(__file__).with_name("nms.cu")
TILE = 64  # boxes, as in nms.cu
ROOM = 1 << 28  # bytes of bits held at a time
THREADS = 1024  # of a block at most

Launch = Callable[..., None]  # of a kernel's name, grid, block and arguments


@dataclass(frozen=True)
class Panel:
    """Tiles that are compared together: rows `first` to `last` of the plan's tiles."""

    number: int  # of the first tile within its line
    first: int
    last: int
    columns: int  # the tiles of the longest line from here on


@dataclass(frozen=True)
class Plan:
    """Where the lines stand in memory; `bits` and `gone` are counted in words of 64 bits.

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
    """Lay out lines of so many boxes each, in panels whose bits fit into `room` bytes.

    A panel has at least a tile of each line, be there room or not.
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
    """Return where each of so long pieces begins."""
    return np.cumsum(lengths) - lengths


def survivors_by_kernel(
    boxes: Tensor, sizes: Sequence[int], threshold: float, beta: float | None, launch: Launch
) -> Tensor:
    """Say which `boxes` [R, 4] of lines, best first, are left: bool [R], on their device.

    Boxes are float32 rows of centre and size, lines follow each other and have `sizes` boxes. One
    is crowded out where its IoU, or DIoU of exponent `beta`, with a better one that is left is
    over `threshold`.
    """
    laid, device = plan(sizes), boxes.device
    lines, tiles = (torch.from_numpy(table).to(device) for table in (laid.lines, laid.tiles))
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


def threads_for(columns: int) -> int:
    """Return how many threads sweep a line: one a word, in whole warps."""
    return min(max(-(-columns // 32) * 32, TILE), THREADS)


def launcher(boxes: Tensor) -> Launch | None:
    """Return what starts the kernels on `boxes`; None on a CPU, and, told once, where nothing can.

    Nothing of CUDA is imported but for float32 boxes on a CUDA device.
    """
    if not boxes.is_cuda or boxes.dtype != torch.float32:
        return None
    return load_kernels("sm_{}{}".format(*torch.cuda.get_device_capability(boxes.device)))


@functools.cache
def load_kernels(arch: str) -> Launch | None:
    """Compile and load the kernels for an architecture, or say why not."""
    try:
        return cuda_launch(cubin(SOURCE, arch))
    except Exception as error:  # the compiler's, the loader's and the driver's have no common base
        reason = " ".join(str(error).split())
        note(
            f"suppression on {arch} does without its kernel ({type(error).__name__}: {reason}); "
            "pip install 'pydarknet[cuda]' brings what compiles it"
        )
        return None


def cuda_launch(code: bytes) -> Launch:
    """Load a cubin, and return what starts its kernels on torch's current stream."""
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
