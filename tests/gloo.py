"""Starts processes that meet by gloo, as torchrun would, but for torchrun itself."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path

from conftest import HERE
from forked import Program

from pydarknet.ranks.place import Place

PATIENCE = 120  # seconds


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def start(size: int, words: Sequence[str], folder: Path) -> list[Program]:
    """Start Python with these words so many times, with the environment of torchrun."""
    port = free_port()
    path = os.pathsep.join([str(HERE.parent), str(HERE)])
    return [
        Program(
            *words,
            cwd=folder,
            env={
                **os.environ,
                "PYTHONPATH": path,
                "OMP_NUM_THREADS": "1",
                **Place(rank, size, rank, size, "127.0.0.1", port).environment(),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(size)
    ]


def answers(processes: Sequence[Program], patience: float = PATIENCE) -> list[tuple[int, str, str]]:
    """Wait for processes; return each one's status, stdout and stderr."""
    try:
        said = [process.communicate(timeout=patience) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    return [(process.returncode, *told) for process, told in zip(processes, said, strict=True)]
