"""The layers of a network in an ONNX file: which is the first that differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from ..errors import DataError
from .onnx_file import OnnxFile

LARGEST = 1e-4  # the share of a layer's largest number up to which it is equal


@dataclass(frozen=True)
class Layer:
    """What one of our layers gives for an image: its name in a file of ours, and its values.

    Of a `head` other files may have another form.
    """

    name: str
    values: np.ndarray
    head: bool = False


@dataclass(frozen=True)
class Layers:
    """How the layers of a file compare: how many it has, the largest difference, the first one.

    Differences are shares of a layer's largest number. `named` says that layers are known by
    their names; else a layer is known by its values, and `first` is one whose values no tensor has.
    """

    named: bool
    found: int
    all: int
    most: float
    where: str
    first: str = ""

    @property
    def text(self) -> str:
        """The line that is printed."""
        by = "by name" if self.named else "by value"
        line = f"layers: {self.found} of {self.all} are in the file ({by})"
        if self.found:
            line += f", within {self.most:.1e} of their largest number ({self.where})"
        if not self.first:
            return line
        kind = "the first that differs" if self.named else "the first that it lacks"
        return f"{line}; {kind} is {self.first}"


def difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Return the largest difference of two arrays of a size, as a share of the largest number."""
    least = max(float(np.abs(ours).max(initial=0)), float(np.finfo(np.float32).tiny))
    return float(np.abs(ours.ravel() - theirs.ravel()).max(initial=0)) / least


def all_values(file: OnnxFile, images: np.ndarray) -> dict[str, np.ndarray] | None:
    """Return every value of floats inside a file for an image; None if they cannot be read.

    The package `onnx` makes them outputs of a copy, which onnxruntime runs.
    """
    if file.engine.name != "onnxruntime" or find_spec("onnx") is None:
        return None
    with TemporaryDirectory(prefix="pydarknet-") as folder:
        path = Path(folder) / "layers.onnx"
        try:
            write_with_values(file.path, path)
            found = OnnxFile.open(path).run(images)
        except (DataError, ValueError):  # ValueError: larger than 2 GB
            return None
    return {
        name: values[:1].astype(np.float32)
        for name, values in found.items()
        if values.ndim and values.dtype.kind == "f"
    }


def write_with_values(source: Path, target: Path) -> None:
    """Write a copy of a file in which every value is an output."""
    import onnx

    model = onnx.load(source)
    known = {one.name for one in model.graph.output}
    names = [name for node in model.graph.node for name in node.output if name]
    model.graph.output.extend(
        onnx.ValueInfoProto(name=name) for name in dict.fromkeys(names) if name not in known
    )
    onnx.save(model, target)


def compare_layers(layers: Sequence[Layer], inside: dict[str, np.ndarray]) -> Layers:
    """Return how our layers compare with the values inside a file, most of which may be named."""
    named = sum(layer.name in inside for layer in layers)
    return (by_name if named * 2 > len(layers) else by_value)(layers, inside)


def by_name(layers: Sequence[Layer], inside: dict[str, np.ndarray]) -> Layers:
    """Compare layers with the values of their names."""
    apart: dict[str, float] = {}
    for layer in layers:
        values = inside.get(layer.name)
        if values is not None and values.size == layer.values.size:
            apart[layer.name] = difference(layer.values, values)
    first = next((name for name, most in apart.items() if not most <= LARGEST), "")
    where = max(apart, key=lambda name: apart[name], default="")
    return Layers(True, len(apart), len(layers), apart.get(where, 0.0), where, first)


def by_value(layers: Sequence[Layer], inside: dict[str, np.ndarray]) -> Layers:
    """Compare all layers but heads with whatever value of their size is the nearest."""
    layers = [layer for layer in layers if not layer.head]
    sizes: dict[int, list[np.ndarray]] = {}
    for values in inside.values():
        sizes.setdefault(values.size, []).append(values)
    apart: dict[str, float] = {}
    for layer in layers:
        found = [difference(layer.values, one) for one in sizes.get(layer.values.size, [])]
        if found and min(found) <= LARGEST:
            apart[layer.name] = min(found)
    first = next((layer.name for layer in layers if layer.name not in apart), "")
    where = max(apart, key=lambda name: apart[name], default="")
    return Layers(False, len(apart), len(layers), apart.get(where, 0.0), where, first)
