#!/usr/bin/env python3
"""Run the CUDA kernel for suppression on a CPU under sanitizers; no GPU is needed, but g++ is.

    scripts/sanitize_kernel.py [--cases 100] [--seed 1] [--source FILE] [thread] [address]

Each CUDA thread is a thread (see kernel_threads.cpp). ThreadSanitizer looks for races between them,
AddressSanitizer and UndefinedBehaviorSanitizer for what they read and write beyond arrays. The
cases are lines of boxes of random lengths, many equal, some odd (not numbers, infinite, of no
size, subnormal); the boxes that stay must be those of the CPU's own suppression.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pydarknet.boxes.kernels import nms_cuda  # noqa: E402  # the copy beside this script
from pydarknet.boxes.suppression import line_survivors  # noqa: E402

THREADS = Path(__file__).with_name("kernel_threads.cpp")
KERNELS = ("crowd", "sweep")
SANITIZERS = {"thread": "thread", "address": "address,undefined"}
FLAGS = ("-std=c++17", "-O1", "-g1", "-ffp-contract=off", "-pthread")
FAILED = 66  # a sanitizer's exit status
ENDS = dict.fromkeys(("TSAN", "ASAN", "UBSAN"), f"exitcode={FAILED}:halt_on_error=1")
ODD = [np.nan, np.inf, -np.inf, 0, -0.0, 1e30, 1e-30, 3e-20, -1, 1e38, 1e-45]
LENGTHS = (0, 1, 2, 63, 64, 65)


class Case(NamedTuple):
    """Lines of boxes, best first, and how they are suppressed."""

    boxes: np.ndarray  # float32 [R, 4]
    sizes: list[int]
    threshold: float
    beta: float | None
    room: int  # bytes for the bits of pairs


def cases(count: int, seed: int) -> Iterator[Case]:
    """Yield cases: one after the other with equal boxes, equal overlaps, odd boxes, few bits."""
    draws = np.random.default_rng(seed)
    for number in range(count):
        sizes = [int(draws.choice([*LENGTHS, draws.integers(1, 200)])) for _ in range(3)]
        boxes = (draws.random((sum(sizes), 4)) * [1, 1, 0.35, 0.35]).astype(np.float32)
        if len(boxes) and number % 2:
            boxes[draws.integers(0, len(boxes), len(boxes) // 4)] = boxes[0]
        if number % 3 == 0:
            boxes = np.round(boxes * 8) / np.float32(8)
        if len(boxes) and number % 5 == 0:
            some = draws.integers(0, len(boxes), len(boxes) // 3 + 1)
            boxes[some, draws.integers(0, 4, len(some))] = draws.choice(ODD, len(some))
        threshold = float(np.float32(draws.choice([0, 0.25, 1 / 3, 0.45, 0.5, 0.9, -0.5])))
        beta = [None, 0.6, 1.0, 1.7][number % 4]
        yield Case(boxes, sizes, threshold, beta, [1 << 28, 0, 64 * 8 * 7][number % 3])


def compile_kernel(source: Path, sanitizer: str, folder: Path) -> Path:
    """Compile the kernels with a sanitizer; exit with a message if that is impossible."""
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        sys.exit("there is no C++ compiler: expected g++ or clang++")
    program = folder / f"kernels-{sanitizer}"
    flags = [*FLAGS, f"-fsanitize={SANITIZERS[sanitizer]}", f'-DSOURCE="{source}"']
    done = subprocess.run(
        [compiler, *flags, str(THREADS), "-o", str(program)], capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(f"{Path(compiler).name} cannot compile with {sanitizer} sanitizer: {done.stderr}")
    return program


class Program:
    """The compiled kernels as a process that does launches."""

    def __init__(self, path: Path, told: Path) -> None:
        options = {f"{name}_OPTIONS": words for name, words in ENDS.items()}
        with told.open("wb") as errors:
            self.process = subprocess.Popen(
                [str(path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**os.environ, **options},
            )

    def launch(self, name: str, grid: tuple[int, ...], block: int, *arguments: Any) -> None:
        """Do a launch, and take over what it wrote. Raises BrokenPipeError if it failed."""
        assert self.process.stdin
        assert self.process.stdout
        x, y = (*grid, 1)[:2]
        parts = [a.numpy().tobytes() if isinstance(a, Tensor) else a.tobytes() for a in arguments]
        head = np.array([KERNELS.index(name), x, y, block, len(parts)], np.int64).tobytes()
        sized = (len(part).to_bytes(8, "little") + part for part in parts)
        self.process.stdin.write(head + b"".join(sized))
        self.process.stdin.flush()
        for argument, part in zip(arguments, parts, strict=True):
            answer = self.process.stdout.read(len(part))
            if len(answer) < len(part):
                raise BrokenPipeError
            if isinstance(argument, Tensor):
                array = argument.numpy()
                array[...] = np.frombuffer(answer, array.dtype).reshape(array.shape)

    def end(self) -> int:
        """End the process; return its status."""
        self.process.communicate()
        return self.process.returncode


def differs(case: Case, program: Program) -> bool:
    """Return whether other boxes stay than on the CPU."""
    boxes = torch.from_numpy(case.boxes)
    nms_cuda.ROOM = case.room
    got = nms_cuda.survivors_by_kernel(
        boxes, case.sizes, case.threshold, case.beta, program.launch
    ).tolist()
    lines = np.split(case.boxes, np.cumsum(case.sizes)[:-1])
    expected = [stay for one in lines for stay in line_survivors(one, case.threshold, case.beta)]
    return got != expected


def check(source: Path, sanitizer: str, count: int, seed: int) -> bool:
    """Run the cases under a sanitizer; print what is wrong, and return whether nothing is."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        told = folder / "told.txt"
        program = Program(compile_kernel(source, sanitizer, folder), told)
        try:
            wrong = [n for n, case in enumerate(cases(count, seed)) if differs(case, program)]
        except BrokenPipeError:
            wrong = []
        status = program.end()
        if status:
            print(f"{sanitizer}: {told.read_text(errors='replace') or f'status {status}'}")
            return False
    print(f"{sanitizer}: {count} cases, no report; other boxes stay in {len(wrong)} {wrong[:5]}")
    return not wrong


def main() -> None:
    """Run the sanitizers; exit with 1 if one reports, or other boxes stay."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("sanitizers", nargs="*", help=" or ".join(SANITIZERS))
    parser.add_argument("--cases", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--source", type=Path, default=nms_cuda.SOURCE)
    options = parser.parse_args()
    chosen = options.sanitizers or list(SANITIZERS)
    if unknown := set(chosen) - set(SANITIZERS):
        parser.error(f"{', '.join(unknown)}: expected {' or '.join(SANITIZERS)}")
    source = options.source.resolve()
    good = [check(source, sanitizer, options.cases, options.seed) for sanitizer in chosen]
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
