"""What a head learns of images, as pictures can show it: registered beside its loss."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from ...layers import Layer, Node
from .base import LossInputs


class Shown(NamedTuple):
    """What of an image a head learns: boxes [K, 4] in 0..1, and their classes [K].

    `name` says what they are in the names of files. A map [h, w] in 0..1 of the image may be there
    too, or alone: its `heat`.
    """

    name: str
    classes: np.ndarray
    boxes: np.ndarray
    heat: np.ndarray | None = None


Show = Callable[[Node, LossInputs], Sequence[Shown]]

SHOWS: Final[dict[type[Layer], Show]] = {}


def shows(*layers: type[Layer]) -> Callable[[Show], Show]:
    """Register a function that returns what heads of these layers learn, image by image."""

    def register(show: Show) -> Show:
        SHOWS.update(dict.fromkeys(layers, show))
        return show

    return register


def pictures_of(nodes: Sequence[Node], inputs: LossInputs) -> list[Sequence[Shown]]:
    """Return what each head learns that can show it: nothing if there is none."""
    found: list[Sequence[Shown]] = []
    for node in nodes:
        show: Any = next((SHOWS[cls] for cls in type(node.layer).__mro__ if cls in SHOWS), None)
        if show:
            found.append(show(node, inputs))
    return found
