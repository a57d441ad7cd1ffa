"""Two stand-ins for the kernels: nms.cu in numpy, block by block, and nms.cu compiled for a CPU."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from pydarknet.boxes.box import exceed, outlines
from pydarknet.boxes.kernels.nms_cuda import SOURCE, TILE

HOST = Path(__file__).with_name("kernel_host.cpp")
PLACES = np.arange(TILE, dtype=np.uint64)


def numpy_twin(name: str, grid: tuple[int, ...], block: int, *arguments: Any) -> None:
    """Compute what a kernel computes, one block after the other."""
    {"crowd": crowd, "sweep": sweep}[name](grid, block, *arguments)


def crowd(grid, block, boxes, lines, tiles, gone, bits, depth, limit, beta, distant):
    gone, bits, blocks = words_of(gone), words_of(bits), grid[1]
    for index, tile in tiles.tolist():
        first, count, gone_at, bits_at = lines[index].tolist()
        words, panel = -(-count // TILE), tile // depth * depth
        line = outlines(boxes[first : first + count].numpy())
        some = line[:, tile * TILE : (tile + 1) * TILE]
        for other in range(max(panel, tile), min(panel + blocks, words)):
            others = line[:, other * TILE : (other + 1) * TILE]
            exponent = float(beta) if distant else None
            over = exceed(some[:, :, None], others[:, None], float(limit), exponent)
            own = np.arange(some.shape[1], dtype=np.uint64)
            behind = PLACES[: others.shape[1]] > own[:, None] if other == tile else True
            standing = gone[gone_at + tile] >> own & 1 == 0
            row = ((tile - panel) * TILE + np.flatnonzero(standing)) * words
            bits[bits_at + row + other] = bits_to_words((over & behind)[standing])


def sweep(grid, block, lines, bits, gone, stay, panel, depth):
    gone, bits, stay = words_of(gone), words_of(bits), stay.numpy()
    for first, count, gone_at, bits_at in lines.tolist():
        words = -(-count // TILE)
        rows = bits[bits_at:].view()
        for tile in range(panel, min(panel + depth, words)):
            out, standing = int(gone[gone_at + tile]), []
            for own in range(min(TILE, count - tile * TILE)):
                place = ((tile - panel) * TILE + own) * words
                stay[first + tile * TILE + own] = left = not out >> own & 1
                if left:
                    out |= int(rows[place + tile])
                    standing.append(place)
            for place in standing:
                gone[gone_at + tile + 1 : gone_at + words] |= rows[place + tile + 1 : place + words]


def words_of(tensor: Tensor) -> np.ndarray:
    return tensor.numpy().view(np.uint64)


def bits_to_words(flags: np.ndarray) -> np.ndarray:
    """Return rows of up to 64 flags as a word each, with the first as its lowest bit."""
    return np.bitwise_or.reduce(flags.astype(np.uint64) << PLACES[: flags.shape[1]], axis=1)


def compiler() -> str | None:
    """Return the path of a C++ compiler, None if there is none."""
    return shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")


def host_twin(folder: Path) -> Callable[..., None]:
    """Compile nms.cu for the CPU, and return a function that launches its kernels."""
    made = folder / "nms.so"
    flags = ["-std=c++17", "-O1", "-ffp-contract=off", "-shared", "-fPIC"]
    source = f'-DSOURCE="{SOURCE}"'
    subprocess.run([str(compiler()), *flags, source, str(HOST), "-o", str(made)], check=True)
    library = ctypes.CDLL(str(made))

    def launch(name: str, grid: tuple[int, ...], block: int, *arguments: Any) -> None:
        x, y = (*grid, 1)[:2]
        getattr(library, f"run_{name}")(x, y, block, *map(as_c, arguments))

    return launch


def as_c(argument: Any) -> Any:
    """Return an argument of a kernel as a C type."""
    if isinstance(argument, Tensor):
        return ctypes.c_void_p(argument.data_ptr())
    return {np.int32: ctypes.c_int, np.float32: ctypes.c_float, np.float64: ctypes.c_double}[
        type(argument)
    ](argument)
