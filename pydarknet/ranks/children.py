"""Processes that one starts to work with it on this machine: watched, and ended with it."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from ..errors import DarknetError
from ..system.console import note
from .failures import FILE, PATIENCE, Failures
from .place import Place

HOME: Final = "127.0.0.1"
POLL: Final = 0.2  # seconds
GRACE: Final = 10.0  # seconds for which this process may go on when another one has failed

Children = Sequence[subprocess.Popen[bytes]]


@contextmanager
def company_of(count: int, command: Sequence[str]) -> Iterator[Place]:
    """Start processes by a command until there are `count`; return the place of this one.

    They go on for as long as the block does; one that is left is ended. Of an error that ends the
    block, `told` says whether another one prints it. If one fails, and this one does not notice
    because it waits for it in vain, all end.
    """
    port, over = free_port(), threading.Event()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        children = [
            child(command, Place(rank, count, rank, count, HOME, port), folder)
            for rank in range(1, count)
        ]
        watch = threading.Thread(target=watch_over, args=(children, over), daemon=True)
        watch.start()
        try:
            yield Place(0, count, 0, count, HOME, port, f"tcp://{HOME}:{port}")
            for one in children:
                one.wait()
        except DarknetError as error:
            error.told = not Failures(Path(folder), 0).tells(error)
            wait_for(children)
            raise
        finally:
            over.set()
            end(children)


def child(command: Sequence[str], place: Place, folder: str) -> subprocess.Popen[bytes]:
    """Start the process of a place. Its stdin ends with this process."""
    own = {**place.environment(), FILE: str(Path(folder, str(place.local), "error.json"))}
    return subprocess.Popen([*command], stdin=subprocess.PIPE, env={**os.environ, **own})


def end_with_parent() -> None:
    """Let this process end when the one that started it does, however that ends."""

    def wait() -> None:
        os.read(0, 1)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def watch_over(children: Children, over: threading.Event) -> None:
    """End this process if another one has failed and this one goes on."""
    while not over.wait(POLL):
        failed = [(place, one.returncode) for place, one in enumerate(children, 1) if one.poll()]
        if failed and not over.wait(GRACE):
            (rank, status), size = failed[0], len(children) + 1
            note(
                f"process {rank} of {size} has ended with status {status}, and process 0 waits for"
                " it in vain: all end; the same command goes on from the last state"
            )
            end(children)
            os._exit(1)


def wait_for(children: Children) -> None:
    """Give processes time to print what ends them."""
    until = time.monotonic() + PATIENCE
    for one in children:
        with suppress(subprocess.TimeoutExpired):
            one.wait(max(until - time.monotonic(), 0))


def end(children: Children) -> None:
    """End the processes that are left."""
    for one in children:
        one.kill()
        one.wait()
        if one.stdin:
            one.stdin.close()


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as listener:
        listener.bind((HOME, 0))
        return int(listener.getsockname()[1])
