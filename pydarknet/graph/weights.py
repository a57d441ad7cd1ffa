"""Weights files: a header, then every layer's arrays in a row."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import torch
from torch import Generator, Tensor, nn

from ..errors import WeightsError
from ..layers import Node
from ..modules.parameters import Parametric, Stored, assign
from ..system.console import note
from .weights_diagnosis import likely_cause, no_weights

if TYPE_CHECKING:
    from ..network import Network

FLOAT = 4
LONGEST_HEADER = 20


@dataclass(frozen=True)
class Header:
    """The first 16 or 20 bytes: a version, and how many images trained the weights."""

    major: int
    minor: int
    revision: int
    seen: int = 0
    long: bool = True  # whether `seen` has 8 bytes

    @property
    def version(self) -> tuple[int, int, int]:
        """The three numbers of the version."""
        return self.major, self.minor, self.revision

    @property
    def transposed(self) -> bool:
        """Whether the matrices of connected layers are [inputs, outputs]."""
        return self.major > 1000 or self.minor > 1000

    @property
    def size(self) -> int:
        """The header's bytes."""
        return 20 if self.long else 16

    def packed(self) -> bytes:
        """Return the header as it stands in a file."""
        form, most = ("<3iQ", 2**64) if self.long else ("<3iI", 2**32)
        return struct.pack(form, *self.version, self.seen % most)


@dataclass(frozen=True)
class Loaded:
    """What a weights file gave: its header, and before which layer it ended."""

    header: Header
    layers: int
    floats: int


@dataclass(frozen=True)
class Place:
    """One array of a network in a weights file, counted in floats from the first."""

    node: Node
    array: Stored
    tensor: Tensor
    start: int
    count: int

    @property
    def end(self) -> int:
        """Where the array ends."""
        return self.start + self.count


def read_header(path: str | Path, *, long_when_transposed: bool = False) -> Header:
    """Read the header of a weights file; refuse what is no weights file.

    `seen` has 8 bytes from version 0.2 on. Where the version says transposed, the original reads
    4 bytes and the fork 8.

    Darknet: src/parser.c load_weights_upto
    Quirk: SEEN_WIDTH
    """
    try:
        with open(path, "rb") as file:
            start, size = file.read(512), os.fstat(file.fileno()).st_size
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a file name"
        raise WeightsError(f"Couldn't open file: {path} ({reason})") from None
    problem = no_weights(start, size)
    if problem:
        raise WeightsError(problem.text, where=path, hint=problem.hint)
    major, minor, revision = struct.unpack_from("<3i", start)
    long = major * 10 + minor >= 2
    if not long_when_transposed:
        long = long and major < 1000 and minor < 1000
    if size < (20 if long else 16):
        raise WeightsError(f"has {size} bytes: expected a header of 20", where=path)
    (seen,) = struct.unpack_from("<Q" if long else "<I", start, 12)
    return Header(major, minor, revision, seen, long)


