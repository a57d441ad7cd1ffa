"""The names and numbers that OpenCV's importer gives the layers of a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import DarknetError

INPUT = "_input"


@dataclass(frozen=True)
class LayerNames:
    """OpenCV's names for each layer of Darknet, the last with its output, and the heads' names."""

    parts: Sequence[Sequence[str]] = ()
    heads: Sequence[str] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """The names of all layers but the input."""
        return tuple(name for listed in self.parts for name in listed)

    def number(self, name: str) -> int:
        """Return the number of a layer, from 1; 0 for the input, -1 for an unknown name."""
        if name == INPUT:
            return 0
        return self.all.index(name) + 1 if name in self.all else -1

    def numbers(self) -> np.ndarray:
        """Return the numbers of the heads, int32 [heads]."""
        return np.array([self.number(name) for name in self.heads], np.int32)

    def index(self, name: str) -> int:
        """Return the index of Darknet's layer whose output has a name; DarknetError if none has."""
        for index, listed in enumerate(self.parts):
            if name == listed[-1]:
                return index
            if name in listed:
                whole = ", ".join(listed)
                raise DarknetError(f"{name} is inside {whole}: expected {listed[-1]}")
        raise DarknetError(f'Requested layer "{name}" not found')
