"""The file from which a training resumes: what it needs besides the weights, under a checksum."""

from __future__ import annotations

import hashlib
import json
import math
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from ..errors import DataError
from ..system.console import note
from ..system.files import replace_file
from ..system.limits import INT_MAX
from ..system.text import excerpt, not_a_file

MAGIC: Final = b"pydarknet state 2\n"
OLD_MAGIC: Final = b"pydarknet state 1\n"  # without a checksum
CHECKSUM: Final = 32  # bytes of SHA-256 at the end
LENGTH: Final = struct.Struct("<Q")
DTYPES: Final = ("float64", "float32", "float16", "int64", "int32", "uint8", "bool")

Check = Callable[[Any], bool]


@dataclass(frozen=True)
class State:
    """The state besides the weights with which a training resumes as if it had not stopped.

    `run` says what is trained on what and how: see `training.run`. `weights` is the SHA-256 of the
    weights file that the state belongs to. `numbers` are counters and figures, `tensors` momenta,
    averages and the points of the chart.
    """

    run: Mapping[str, Any]
    numbers: Mapping[str, Any]
    tensors: Mapping[str, Tensor]
    weights: str = ""


def write_state(path: Path, state: State) -> None:
    """Write a state: a magic line, the length of a JSON text, that text, the tensors, a checksum.

    Raises OSError.
    """
    checksum = hashlib.sha256()
    with replace_file(path, durable=True) as file:
        for block in blocks_of(state):
            checksum.update(block)
            file.write(block)
        file.write(checksum.digest())


def blocks_of(state: State) -> Iterator[bytes]:
    """Yield the bytes of a state in the order of the file, without the checksum."""
    head = {
        "run": dict(state.run),
        "weights": state.weights,
        "numbers": dict(state.numbers),
        "tensors": {
            name: {"dtype": str(tensor.dtype).removeprefix("torch."), "shape": list(tensor.shape)}
            for name, tensor in state.tensors.items()
        },
    }
    text = json.dumps(head).encode()
    yield MAGIC + LENGTH.pack(len(text)) + text
    for tensor in state.tensors.values():
        yield tensor.detach().cpu().contiguous().numpy().tobytes()


