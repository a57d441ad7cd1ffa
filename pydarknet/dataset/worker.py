"""A process that makes training samples. It reads orders from stdin and answers on stdout.

It does not import torch, and shares only a folder in memory with the trainer. It ends when the pipe
does: when the trainer closes it, or dies.
"""

from __future__ import annotations

import errno
import os
import pickle
import shutil
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import cv2
import numpy as np

from ..errors import DarknetError, DataError
from ..system.malloc import keep_freed_memory
from ..system.memory import memory_errors
from .bad_list import Problem
from .sample import Request, Samples

FEWER = "use fewer workers (-workers N; 0 need least), smaller images or a smaller batch in [net]"


@dataclass(frozen=True)
class Order:
    """The samples of a batch that a worker must make, and the file to write them to.

    The file has the samples of the indices `wanted`; this worker makes those at `places` in it.
    """

    file: Path
    seed: int
    batch: int
    size: tuple[int, int]
    wanted: Sequence[int]
    places: range


@dataclass(frozen=True)
class SampleInfo:
    """A sample's path and problems, which the answer contains; its numbers are in the file."""

    path: str
    problems: tuple[Problem, ...]


Answer = dict[int, SampleInfo] | DarknetError  # by place


def bytes_of(samples: Samples, size: tuple[int, int]) -> tuple[int, int]:
    """Return how many bytes an image and its truth take."""
    numbers = samples.channels * size[0] * size[1], int(np.prod(samples.truth_shape))
    return 4 * numbers[0], 4 * numbers[1]


def main() -> None:
    """Serve a trainer until the pipe ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the trainer handles Ctrl-C
    cv2.setNumThreads(1)
    keep_freed_memory()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # other output must not mix with the answers
    try:
        samples, folders = pickle.load(sys.stdin.buffer)
    except EOFError:  # the trainer has died, or could not start the others
        return
    try:
        for order in orders(sys.stdin.buffer):
            pickle.dump(make_samples(samples, order), answers)
            answers.flush()
    except (BrokenPipeError, FileNotFoundError):
        pass  # the trainer died, and perhaps another worker has cleaned up
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)  # without complaints about the broken pipe


def orders(pipe: IO[bytes]) -> Iterator[Order]:
    """Yield the orders that come through a pipe until it ends."""
    while True:
        try:
            yield pickle.load(pipe)
        except (EOFError, pickle.UnpicklingError):
            return


def make_samples(samples: Samples, order: Order) -> Answer:
    """Make the samples of an order; return them, or the first error."""
    infos = {}
    image, truth = bytes_of(samples, order.size)
    try:
        with memory_errors(FEWER), open(order.file, "r+b", buffering=0) as file:
            for place in order.places:
                request = Request(order.seed, order.batch, order.wanted[place], order.size)
                sample = samples.sample(request)
                put(file, place * image, sample.image)
                put(file, len(order.wanted) * image + place * truth, sample.truth)
                infos[place] = SampleInfo(sample.path, sample.problems)
    except DarknetError as error:
        return error
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        needed = f"{len(order.wanted) * (image + truth) >> 20} MiB per batch"
        return DataError(f"is full: expected room for {needed}", where=order.file.parent)
    return infos


def put(file: IO[bytes], offset: int, numbers: np.ndarray) -> None:
    """Write numbers to a file at an offset."""
    left = np.ascontiguousarray(numbers, np.float32).data.cast("B")
    file.seek(offset)
    while left:
        left = left[file.write(left) :]
