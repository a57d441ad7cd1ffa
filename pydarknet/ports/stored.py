"""An array in a file, and the errors of files that should have one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

import numpy as np

from ..errors import WeightsError
from ..system.text import excerpt

EXPECTED: Final = "expected a .safetensors, .npz or .onnx file"


@dataclass(frozen=True)
class Stored:
    """An array in a file: its shape, its kind as the file says it, and how it is read."""

    shape: tuple[int, ...]
    kind: str
    read: Callable[[], np.ndarray]

    @property
    def size(self) -> str:
        """The shape as text, `32 x 3 x 3 x 3`."""
        return " x ".join(map(str, self.shape)) or "a number"


Arrays: TypeAlias = Mapping[str, Stored]


def pickle_error(path: Path) -> WeightsError:
    """Return the error for a pickle, with the line that writes another file from it.

    It takes what ports save: a state dict, or one or a module under `ema`, `model` or `state_dict`.
    """
    code = (
        "import os; os.environ['TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD'] = '1'; import torch;"
        " from safetensors.torch import save_file;"
        f" c = torch.load({str(path)!r}, map_location='cpu');"
        " c = c.get('ema') or c.get('model') or c.get('state_dict') or c"
        " if isinstance(c, dict) else c;"
        " c = c if isinstance(c, dict) else c.float().state_dict();"
        " save_file({k: v.clone().contiguous() for k, v in c.items()},"
        f" {str(path.with_suffix('.safetensors'))!r})"
    )
    return WeightsError(
        "is a Python pickle, which is a program: it is not opened here",
        where=path,
        hint="if you trust it, write its arrays where its own program runs (pip install"
        f' safetensors), and import those:\npython -c "{code}"',
    )


def name_twice(names: Iterable[str]) -> str:
    """Return the first name that stands twice; raise ValueError if none does."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    raise ValueError("no name stands twice")


def take(file: BinaryIO, count: int, path: Path, what: str) -> bytes:
    """Read exactly so many bytes, or say that the file is shorter."""
    content = file.read(count)
    if len(content) < count:
        raise WeightsError(f"ends inside {what}: {len(content)} of {count} bytes", where=path)
    return content


def as_floats(values: np.ndarray, name: str, kind: str, path: Path) -> np.ndarray:
    """Return numbers as float32; raise WeightsError for what is no floating point number."""
    if values.dtype.kind != "f":
        raise WeightsError(
            f"{excerpt(name)} has numbers of kind {kind}: expected floats", where=path
        )
    return values.astype(np.float32)


def numbers_in(shape: tuple[int, ...]) -> int:
    """Return how many numbers an array of a shape has."""
    return math.prod(shape)
