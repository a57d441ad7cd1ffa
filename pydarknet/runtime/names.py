"""The names of a network's classes, as Python programs give them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from ..errors import WrongType
from ..system.paths import path_of
from ..system.text import count_of, read_text, without_bytes, without_end
from .any_network import AnyNetwork


def class_names(names: str | Path | Iterable[str] | None) -> tuple[str, ...] | None:
    """Return class names; a path is read as a file of them. Raises WrongType for other things."""
    if names is None:
        return None
    if is_name(names) or not isinstance(names, Iterable):
        path = path_of(names, "names")
        return tuple(
            without_end(without_bytes(read_text(path, "a list of names", most=None)).split("\n"))
        )
    found = tuple(names)
    for index, name in enumerate(found):
        if not isinstance(name, str):
            kind = type(name).__name__
            raise WrongType(f"names[{index}] is of type {kind}: expected a name, as text")
    return found


def is_name(names: object) -> bool:
    """Return whether this names a file, rather than being an iterable of names."""
    return isinstance(names, str | bytes | os.PathLike)


def doubtful_names(network: AnyNetwork, names: object) -> str:
    """Return the line that says that there are not as many names as classes; empty if there are."""
    traits = network.traits
    classes = traits.classes[-1] if traits.classes else traits.class_outputs or 0
    count = len(network.names or ())
    if network.names is None or not classes or count == classes:
        return ""
    place = f"{path_of(names, 'names')}: " if is_name(names) else ""
    is_data = place and any(line.replace(" ", "").startswith("names=") for line in network.names)
    hint = "; is it the .data file? its names= says the file of names" if is_data else ""
    wanted = f"expected {classes}, one for each class of {traits.place[0]}"
    return f"{place}{count_of(count, 'name')}: {wanted}{hint}"
