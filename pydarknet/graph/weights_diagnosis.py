"""Why a weights file does not fit a network: other classes, another cfg, a broken download."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import torch
from torch import Tensor

from ..layers import DetectionHead, Node, detection_heads
from ..system.text import count_of
from .executor import Executor
from .header import Header
from .weights_layout import PlacedArray

SMALL = 1 << 20  # numbers of a version; floats, texts and swapped bytes are larger


def likely_cause(network: Executor, needed: int, found: int) -> str:
    """Return the likely reason for a file with another number of floats than the network needs."""
    classes = other_classes(network, found - needed)
    if classes:
        own = {head.classes for head in detection_heads(network.layers)}
        return f"the file has the size of classes = {classes}, the cfg says {own.pop()}"
    if found < needed:
        return (
            "the cfg has other classes or filters than the one it was trained with,"
            " it belongs to another cfg, or the download stopped early"
        )
    return "it belongs to another cfg, or the cfg has other classes or filters than its own"


def other_classes(network: Executor, difference: int) -> int:
    """Return the number of classes that would explain a difference in floats; 0 if none would.

    The convolution before a head has `boxes` filters a class, each with its inputs and a bias.
    """
    heads = [head for head in detection_heads(network.layers) if head.boxes]
    each = sum(floats_per_class(network, node) for node in network.nodes)
    if not each or difference % each:
        return 0
    return max(heads[0].classes + difference // each, 0) if difference else 0


def floats_per_class(network: Executor, node: Node) -> int:
    """Return how many floats a detection head's class takes in the layer before it; 0 of others."""
    if not isinstance(node.layer, DetectionHead):
        return 0
    before = network.nodes[node.sources[0]]
    return node.layer.boxes * (before.inputs[0].c * before.layer.size**2 + 1)  # and a bias


def odd_version(header: Header) -> str:
    """Return what is odd about the version of a file; empty if its numbers are small."""
    if all(0 <= part < SMALL for part in header.version):
        return ""
    swapped = struct.unpack(">3i", struct.pack("<3i", *header.version))
    order = all(0 <= part < SMALL for part in swapped)
    why = "its bytes are in reverse order" if order else "it is damaged, or no weights file"
    return f"version {'.'.join(map(str, header.version))}: expected small numbers; {why}"


def no_numbers(held: Sequence[PlacedArray], floats: Tensor) -> str:
    """Return where the floats [K] of a file are NaN or infinite; empty if none is."""
    if torch.isfinite(floats.sum()):
        return ""
    bad = ~torch.isfinite(floats)
    if not bad.any():  # the sum alone is infinite
        return ""
    first = int(bad.to(torch.uint8).argmax())
    place = next(place for place in held if place.start <= first < place.end)
    layer = f"layer {place.node.index} [{place.node.layer.section.name}]"
    name = place.array.path.rpartition(".")[2]
    many = f"{int(bad.sum())} of {count_of(len(floats), 'float')}"
    return f"NaN or infinite: {many}, first in {layer} {name}: the outputs mean nothing"
