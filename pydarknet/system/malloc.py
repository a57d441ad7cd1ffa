"""How this process keeps memory that it frees."""

from __future__ import annotations

import ctypes
import sys
import threading

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_MMAP_MAX, M_ARENA_MAX = -1, -3, -4, -8  # malloc.h
LARGE = 1 << 16  # bytes of a block that is returned when it is freed


def keep_freed_memory() -> bool:
    """Let this process keep what it frees, and return whether it will.

    glibc gives every large block back to the system at once, so that a network would get all its
    maps anew for each image, page by page: a fifth of its time on a CPU.
    """
    return set_options({M_MMAP_MAX: 0, M_TRIM_THRESHOLD: -1, M_ARENA_MAX: 1})


def trim_freed_memory() -> None:
    """Give the system back what this process has freed so far, and keep what it frees later.

    What a program makes once, in the midst of its work, leaves holes too small for what it does
    over and over.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


def take_memory(size: int) -> threading.Thread | None:
    """Let a thread take so many bytes from the system, for what this process makes later.

    The first write to a page takes microseconds: the system must find and clear it. Returns the
    thread; None where freed memory cannot be kept, or no thread be started.
    """
    if not keep_freed_memory():
        return None
    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    libc.free.argtypes = [ctypes.c_void_p]

    def take() -> None:
        place = libc.malloc(size)
        if place:
            ctypes.memset(place, 1, size)
            libc.free(place)

    thread = threading.Thread(target=take, daemon=True)
    try:
        thread.start()
    except RuntimeError:  # there are as many as may be
        return None
    return thread


def return_freed_memory() -> bool:
    """Let this process return large blocks that it frees at once, and return whether it will.

    A program that looks at one image then holds no more memory than it needs at a time.
    """
    return set_options({M_MMAP_THRESHOLD: LARGE, M_ARENA_MAX: 1})


def share_memory() -> bool:
    """Let all threads that start later take memory from one place, and return whether they will.

    glibc has a place for each, which it gives back to the system whatever it was told to keep.
    """
    return set_options({M_ARENA_MAX: 1})


def set_options(options: dict[int, int]) -> bool:
    """Set options of glibc's malloc; return whether all are set."""
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none
    if mallopt is None:
        return False
    return all(mallopt(option, value) for option, value in options.items())
