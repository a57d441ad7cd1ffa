"""The compiled form of a network that is OpenCV's: its names and outputs, by numpy alone.

`opencv_compile` writes it. It has every box of each head; scores are limited here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..boxes.opencv_scores import limit_scores
from ..errors import DarknetError
from ..runtime.network import RuntimeNetwork
from .opencv_names import LayerNames


@dataclass(frozen=True, kw_only=True)
class FormOutput:
    """An output of the form: the layer's name, and how it becomes OpenCV's.

    Rows of a detection head come anchor by anchor if there are several `anchors`; their scores have
    `limits`, a threshold and an overlap. All else gets a `size` [C, H, W] or [C].
    """

    layer: str
    anchors: int = 1
    limits: tuple[float, float] = (0.0, 0.0)
    size: tuple[int, ...] = ()

    def rows_or_map(self, found: np.ndarray) -> np.ndarray:
        """Return an output [N, ...] in OpenCV's layout; rows of one image lack the dimension N."""
        if self.size:
            return found.reshape(len(found), *self.size)
        images, _, width = found.shape
        apart = found.reshape(images, self.anchors, -1, width)
        rows = limit_scores(apart.swapaxes(1, 2).reshape(found.shape), *self.limits)
        one: np.ndarray = rows[0] if images == 1 else rows
        return one


def record_of(names: LayerNames, outputs: Iterable[FormOutput]) -> dict[str, Any]:
    """Return what a form says of OpenCV's names and outputs, for JSON."""
    return asdict(names) | {"outputs": [asdict(output) for output in outputs]}


def names_of(network: RuntimeNetwork) -> LayerNames:
    """Return the names of a form's layers; DarknetError for a form of other programs."""
    said = network.about.opencv
    if not said:
        problem = "the network was not compiled for OpenCV: expected a cfg and weights"
        raise DarknetError(problem, hint="call readNetFromDarknet")
    return LayerNames(tuple(map(tuple, said["parts"])), tuple(said["heads"]))


def outputs_of(
    network: RuntimeNetwork, blob: np.ndarray, wanted: Iterable[str]
) -> dict[str, np.ndarray] | None:
    """Return the wanted outputs for a blob [N, C, H, W] by name; None if the form lacks them."""
    outputs = [FormOutput(**said) for said in network.about.opencv["outputs"]]
    known = {output.layer for output in outputs}
    if not len(blob) or list(blob.shape[1:]) != network.about.input or not known >= set(wanted):
        return None
    found = network.file.run(blob)
    return {one.layer: one.rows_or_map(values) for one, values in zip(outputs, found, strict=True)}
