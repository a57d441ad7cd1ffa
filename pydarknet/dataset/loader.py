"""Batches of training images with their truth, which worker processes make in advance."""

from __future__ import annotations

import contextlib
import itertools
import mmap
import os
import pickle
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..errors import DarknetError, DataError, OutOfMemory
from ..system.cores import usable_cores
from ..system.files import SharedFolder
from ..system.interrupts import block_interrupts
from ..system.memory import size_text, usable_memory
from ..system.text import count_of
from .bad_list import Problem, append
from .labels import labels_of
from .sample import Request, Samples
from .worker import FEWER, Answer, Order, SampleInfo, bytes_of

MOST_WORKERS = 8
AHEAD = 2  # batches that are made while the trainer uses one
SHARED = Path("/dev/shm")  # holds files in memory, if the system has it
PREFIX = "pydarknet"
PROGRAM = "import sys; sys.path[:] = {path!r}; from pydarknet.dataset.worker import main; main()"
SINGLE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Batch:
    """The images of one iteration, counted from 1.

    `images` are float32 [B, C, h, w] in 0..1. `truth` is float32 [B, ...] in the form that heads
    read: rows of boxes, cells, or classes. A problem is repeated whenever its image is.
    """

    number: int
    images: Tensor
    truth: Tensor
    paths: tuple[str, ...]
    problems: tuple[Problem, ...]


class Batches:
    """Makes batches of images; a context manager, which ends its processes.

    A batch has `count` samples, of which `wanted` are made here, if given: their indices. `size`
    returns the width and height of an iteration's images. `workers` is the number of
    processes, or 0 to use none; the default is the number of cores, at most 8. The batches do not
    depend on it. Problems are added to the fork's lists if `lists`.

    Darknet: src/data.c load_data
    Quirk: RANDOM_BY_INDEX
    """

    def __init__(
        self,
        samples: Samples,
        *,
        count: int,
        seed: int,
        size: Callable[[int], tuple[int, int]],
        workers: int | None = None,
        wanted: Sequence[int] | None = None,
        lists: bool = True,
    ) -> None:
        self.samples, self.seed, self.size = samples, seed, size
        self.wanted = range(count) if wanted is None else wanted
        self.count = len(self.wanted)
        self.crew = min(usable_cores(), MOST_WORKERS) if workers is None else workers
        self.lists = lists and samples.listed
        self.workers: list[Worker] = []
        self.folders: list[SharedFolder] = []
        self.ordered: deque[Ordered] = deque()
        self.listed: set[Problem] = set()
        self.room = usable_memory()

    def __enter__(self) -> Batches:
        labels_of.cache_clear()  # files may have changed since an earlier run
        try:
            self.start_workers()
        except BaseException:
            self.end_workers()
            raise
        return self

    def start_workers(self) -> None:
        """Start the processes, and hand them the samples. Raises DataError if that fails."""
        if self.crew:
            self.folders = shared_folders()
        while len(self.workers) < min(self.crew, self.count):
            try:
                self.workers.append(Worker())
            except OSError as error:
                problem = f"no process can make samples: {error.strerror}"
                raise DataError(problem, hint="-workers 0 makes them here") from None
        for worker in self.workers:
            worker.send((self.samples, [str(folder.path) for folder in self.folders]))

    def __exit__(self, *error: object) -> None:
        self.end_workers()

    def end_workers(self) -> None:
        """End the processes, and remove what they made."""
        for worker in self.workers:
            worker.end()
        for folder in self.folders:
            folder.remove()
        self.workers, self.folders = [], []
        self.ordered.clear()

    def __call__(self, numbers: Iterable[int]) -> Iterator[Batch]:
        """Yield the batches of iterations of these numbers."""
        assert self.workers or not self.crew, "batches are made within a `with` statement"
        while self.ordered:  # left over from an iteration that was stopped
            self.collect()
        numbers, coming = itertools.tee(numbers)
        for number in numbers:
            if self.workers:
                for after in itertools.islice(coming, 1 + AHEAD - len(self.ordered)):
                    self.order(after)
                yield self.collect()
            else:
                yield self.make(number)

    def order(self, number: int) -> None:
        """Ask the workers for a batch: each of n workers makes every n-th sample."""
        size = self.size(number)
        needed = self.checked_bytes(size)
        file = Path(roomy([str(folder.path) for folder in self.folders], needed)) / str(number)
        try:
            with open(file, "wb") as empty:
                empty.truncate(needed)
        except OSError as error:
            problem = f"{size_text(needed)} for a batch cannot be had ({error.strerror})"
            raise OutOfMemory(problem, where=file.parent, hint=FEWER) from None
        for index, worker in enumerate(self.workers):
            places = range(index, self.count, len(self.workers))
            worker.send(Order(file, self.seed, number, size, self.wanted, places))
        self.ordered.append(Ordered(number, size, file))

    def checked_bytes(self, size: tuple[int, int]) -> int:
        """Return the bytes of a batch of this size; raise OutOfMemory if they are too many."""
        needed = self.count * sum(bytes_of(self.samples, size))
        if needed > self.room:
            images = f"{count_of(self.count, 'image')} of {size[0]} x {size[1]}"
            raise OutOfMemory(
                f"a batch of {images} takes {size_text(needed)}: expected at most the"
                f" {size_text(self.room)} that this process may have",
                hint="use a smaller batch, time_steps, width or height in [net]",
            )
        return needed

    def collect(self) -> Batch:
        """Wait for the oldest ordered batch and return it."""
        order = self.ordered.popleft()
        answers = [worker.answer() for worker in self.workers]
        infos = {
            index: one for answer in answers for index, one in samples_or_error(answer).items()
        }
        numbers = memory_map(order.file)
        channels, (w, h) = self.samples.channels, order.size
        images, truth = np.split(numbers, [self.count * channels * w * h])
        return self.batch(
            order.number,
            images.reshape(self.count, channels, h, w),
            truth.reshape(self.count, *self.samples.truth_shape),
            [infos[index] for index in range(self.count)],
        )

    def make(self, number: int) -> Batch:
        """Make a batch in this process."""
        size = self.size(number)
        self.checked_bytes(size)
        requests = [Request(self.seed, number, index, size) for index in self.wanted]
        samples = [self.samples.sample(request) for request in requests]
        images = np.stack([sample.image for sample in samples])
        truth = np.stack([sample.truth for sample in samples])
        infos = [SampleInfo(sample.path, sample.problems) for sample in samples]
        return self.batch(number, images, truth, infos)

    def batch(
        self, number: int, images: np.ndarray, truth: np.ndarray, infos: Sequence[SampleInfo]
    ) -> Batch:
        """Build a batch from its parts, and add its problems to the lists that the fork writes."""
        problems = list(dict.fromkeys(problem for one in infos for problem in one.problems))
        if self.lists:
            append(problem for problem in problems if problem not in self.listed)
            self.listed.update(problems)
        return Batch(
            number,
            torch.from_numpy(images),
            torch.from_numpy(truth),
            tuple(one.path for one in infos),
            tuple(problems),
        )


