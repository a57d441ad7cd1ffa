"""Networks that are compiled when a command has given its answer: the next needs no torch."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from ..errors import DarknetError
from ..system.console import note
from ..system.memory import memory_errors
from ..system.starting import STARTED

if TYPE_CHECKING:
    from ..compiled import Wanted
    from ..network import Network
    from ..runtime.openings import Opening

LEAST: Final = 1.0  # seconds that compiling may take after any command
SHARE: Final = 0.3  # of the time of the command, which it may take else
FIRST_SECONDS: Final = 0.4  # that compiling takes for any network
BYTES_PER_SECOND: Final = 50e6  # of a network, that it takes besides
BEST: Final = "onnxruntime"
FASTER: Final = "; onnxruntime, by pip install, is faster for large networks"


@dataclass(frozen=True)
class Compilation:
    """A network that torch has opened, and how; whether it finds `boxes`, and is known to pay.

    It is `paid` for one that was opened before, or that is `asked` to be compiled in any case.
    """

    wanted: Wanted
    network: Network
    opening: Opening
    boxes: bool
    paid: bool
    asked: bool = False

    @property
    def seconds(self) -> float:
        """How long it takes, roughly."""
        floats: int = sum(tensor.numel() for tensor in self.network.state_dict().values())
        return FIRST_SECONDS + 4 * floats / BYTES_PER_SECOND

    @property
    def pays(self) -> bool:
        """Whether to compile now, given what the command took so far."""
        spent = time.monotonic() - STARTED
        return self.paid or self.seconds <= max(LEAST, SHARE * spent)


PENDING: Final[list[Compilation]] = []


def compile_later(compilation: Compilation) -> None:
    """Compile a network when the command has given its answer."""
    PENDING.append(compilation)


def forget_pending() -> None:
    """Compile nothing of what is pending."""
    PENDING.clear()


def compile_pending() -> None:
    """Compile what is pending, where that pays; what fails is told in a line, and harms nothing."""
    while PENDING:
        one = PENDING.pop()
        try:
            with memory_errors():
                compile_one(one)
        except (DarknetError, OSError) as error:
            told = str(getattr(error, "strerror", None) or error)
            note(f"not compiled for the next call: {told}")


def compile_one(one: Compilation) -> None:
    """Compile a network, or note that it was opened, so that the next opening compiles it."""
    from ..compiled import compile_opened
    from ..export.compile import can_compile
    from ..runtime.openings import keep_opening

    if not can_compile(one.network, boxes=one.boxes) or not one.opening.rests():
        if one.asked:
            note("-compile is ignored: the network has no compiled form, or its files changed")
        return
    if not one.pays:
        keep_opening(one.wanted.key, replace(one.opening, form=one.wanted.form_key(one.opening)))
        return
    start = time.monotonic()
    engine = compile_opened(one.wanted, one.network, one.opening)
    if engine:
        note(
            f"compiled in {time.monotonic() - start:.1f} s: the next calls start without torch, by"
            f" {engine}{'' if engine == BEST else FASTER}"
            " (pydarknet cache lists what is kept, -nocache goes without)"
        )
