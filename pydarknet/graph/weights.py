"""Weights files: a header, then every layer's arrays in a row."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import WeightsError
from ..layers import Node
from ..modules.parameters import Parametric, WeightArray, assign, fill
from ..system.console import note
from ..system.files import replace_file
from ..system.identity import depends_on_chance
from ..system.text import count_of
from .executor import Executor
from .header import Header, read_header
from .weights_diagnosis import likely_cause, no_numbers, odd_version
from .weights_layout import PlacedArray, placed_arrays, tensor_at
from .weights_transfer import shared_arrays

FLOAT: Final = 4
Put = Callable[[bytes], object]  # takes the bytes of a file, one part after the other


@dataclass(frozen=True)
class Loaded:
    """The result of loading a weights file: its header, and the index of the layer it ended at."""

    header: Header
    layers: int
    floats: int


def load(
    network: Executor,
    path: str | Path,
    *,
    strict: bool = True,
    upto: int | None = None,
    transfer: bool = False,
) -> Loaded:
    """Read a weights file into a network; one that ends between two layers fills those before.

    The file is read into one piece of memory, of which the parameters are views. `transfer` loads
    what matches from a file that was trained with another number of classes.

    Darknet: src/parser.c load_weights_upto
    Quirk: SHORT_FILE
    """
    header = read_header(path, long_when_transposed=network.dialect.long_seen_when_transposed)
    found = (os.path.getsize(path) - header.size) // FLOAT
    wanted = [place for place in placed_arrays(network) if upto is None or place.node.index < upto]
    shared = shared_arrays(network, wanted, found, path) if transfer and upto is None else None
    if shared is not None:
        wanted, found = shared, shared[-1].end
    held, layers = arrays_in_file(network, wanted, found, path, strict)
    floats = read_floats(path, header.size, held[-1].end if held else 0)
    for place in held:
        assign_floats(network, place, floats, header)
    network.header = header
    network.initialize()
    for doubt in filter(None, (odd_version(header), no_numbers(held, floats))):
        note(f"{path}: {doubt}")
    if upto is None:
        note_rest(network, wanted, held, found, path)
    return Loaded(header, layers if upto is None else min(layers, upto), len(floats))


def arrays_in_file(
    network: Executor, wanted: list[PlacedArray], found: int, path: str | Path, strict: bool
) -> tuple[list[PlacedArray], int]:
    """Return the arrays of the layers that a file holds in full, and the layer it ends at.

    A file that ends inside a layer is an error; if not strict, that layer is left out.
    """
    short = next((place for place in wanted if place.end > found), None)
    if short is None:
        return wanted, len(network.nodes)
    first = next(place for place in wanted if place.node is short.node)
    if strict and (found > first.start or not found):
        name = short.array.path.rpartition(".")[2]
        have = f"{found - short.start} of {short.count}"
        raise WeightsError(
            f"ends inside layer {short.node.index} [{short.node.layer.section.name}] {name}:"
            f" {have} floats; the network needs {wanted[-1].end}, the file has {found}",
            where=path,
            hint=likely_cause(network, wanted[-1].end, found),
        )
    return [place for place in wanted if place.end <= first.start], short.node.index


def read_floats(path: str | Path, offset: int, count: int) -> Tensor:
    """Read `count` floats of a file into new memory."""
    with open(path, "rb") as file:
        file.seek(offset)
        floats = np.fromfile(file, dtype="<f4", count=count)
    if len(floats) < count:
        raise WeightsError(
            f"grew shorter while it was read: {count_of(len(floats), 'float')}", where=path
        )
    return torch.from_numpy(floats.astype(np.float32, copy=False))


def assign_floats(network: Executor, place: PlacedArray, floats: Tensor, header: Header) -> None:
    """Assign an array its floats, as a view if the file holds them in the same layout."""
    module, path = network.stack[place.node.index], place.array.path
    stored = floats[place.start : place.end]
    size = place.tensor.shape
    rows = place.count * size[0] // size.numel()  # of the first index, that the file holds
    if is_transposed(place.array, header):
        stored = stored.view(-1, rows).t().contiguous()
    if rows < size[0]:
        owner = module.get_submodule(path.rpartition(".")[0])
        assert isinstance(owner, Parametric)
        fill(owner, None)
        with torch.no_grad():
            tensor_at(module, path)[:rows].copy_(stored.view(rows, *size[1:]))
        return
    view = stored.view(size).data  # no view to autograd: batch norm changes some while it trains
    if place.tensor.is_meta:
        assign(module, path, view)
    else:
        with torch.no_grad():
            place.tensor.copy_(view)


def is_transposed(array: WeightArray, header: Header) -> bool:
    """Return whether a file holds the array transposed."""
    return header.transposed if array.transposed is None else array.transposed


def note_rest(
    network: Executor,
    wanted: list[PlacedArray],
    held: list[PlacedArray],
    found: int,
    path: str | Path,
) -> None:
    """Note the layers that the file did not reach, or the floats left over in it."""
    if len(held) < len(wanted):
        depends_on_chance()
        first = wanted[len(held)].node.index
        last = len(network.nodes) - 1
        note(f"{path}: ends before layer {first}: layers {first} to {last} keep first values")
    elif found > (used := wanted[-1].end if wanted else 0):
        hint = likely_cause(network, used, found)
        are = "is" if found - used == 1 else "are"
        note(f"{path}: {count_of(found - used, 'float')} {are} left over of {found}: {hint}")


def save(
    network: Executor, path: str | Path, *, header: Header | None = None, upto: int | None = None
) -> None:
    """Write the layers before `upto`; a kill at any instant leaves the old file whole.

    Darknet: src/parser.c save_weights_upto
    """
    try:
        with replace_file(path, durable=True) as file:
            write(network, file.write, header, upto)
    except OSError as error:
        raise WeightsError(f"Couldn't open file: {path} ({error.strerror})") from None


def digest_of(network: Executor) -> str:
    """Return the SHA-256 of the file that `save` would write, in hexadecimal."""
    total = hashlib.sha256()
    write(network, total.update)
    return total.hexdigest()


def write(
    network: Executor, put: Put, header: Header | None = None, upto: int | None = None
) -> None:
    """Put the bytes of the layers before `upto`, in the order of a file."""
    header = header or Header(*network.dialect.version, seen=network.header.seen)
    put(header.to_bytes())
    for node, module in list(zip(network.nodes, network.stack, strict=True))[:upto]:
        write_layer(put, node, module, header)


def write_layer(put: Put, node: Node, module: nn.Module, header: Header) -> None:
    """Write the arrays of one layer.

    Darknet: src/parser.c save_convolutional_weights
    """
    for array in () if node.layer.dontsave else node.layer.weight_arrays(module):
        values = tensor_at(module, array.path)
        if values.is_meta:
            raise node.layer.error("has no values to write: expected a loaded network")
        tensor = values.detach().to("cpu", torch.float32)
        if is_transposed(array, header):
            tensor = tensor.reshape(tensor.shape[0], -1).t()
        put(tensor.contiguous().numpy().astype("<f4", copy=False).tobytes())