@dataclass(frozen=True)
class Ordered:
    """A batch that the workers are making, and the file to which they write it."""

    number: int
    size: tuple[int, int]
    file: Path


class Worker:
    """A process that makes samples; it ends when this one does."""

    def __init__(self) -> None:
        with block_interrupts():  # the trainer handles Ctrl-C, also while the worker starts
            self.process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM.format(path=sys.path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, **SINGLE},
            )

    def send(self, message: object) -> None:
        """Send a message without waiting for the answer."""
        assert self.process.stdin
        try:
            pickle.dump(message, self.process.stdin)
            self.process.stdin.flush()
        except OSError:
            raise self.exit_error() from None

    def answer(self) -> Answer:
        """Wait for the next answer."""
        assert self.process.stdout
        try:
            answer: Answer = pickle.load(self.process.stdout)
        except (EOFError, pickle.UnpicklingError):
            raise self.exit_error() from None
        return answer

    def exit_error(self) -> DarknetError:
        """Return the error of a process that ended unexpectedly."""
        status = self.process.wait()
        way = f"with status {status}" if status >= 0 else f"by signal {-status}"
        if status == -9:  # SIGKILL: what Linux does when memory runs out
            return OutOfMemory(f"a worker process was ended {way}", hint=FEWER)
        return DataError(f"a worker process ended {way}", hint=f"memory may be short: {FEWER}")

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                assert pipe
                pipe.close()
        self.process.wait()


def shared_folders() -> list[SharedFolder]:
    """Make the folders through which batches come: in memory, and among temporary files."""
    folders = []
    for home in (SHARED, None) if SHARED.is_dir() else (None,):
        with contextlib.suppress(OSError):
            folders.append(SharedFolder(PREFIX, home))
    if not folders:
        raise DataError("no folder for batches can be made: expected room in TMPDIR or /tmp")
    return folders


def samples_or_error(answer: Answer) -> dict[int, SampleInfo]:
    """Return the samples in a worker's answer; raise the answer if it is an error."""
    if isinstance(answer, DarknetError):
        raise answer
    return answer


def roomy(folders: Sequence[str], needed: int) -> str:
    """Return the first folder with room for all batches in progress, of `needed` bytes each."""
    room = needed * (AHEAD + 2)
    return next((one for one in folders if shutil.disk_usage(one).free > room), folders[-1])


def memory_map(file: Path) -> np.ndarray:
    """Map a file of float32 into memory; the file disappears with the array."""
    with open(file, "r+b") as opened:
        numbers = np.frombuffer(mmap.mmap(opened.fileno(), 0), np.float32)
    with contextlib.suppress(PermissionError):  # Windows: it is removed with the folder
        file.unlink()
    return numbers
