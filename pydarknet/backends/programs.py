"""The programs that run a network on a CPU in torch's place."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final, NamedTuple

import torch

from ..errors import UsageError
from ..runtime.engine import ENGINES
from ..runtime.installed import AUTO
from .onnx_runtime import onnx_session
from .open_vino import openvino_request
from .recorder import Record

CANNOT: Final = "{} cannot run this network; continuing without it"


class Program(NamedTuple):
    """What opens a network in a program, and the packages that it needs."""

    record: Record
    needed: tuple[str, ...]

    @property
    def missing(self) -> list[str]:
        """The packages that are not installed."""
        return [name for name in self.needed if find_spec(name) is None]


PROGRAMS: Final[dict[str, Program]] = {
    "onnxruntime": Program(onnx_session, ("onnxruntime", "onnx")),
    "openvino": Program(openvino_request, ("openvino", "onnx")),
}


def check_backend(name: str | None, device: torch.device) -> None:
    """Raise UsageError if there is no such backend, or it cannot run on the device."""
    if name is None or name == AUTO:
        return
    if name not in PROGRAMS:
        expected = "an exported .onnx, or " if name in ENGINES else ""
        raise UsageError(f"backend {name}: expected {expected}{' or '.join([*PROGRAMS, AUTO])}")
    if device.type != "cpu":
        raise UsageError(f"backend {name}: expected a CPU (-nogpu), the device is {device}")
    missing = PROGRAMS[name].missing
    if missing:
        problem = f"backend {name}: {' and '.join(missing)} cannot be imported"
        raise UsageError(problem, hint=f"pip install -c constraints.txt '.[{name}]'")


def installed_programs() -> dict[str, Program]:
    """Return the programs that are installed, by name."""
    return {name: program for name, program in PROGRAMS.items() if not program.missing}
