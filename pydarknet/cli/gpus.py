"""The devices that -gpus names, and the processes that train on them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..runtime.environment import gpu_may_be_there
from ..system.console import note, say
from .verbs import Run

if TYPE_CHECKING:
    from ..ranks.place import Place
    from ..ranks.ranks import Ranks

PROGRAM = (
    "import sys; sys.path[:] = {path!r}; sys.argv[1:] = {words!r};"
    " from pydarknet.ranks.children import end_with_parent; end_with_parent();"
    " from pydarknet.cli.main import entry; entry()"
)


def gpus_of(word: str | None) -> list[int]:
    """Return the numbers that -gpus names; none without it. Raises UsageError."""
    if word is None:
        return []
    numbers = word.split(",")
    if not all(number.isdecimal() for number in numbers):
        raise UsageError(f"-gpus {word}: expected the numbers of GPUs, such as 0,1")
    found = list(map(int, numbers))
    if len(set(found)) < len(found):
        raise UsageError(f"-gpus {word}: expected each GPU once")
    return found


def device_named(flags: Mapping[str, Any], *, computes: bool) -> str | None:
    """Return the device that -i or -nogpu names; None without them.

    Where no GPU can be, a command that `computes` notes a number above 0; 0 names none there.
    """
    number = flags.get("i", 0)
    if flags.get("nogpu") or number < 0:
        return "cpu"
    if computes and number > 0 and not gpu_may_be_there():
        note(f"-i {number} is for a GPU of CUDA, and this machine has none: ignored")
    return f"cuda:{number}" if "i" in flags else None


def missing(word: str) -> str:
    """Return why the GPUs of -gpus cannot be used, and what trains instead; empty if they can."""
    from ..backends.device import best_device, missing_gpu

    error = missing_gpu()
    return f"-gpus {word}: {error.problem}: {best_device()} trains; {error.hint}" if error else ""


@contextmanager
def trainers(run: Run, word: str | None) -> Iterator[tuple[Run, Ranks]]:
    """Return the run on this process's device, and the processes that train together.

    They are those that torchrun started. Without it a process is started for each further GPU, with
    the words of this one; they end with the block. As in the C, a CPU stands in for GPUs that are
    not there: for all of them, unless torchrun has started a process for each.
    """
    from ..ranks.children import company_of
    from ..ranks.company import company, device_of
    from ..ranks.place import place_of
    from .open_network import requested_device

    place, gpus = place_of(os.environ), gpus_of(word)
    problem = missing(word) if word else ""
    starts = len(gpus) > 1 and place is None and not problem
    with company_of(len(gpus), command()) if starts else alone(place) as here:
        device = device_among(gpus, here) if gpus else run.device or device_of(here)
        run = replace(run, device=device)
        with company(here, requested_device(run)) as ranks:
            if word:
                say(word)
            if problem:
                note(problem)
            yield run, ranks


def command() -> list[str]:
    """Return what starts this program again, with the same words."""
    return [sys.executable, "-c", PROGRAM.format(path=sys.path, words=sys.argv[1:])]


@contextmanager
def alone(place: Place | None) -> Iterator[Place | None]:
    """Return the place that is given."""
    yield place


def device_among(gpus: Sequence[int], place: Place | None) -> str:
    """Return the device of a process among GPUs; raise UsageError if there is none for it."""
    local = place.local if place else 0
    if local >= len(gpus):
        named = ",".join(map(str, gpus))
        raise UsageError(
            f"-gpus {named} has no GPU for process {local} of this machine:"
            f" expected torchrun --nproc_per_node={len(gpus)}"
        )
    return f"cuda:{gpus[local]}"
