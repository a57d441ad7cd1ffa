"""Which of several processes this one is, as the environment of torchrun says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import UsageError

WORDS = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")

RESTARTS = "TORCHELASTIC_RESTART_COUNT"  # how often torchrun has started all processes again


@dataclass(frozen=True)
class Place:
    """The number of this process, of its machine's, and where the first process is found."""

    rank: int
    size: int
    local: int  # the number among the processes of this machine
    near: int  # how many these are
    address: str
    port: int
    method: str = "env://"  # by which torch finds the others; this one is torchrun's

    def environment(self) -> dict[str, str]:
        """Return what torchrun would set for this process."""
        return {
            "RANK": str(self.rank),
            "WORLD_SIZE": str(self.size),
            "LOCAL_RANK": str(self.local),
            "LOCAL_WORLD_SIZE": str(self.near),
            "MASTER_ADDR": self.address,
            "MASTER_PORT": str(self.port),
        }


def place_of(environment: Mapping[str, str]) -> Place | None:
    """Return the place of a process that torchrun started; None for one that is alone.

    Raises UsageError if only some of torchrun's words are set, or one is no number.
    """
    if environment.get("WORLD_SIZE", "1") == "1":
        return None
    missing = [word for word in WORDS if word not in environment]
    if missing:
        raise UsageError(
            f"WORLD_SIZE = {environment['WORLD_SIZE']} without {missing[0]} in the environment:"
            " expected what torchrun sets"
        )
    rank, size, local, port = (
        number(environment, word) for word in ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_PORT")
    )
    near = number(environment, "LOCAL_WORLD_SIZE") if "LOCAL_WORLD_SIZE" in environment else 1
    if not rank < size:
        raise UsageError(
            f"RANK = {rank} in the environment: expected less than WORLD_SIZE = {size}"
        )
    return Place(rank, size, local, near, environment["MASTER_ADDR"], port)


def number(environment: Mapping[str, str], word: str) -> int:
    """Return the number that a word of the environment has."""
    text = environment[word]
    if not text.isdecimal():
        raise UsageError(
            f"{word} = {text} in the environment: expected a number, as torchrun sets it"
        )
    return int(text)
