"""The weights file of a network beside the arrays of its ONNX file, in a few bytes per array.

An ONNX file has each batch norm folded into its convolution. What is kept of the weights file is
what the ONNX file does not say: its header, biases, batch norms, and how far each weight is from
the folded one divided by its filter's factor. That is at most one unit in the last place, or the
filter is kept whole. All of it is one field of the model that ONNX does not know, and which
programs pass over.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..errors import WeightsError
from ..graph.executor import Executor
from ..graph.header import read_header
from ..graph.weights_edit import parts
from ..graph.weights_layout import PlacedArray, placed_arrays
from ..modules.ops import Connected, Conv
from ..system.text import json_value

FIELD: Final = 2005  # of ModelProto, far above those of ONNX
WORTH: Final = 64  # floats of an array below which it is kept whole
LEVEL: Final = 6  # of zlib
ROOM: Final = 1 << 26  # bytes that a weights file may have beyond a few times the constants
Constants = Mapping[str, np.ndarray]


def origin_of(network: Executor, weights: Path, constants: Constants) -> bytes:
    """Return what gives the bytes of a weights file again, with the constants of an ONNX file."""
    header = read_header(weights, long_when_transposed=network.dialect.long_seen_when_transposed)
    content = weights.read_bytes()
    floats = np.frombuffer(content, "<f4", (len(content) - header.size) // 4, header.size)
    folded = {id(part.module.weights): part.module for part in parts(network)}
    names = {key_of(value): name for name, value in constants.items()}
    told: list[Any] = []
    pieces: list[bytes] = [content[: header.size]]
    end = 0
    for place in placed_arrays(network):
        if place.end > len(floats):
            break
        how, kept = keep(floats[place.start : place.end], place, folded, names, constants)
        told.append([place.count, how, len(kept)])
        pieces.append(kept)
        end = place.end
    pieces.append(zlib.compress(content[header.size + 4 * end :], LEVEL))
    text = json.dumps({"header": header.size, "arrays": told}).encode()
    return len(text).to_bytes(4, "little") + text + b"".join(pieces)


def keep(
    floats: np.ndarray,
    place: PlacedArray,
    folded: Mapping[int, Conv | Connected],
    names: Mapping[bytes, str],
    constants: Constants,
) -> tuple[str, bytes]:
    """Return the constant that an array is or is near to, and what is kept of it beside that."""
    name = names.get(key_of(floats))
    if name and len(floats) >= WORTH:
        return f"same:{name}", b""
    module = folded.get(id(place.tensor))
    if module is not None and module.norm is not None:
        weights = module.folded_parameters()[0].detach().numpy()
        name = names.get(key_of(weights))
        if name and weights.size == len(floats):
            factors = (module.norm.scales / module.norm.divisor()).detach().numpy()
            rows = floats.reshape(len(factors), -1)
            return f"near:{name}", zlib.compress(distances(rows, constants[name], factors), LEVEL)
    return "whole", zlib.compress(floats.tobytes(), LEVEL)


def distances(rows: np.ndarray, constant: np.ndarray, factors: np.ndarray) -> bytes:
    """Return how far rows are from a constant divided by its factors, four numbers a byte.

    Rows that are further away follow whole, after their count and their numbers.
    """
    away = rows.view("<i4").astype(np.int64) - quotient(constant, factors).view("<i4")
    far = np.flatnonzero((np.abs(away) > 1).any(1)).astype("<u4")
    away[far] = 0
    steps = np.zeros(-(-away.size // 4) * 4, np.uint8)
    steps[: away.size] = (away + 1).ravel()
    four = steps.reshape(-1, 4) << np.array([0, 2, 4, 6], np.uint8)
    packed = np.bitwise_or.reduce(four, 1).astype(np.uint8)
    count = np.array([len(far)], "<u4")
    parts = (factors.astype("<f4"), count, far, rows[far].astype("<f4"), packed)
    return b"".join(part.tobytes() for part in parts)


def quotient(constant: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Return a constant's rows divided by their factors in single precision; 0 gives any number."""
    with np.errstate(all="ignore"):
        return constant.reshape(len(factors), -1).astype("<f4") / factors.astype("<f4")[:, None]


def weights_from(origin: bytes, constants: Constants, path: Path) -> bytes:
    """Return the bytes of the weights file; raise WeightsError for an origin that is damaged."""
    most = ROOM + 4 * sum(constant.nbytes for constant in constants.values())
    try:
        length = int.from_bytes(origin[:4], "little")
        said = json_value(origin[4 : 4 + length])
        place = 4 + length + int(said["header"])
        found = [origin[4 + length : place]]
        for count, how, size in said["arrays"]:
            kind, _, name = how.partition(":")
            kept, place = origin[place : place + size], place + size
            found.append(array_again(kind, name, kept, min(int(count), most // 4), constants))
        found.append(unpack(origin[place:], most))
    except (ValueError, KeyError, TypeError, IndexError, zlib.error) as error:
        problem = f"what it says of its weights file is damaged ({type(error).__name__})"
        raise WeightsError(problem, where=path) from None
    return b"".join(found)


def array_again(kind: str, name: str, kept: bytes, count: int, constants: Constants) -> bytes:
    """Return the bytes of an array, as `keep` kept it. Raises ValueError if they are too few."""
    if kind == "same":
        made = constants[name].astype("<f4").tobytes()
    elif kind == "near":
        made = near(constants[name], kept, count)
    else:
        made = unpack(kept, 4 * count)
    if len(made) != 4 * count:
        raise ValueError(f"{len(made)} bytes")
    return made


def near(constant: np.ndarray, kept: bytes, count: int) -> bytes:
    """Return an array from what `distances` says of it."""
    n = len(constant)
    if constant.size != count:
        raise ValueError(f"{constant.size} numbers")
    content = unpack(kept, 16 * count + 8 * n + 16)
    factors = np.frombuffer(content, "<f4", n)
    [far] = np.frombuffer(content, "<u4", 1, 4 * n)
    place = 4 * n + 4
    numbers = np.frombuffer(content, "<u4", far, place)
    place += 4 * int(far)
    columns = count // n
    whole = np.frombuffer(content, "<f4", int(far) * columns, place).reshape(-1, columns)
    packed = np.frombuffer(content, np.uint8, offset=place + whole.nbytes)
    steps = (packed[:, None] >> np.array([0, 2, 4, 6], np.uint8) & 3).ravel()[:count]
    bits = quotient(constant, factors).view("<i4") + steps.reshape(n, columns).astype("<i4") - 1
    rows = bits.view("<f4")
    rows[numbers] = whole
    return rows.tobytes()


def unpack(content: bytes, most: int) -> bytes:
    """Return compressed bytes, at most so many."""
    return zlib.decompressobj().decompress(content, most) if content else b""


def key_of(values: np.ndarray) -> bytes:
    """Return what equal arrays have in common, whatever their shape."""
    from hashlib import blake2b

    return blake2b(values.tobytes(), digest_size=16).digest()


def field_of(content: bytes) -> bytes:
    """Return a field of a ModelProto that holds an origin."""
    return varint(FIELD << 3 | 2) + varint(len(content)) + content


def varint(number: int) -> bytes:
    """Return a number in groups of seven bits, the lowest first."""
    groups = [number >> shift & 127 for shift in range(0, max(number.bit_length(), 1), 7)]
    return bytes([*(group | 128 for group in groups[:-1]), groups[-1]])