def read_state(path: Path) -> State | None:
    """Return the state of a file; None if there is none, or it is damaged, which is noted."""
    try:
        if problem := not_a_file(path):
            raise DataError(problem)
        return parse_state(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, DataError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        note(f"{path}: is no usable state of a training: {reason}")
        return None


def parse_state(content: bytes) -> State:
    """Return the state of a file's content; raise DataError with the damage.

    Files of the first version, which have no checksum, are read too.
    """
    magic = content[: len(MAGIC)]
    if magic not in (MAGIC, OLD_MAGIC):
        raise DataError("it begins with other words, or is of a later version")
    end = len(content) - (CHECKSUM if magic == MAGIC else 0)
    if magic == MAGIC and hashlib.sha256(content[:end]).digest() != content[end:]:
        raise DataError("its checksum differs: it is cut short or damaged")
    start = len(MAGIC) + LENGTH.size
    if end < start:
        raise DataError("it is cut short")
    (length,) = LENGTH.unpack_from(content, len(MAGIC))
    head = parse_head(content[start : start + length])
    if magic == MAGIC:
        check_fields("run.", head["run"], RUN)
    tensors = read_tensors(head["tensors"], memoryview(content)[start + length : end])
    return State(head["run"], head["numbers"], tensors, head["weights"])


def parse_head(text: bytes) -> dict[str, Any]:
    """Return the JSON text of a state, with everything in it of the type that it must have."""
    try:
        head = json.loads(text)
    except (ValueError, RecursionError):
        raise DataError("its text is damaged") from None
    check_fields("", head, HEAD)
    check_fields("numbers.", head["numbers"], NUMBERS)
    for name, check in LATER.items():
        if name in head["numbers"] and not check(head["numbers"][name]):
            raise DataError(f"its numbers.{name} is damaged")
    for name, checks in FIGURES.items():
        if name in head["numbers"]:
            check_fields(f"numbers.{name}.", head["numbers"][name], checks)
    for name, form in head["tensors"].items():
        check_fields(f"tensors.{name}.", form, TENSOR)
    return dict(head)


def check_fields(place: str, found: Any, checks: Mapping[str, Check]) -> None:
    """Raise DataError for the first field that is missing or not as it must be."""
    if not isinstance(found, dict):
        raise DataError(f"its {place.rstrip('.') or 'text'} has no fields")
    for name, check in checks.items():
        if name not in found or not check(found[name]):
            raise DataError(f"its {place}{name} is missing or damaged")


def read_tensors(listed: Mapping[str, Any], content: memoryview) -> dict[str, Tensor]:
    """Return the tensors of a state's bytes, which must be neither too few nor too many."""
    sizes = [
        math.prod(form["shape"]) * np.dtype(form["dtype"]).itemsize for form in listed.values()
    ]
    if sum(sizes) != len(content):
        raise DataError(f"its tensors have {len(content)} bytes: expected {sum(sizes)}")
    found, start = {}, 0
    for (name, form), size in zip(listed.items(), sizes, strict=True):
        array = np.frombuffer(content[start : start + size], form["dtype"])
        try:
            found[name] = torch.from_numpy(array.reshape(form["shape"]).copy())
        except (ValueError, RuntimeError):  # more dimensions than numpy has, or too long ones
            raise DataError(f"its tensors.{excerpt(name)}.shape is damaged") from None
        start += size
    return found


def is_count(value: Any) -> bool:
    """Return whether a value is a whole number of the C's positive ints."""
    return type(value) is int and 0 <= value <= INT_MAX


def is_finite(value: Any) -> bool:
    """Return whether a value is a number, neither NaN nor infinite."""
    return (type(value) is float and math.isfinite(value)) or is_count(value)


def is_counts(value: Any) -> bool:
    """Return whether a value is a list of whole numbers."""
    return isinstance(value, list) and all(map(is_count, value))


def is_number(value: Any) -> bool:
    """Return whether a value is a number, which may be NaN."""
    return type(value) in (int, float)


def is_ranks(value: Any) -> bool:
    """Return whether a value is what the networks of several processes count, and their scales."""
    checks = {
        "counts": lambda counts: is_counts(counts) and len(counts) == 3,
        "scale": NUMBERS["scale"],
        "growth": is_count,
    }
    return isinstance(value, list) and all(
        isinstance(one, dict)
        and {"counts", "scale"} <= one.keys() <= checks.keys()
        and all(checks[name](number) for name, number in one.items())
        for one in value
    )


def is_options(value: Any) -> bool:
    """Return whether a value is a text per key."""
    return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())


HEAD: Final[Mapping[str, Check]] = {
    "run": lambda value: isinstance(value, dict),
    "weights": lambda value: isinstance(value, str),
    "numbers": lambda value: isinstance(value, dict),
    "tensors": lambda value: isinstance(value, dict),
}
RUN: Final[Mapping[str, Check]] = {
    "dialect": lambda value: isinstance(value, str),
    "images": is_count,
    "train": lambda value: isinstance(value, str),
    "net": is_options,
    "layers": lambda value: (
        isinstance(value, list)
        and all(isinstance(one, list) and len(one) == 2 and is_options(one[1]) for one in value)
    ),
    "weights": lambda value: isinstance(value, str),
}
NUMBERS: Final[Mapping[str, Check]] = {
    "batch": is_count,
    "average": is_finite,
    "boxes": lambda value: (
        isinstance(value, list)
        and len(value) == 2
        and all(type(one) is int and one >= 0 for one in value)
    ),
    "seed": lambda value: type(value) is int and value >= 0,
    "scale": lambda value: is_finite(value) and value > 0,
}
LATER: Final[Mapping[str, Check]] = {  # numbers that older states lack
    "exif": lambda value: type(value) is bool,
    "growth": is_count,
    "ranks": is_ranks,
}
FIGURES: Final[Mapping[str, Mapping[str, Check]]] = {  # which not every state has
    "validation": {"at": is_count, "last": is_number, "best": is_number},
    "streams": {"places": is_counts, "draws": lambda value: isinstance(value, dict)},
    "log": {"saved": is_count, "hours_left": is_number},
}
TENSOR: Final[Mapping[str, Check]] = {
    "dtype": lambda value: value in DTYPES,
    "shape": lambda value: isinstance(value, list) and all(is_count(side) for side in value),
}