def places(network: Network) -> Iterator[Place]:
    """Yield the arrays that a network reads from a weights file, in its order."""
    start = 0
    for node, module in zip(network.nodes, network.stack, strict=True):
        for array in node.layer.loaded(module):
            tensor = tensor_at(module, array.path)
            rows = min(array.rows or tensor.shape[0], tensor.shape[0])
            place = Place(node, array, tensor, start, tensor.numel() // tensor.shape[0] * rows)
            yield place
            start = place.end


def load(
    network: Network, path: str | Path, *, strict: bool = True, upto: int | None = None
) -> Loaded:
    """Read a weights file into a network; one that ends between two layers fills those before.

    The file is read into one piece of memory, of which the parameters are views.

    Darknet: src/parser.c load_weights_upto
    Quirk: SHORT_FILE
    """
    header = read_header(path, long_when_transposed=network.dialect.long_seen_when_transposed)
    found = (os.path.getsize(path) - header.size) // FLOAT
    wanted = [place for place in places(network) if upto is None or place.node.index < upto]
    held, layers = fitting(network, wanted, found, path, strict)
    floats = read_floats(path, header.size, held[-1].end if held else 0)
    for place in held:
        put(network, place, floats, header)
    network.header = header
    network.initialize()
    if upto is None:
        tell_rest(network, wanted, held, found, path)
    return Loaded(header, layers if upto is None else min(layers, upto), len(floats))


def fitting(
    network: Network, wanted: list[Place], found: int, path: str | Path, strict: bool
) -> tuple[list[Place], int]:
    """Return the arrays that a file holds whole layers of, and the index of the layer it ends at.

    A file that ends inside a layer is refused; leniently, that layer is left out.
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
    """Read so many floats of a file into new memory."""
    with open(path, "rb") as file:
        file.seek(offset)
        floats = np.fromfile(file, dtype="<f4", count=count)
    if len(floats) < count:
        raise WeightsError(f"grew shorter while it was read: {len(floats)} floats", where=path)
    return torch.from_numpy(floats.astype(np.float32, copy=False))


def put(network: Network, place: Place, floats: Tensor, header: Header) -> None:
    """Give an array its floats: as a view of them where the file has it as it is."""
    module, path = network.stack[place.node.index], place.array.path
    stored = floats[place.start : place.end]
    size = place.tensor.shape
    rows = place.count * size[0] // size.numel()  # that the file has of the first index
    if turned(place.array, header):
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


def turned(array: Stored, header: Header) -> bool:
    """Say whether a file holds the array as [others, first index]."""
    return header.transposed if array.transposed is None else array.transposed


def tell_rest(
    network: Network, wanted: list[Place], held: list[Place], found: int, path: str | Path
) -> None:
    """Tell what of the network the file did not reach, and what of the file is left over."""
    if len(held) < len(wanted):
        first = wanted[len(held)].node.index
        last = len(network.nodes) - 1
        note(f"{path}: ends before layer {first}: layers {first} to {last} keep first values")
    elif found > (used := wanted[-1].end if wanted else 0):
        hint = likely_cause(network, used, found)
        note(f"{path}: {found - used} floats are left over of {found}: {hint}")


def tensor_at(module: nn.Module, path: str) -> Tensor:
    """Return the parameter or buffer of a dotted path."""
    owner, _, name = path.rpartition(".")
    tensor = getattr(module.get_submodule(owner), name)
    assert isinstance(tensor, Tensor)
    return tensor


def fill(module: Parametric, generator: Generator | None) -> None:
    """Give memory and first values to the arrays of a module that have none."""
    own = [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]
    for name, tensor in own:
        if tensor.is_meta:
            made = torch.empty(tensor.shape, device="cpu")
            module.fill(name, made, generator)
            assign(module, name, made)


def save(
    network: Network, path: str | Path, *, header: Header | None = None, upto: int | None = None
) -> None:
    """Write the layers before `upto`; a kill at any instant leaves the old file whole.

    Darknet: src/parser.c save_weights_upto
    """
    header = header or Header(*network.dialect.version, seen=network.header.seen)
    partial = Path(f"{path}.{os.getpid()}.tmp")
    try:
        with open(partial, "wb") as file:
            file.write(header.packed())
            for node, module in list(zip(network.nodes, network.stack, strict=True))[:upto]:
                write_layer(file, node, module, header)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError as error:
        raise WeightsError(f"Couldn't open file: {path} ({error.strerror})") from None
    finally:
        with suppress(OSError):
            partial.unlink()


def write_layer(file: BinaryIO, node: Node, module: nn.Module, header: Header) -> None:
    """Write the arrays of one layer.

    Darknet: src/parser.c save_convolutional_weights
    """
    for array in () if node.layer.dontsave else node.layer.stored(module):
        values = tensor_at(module, array.path)
        if values.is_meta:
            raise node.layer.error("has no values to write: expected a loaded network")
        tensor = values.detach().to("cpu", torch.float32)
        if turned(array, header):
            tensor = tensor.reshape(tensor.shape[0], -1).t()
        file.write(tensor.contiguous().numpy().astype("<f4", copy=False).tobytes())
