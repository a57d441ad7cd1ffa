"""The memory that this process may use, and the one line that says it ran out."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import DarknetError, OutOfMemory

UNKNOWN = 1 << 40  # bytes, where the platform does not say
MEMINFO = Path("/proc/meminfo")
GROUPS, GROUP_FOLDER = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")
LACK = re.compile(
    r"out of memory|(can't|cannot|failed to|unable to) allocate|(not enough|insufficient) memory"
    r"|bad_alloc|failed to map segment|STATUS_ALLOC_FAILED|create a memory object"
    r"|can't start new thread|^error return without exception set",
    re.IGNORECASE,
)
AMOUNT = re.compile(
    r"allocat(?:e|ed|ing)\D{0,40}?(?P<number>\d+(?:\.\d+)?) ?(?P<unit>bytes|[KMGT]iB)"
)
ON_GPU = re.compile("CUDA|CUDNN|CUBLAS|MPS")
UNITS = {"bytes": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
HINT = "use a smaller width and height in [net], smaller images, or fewer at once"


def usable_memory() -> int:
    """Return the bytes that this process may have.

    The least of the machine's memory, the limits of its cgroups, and RLIMIT_AS.
    """
    return min(machine_memory(), address_space(), *group_limits(GROUPS, GROUP_FOLDER), UNKNOWN)


def machine_memory() -> int:
    """Return this machine's memory in bytes, or a terabyte where the platform does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return UNKNOWN


def free_memory() -> int:
    """Return how many bytes of this machine's memory are free, or soon would be.

    It is a terabyte where the platform does not say.
    """
    found = [line.split() for line in lines_of(MEMINFO) if line.startswith("MemAvailable:")]
    return int(found[0][1]) << 10 if found else UNKNOWN


def address_space() -> int:
    """Return the bytes of addresses that this process may have, as `ulimit -v` sets them."""
    try:
        import resource
    except ImportError:  # Windows
        return UNKNOWN
    most, _ = resource.getrlimit(resource.RLIMIT_AS)
    return UNKNOWN if most == resource.RLIM_INFINITY else most


def group_limits(groups: Path, folder: Path) -> list[int]:
    """Return the limits of the memory cgroups of this process, of version 1 and 2.

    `groups` lists them, a line `number:controllers:path` each; `folder` has them as folders. In a
    container the path may be one of its host, and the group is then the folder itself.
    """
    limits = []
    for line in lines_of(groups):
        _, controllers, path = line.split(":", 2)
        home = folder if not controllers else folder / "memory"
        name = "memory.max" if not controllers else "memory.limit_in_bytes"
        if not controllers or controllers == "memory":
            group = Path(os.path.normpath(home / path.lstrip("/")))
            around = [one for one in (group, *group.parents) if one.is_relative_to(home)] or [home]
            texts = [text for place in around for text in lines_of(place / name)]
            limits += [int(text) for text in texts if text.isdecimal()]
    return limits


def lines_of(path: Path) -> list[str]:
    """Return the lines of a file of the kernel; none if it is not there."""
    try:
        return path.read_text().split("\n")[:-1]
    except (OSError, ValueError):
        return []


@contextmanager
def memory_errors(hint: str = HINT) -> Iterator[None]:
    """Turn every error that means a lack of memory into OutOfMemory, which says what to do."""
    try:
        yield
    except DarknetError:
        raise
    except Exception as error:
        if not is_lack_of_memory(error):
            raise
        raise OutOfMemory(problem_of(error), hint=hint) from None


def is_lack_of_memory(error: BaseException) -> bool:
    """Return whether an error of Python, numpy, torch, OpenCV or the system says that memory lacks.

    Most have no type of their own, and say it in words.
    """
    if isinstance(error, MemoryError):
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, Exception) and LACK.search(str(error)) is not None


def problem_of(error: Exception) -> str:
    """Return the line of an error of that kind, with the bytes it asked for if it says them."""
    asked = AMOUNT.search(str(error))
    place = "the GPU" if ON_GPU.search(str(error)) else this_process()
    if asked is None:
        return lack_of_memory(place)
    size = size_text(float(asked["number"]) * UNITS[asked["unit"]])
    return f"out of memory: another {size} does not fit into {place}"


def this_process() -> str:
    """Return whose memory lacks, and how much it has."""
    return f"the {size_text(usable_memory())} of this process"


def lack_of_memory(place: str = "") -> str:
    """Return the line that says that nothing more fits into a place, else into this process."""
    return f"out of memory: nothing more fits into {place or this_process()}"


def size_text(size: float) -> str:
    """Return a number of bytes as people read it."""
    unit = next((name for name in ("KiB", "MiB") if size < 1000 * UNITS[name]), "GiB")
    return f"{size / UNITS[unit]:.1f} {unit}"
