"""Which arrays of a state dict are which convolution of a cfg: all, once, or it is an error."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from ..errors import WeightsError
from ..graph.onnx_network import layer_name
from ..graph.weights_edit import Part
from ..modules.deconv import Deconv
from ..system.text import count_of, excerpt
from .layouts import LAYOUTS, Branch, Form, Layout
from .stored import Arrays, Stored
from .values import Filters, Floats, Norm, focus_size, identity, of_image, total

NORM: Final = ("weight", "bias", "running_mean", "running_var")


@dataclass(frozen=True)
class Named:
    """A convolution of a cfg, and the words for it in the names of a layout."""

    part: Part
    words: dict[str, object]

    @property
    def label(self) -> str:
        """The layer in a line of text."""
        node = self.part.node
        return f"layer {node.index} [{node.layer.section.name}]"

    @property
    def turned(self) -> bool:
        """Whether its weights are [c, n, k, k], here and in ports: it is transposed."""
        return isinstance(self.part.module, Deconv)

    @property
    def size(self) -> tuple[int, ...]:
        """The size [n, c, k, k] of its filters."""
        n, c, *window = self.part.module.weights.shape
        return (c, n, *window) if self.turned else (n, c, *window)

    def name(self, template: str) -> str:
        """Return the name of an array or of what it begins with."""
        return template.format(**self.words)


def with_words(layout: Layout, parts: Sequence[Part | None]) -> list[Named]:
    """Return convolutions with the words of a layout; None where only the names are asked for."""
    found = []
    for count, part in enumerate(parts, 1):
        place = layout.places[count - 1].partition("@")[0] if layout.places else ""
        of, _, nth = place.partition("/")
        words = {
            "layer": part.node.index if part else 0,
            "node": layer_name(part.node) if part else "",
            "count": count,
            "place": place,
            "of": of,
            "nth": nth,
        }
        found.append(Named(part, words))  # type: ignore[arg-type]  # no part: names alone are asked
    return found


def order_of(layout: Layout, count: int) -> tuple[int, ...]:
    """Return in which order the port joins the input of its nth convolution; () as the cfg does."""
    place = layout.places[count] if layout.places else ""
    return tuple(map(int, place.partition("@")[2]))


def choose_layout(arrays: Arrays, parts: Sequence[Part], path: Path) -> Layout:
    """Return the layout whose convolutions are in a file most completely; of equals, the largest.

    Raises WeightsError for a file of none, and for one of another network than the cfg's.
    """

    def share(layout: Layout) -> float:
        wanted = with_words(layout, [None] * len(layout.places) if layout.places else parts)
        there = sum(form_of(layout, one, arrays) is not None for one in wanted)
        return there / max(len(wanted), 1)

    best = max(LAYOUTS, key=lambda layout: (share(layout), len(layout.places)))
    if not share(best):
        known = "; ".join(layout.name for layout in LAYOUTS)
        problem = f"its first array is {excerpt(next(iter(arrays)))}: expected the names of {known}"
        raise WeightsError(problem, where=path)
    if best.places and len(best.places) != len(parts):
        problem = f"is {best.name}, which has {count_of(len(best.places), 'convolution')}"
        raise WeightsError(f"{problem}: the cfg has {len(parts)}", where=path)
    return best


def form_of(layout: Layout, one: Named, arrays: Arrays) -> Form | None:
    """Return the form in which a convolution is in a file, if it is."""
    for form in layout.forms:
        if f"{one.name(form.branches[0].conv)}.weight" in arrays:
            return form
    return None


@dataclass
class Taker:
    """Takes arrays out of a file, each once and of the wanted size, and knows what was taken."""

    arrays: Arrays
    layout: Layout
    epsilon: float
    path: Path
    taken: set[str] = field(default_factory=set)

    def filters(self, one: Named) -> Filters:
        """Return a convolution. Raises WeightsError for what is missing or of another size."""
        form = form_of(self.layout, one, self.arrays)
        if form is None:
            name = f"{one.name(self.layout.forms[0].branches[0].conv)}.weight"
            raise self.missing(name, one.label)
        size = one.size
        if form.focus:
            return of_image(self.branch(form.branches[0], one, focus_size(size), first=True))
        branches = [self.branch(branch, one, size, first=True) for branch in form.branches[:1]]
        branches += [
            self.branch(branch, one, size)
            for branch in form.branches[1:]
            if self.is_there(branch, one)
        ]
        groups = getattr(one.part.module, "groups", 1)
        added = self.constants(form.added, one, size[1] * groups)
        factor = self.constants(form.factor, one, size[0])
        filters = total(branches, size)
        if (added is None and factor is None) or self.is_fused:
            return filters
        return filters.with_constants(added, factor)

    @property
    def is_fused(self) -> bool:
        """Whether a file has no batch norm left: then learned constants are folded in as well."""
        return not any(name.endswith(f".{NORM[-1]}") for name in self.arrays)

    def is_there(self, branch: Branch, one: Named) -> bool:
        """Return whether a file has a branch."""
        return f"{one.name(branch.conv or branch.norm)}.weight" in self.arrays

    def branch(
        self, branch: Branch, one: Named, size: tuple[int, ...], *, first: bool = False
    ) -> Filters:
        """Return one branch; the window of the first is the cfg's, that of others 1 x 1."""
        size = size if first else (*size[:2], 1, 1)
        conv, norm = one.name(branch.conv), one.name(branch.norm)
        weights = self.weights(f"{conv}.weight", size, one) if branch.conv else identity(size)
        n = size[:1]
        biased = bool(branch.conv) and f"{conv}.bias" in self.arrays
        normalised = any(f"{norm}.{name}" in self.arrays for name in NORM)
        if not biased and not normalised:
            name = f"{norm}.{NORM[0]}" if one.part.module.norm and norm else f"{conv}.bias"
            raise self.missing(name, one.label)
        biases = self.take(f"{conv}.bias", n, one.label) if biased else np.zeros(n)
        if not normalised:
            return Filters(weights, biases)
        scales, shift, mean, variance = (self.take(f"{norm}.{name}", n, one.label) for name in NORM)
        return Filters(weights, biases, Norm(scales, shift, mean, variance, self.epsilon))

    def constants(self, template: str, one: Named, count: int) -> Floats | None:
        """Return learned constants [n] that a file has as [1, n, 1, 1], or None."""
        name = one.name(template)
        if name not in self.arrays:
            return None
        return self.take(name, (1, count, 1, 1), one.label).reshape(count)

    def weights(self, name: str, size: tuple[int, ...], one: Named) -> Floats:
        """Return weights [n, c, k, k]."""
        if not one.turned:
            return self.take(name, size, one.label)
        n, c, *window = size
        return self.take(name, (c, n, *window), one.label).swapaxes(0, 1)

    def take(self, name: str, size: tuple[int, ...], label: str) -> Floats:
        """Return an array as float64, of a layer that a line of text calls by its `label`."""
        stored = self.arrays.get(name)
        if stored is None:
            raise self.missing(name, label)
        if stored.shape != size:
            wanted = " x ".join(map(str, size))
            problem = f"{excerpt(name)} is {stored.size}: {label} of the cfg needs {wanted}"
            raise WeightsError(problem, where=self.path)
        self.taken.add(name)
        return stored.read().astype(np.float64)

    def missing(self, name: str, label: str) -> WeightsError:
        """Return the error for an array that is not there."""
        problem = f"has no {excerpt(name)}, which {label} of the cfg needs"
        return WeightsError(f"{problem} (layout {self.layout.name})", where=self.path)

    def rest(self) -> dict[str, Stored]:
        """Return what was not taken and is not ignored."""
        passed = re.compile("|".join((*self.layout.ignored, *self.layout.anchors)))
        return {
            name: stored
            for name, stored in self.arrays.items()
            if name not in self.taken and not passed.fullmatch(name)
        }
