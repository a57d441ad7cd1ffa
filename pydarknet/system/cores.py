"""How many cores this process may use."""

from __future__ import annotations

import math
import os
from pathlib import Path

from .memory import GROUP_FOLDER, lines_of


def usable_cores() -> int:
    """Return the cores that this process may use, by its affinity and its cgroup's quota."""
    return max(1, min(allowed_cores(), quota(GROUP_FOLDER)))


def allowed_cores() -> int:
    """Return the cores that the process may be run on."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1


def quota(folder: Path) -> int:
    """Return how many cores' time a cgroup of version 1 or 2 grants, rounded up; many without one.

    `folder` is where a container sees its own group.
    """
    texts = [word for line in lines_of(folder / "cpu.max") for word in line.split()]
    if not texts:
        names = ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")
        texts = [line for name in names for line in lines_of(folder / name)]
    if len(texts) != 2 or not all(text.isdecimal() and int(text) for text in texts):
        return os.cpu_count() or 1  # "max", or -1
    time, period = map(int, texts)
    return math.ceil(time / period)
