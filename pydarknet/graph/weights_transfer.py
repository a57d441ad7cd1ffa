"""Weights of another number of classes: layers that match are loaded, the others start fresh."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..layers import DetectionHead, detection_heads
from ..system.console import note
from ..system.text import count_of
from .executor import Executor
from .weights_diagnosis import other_classes
from .weights_layout import PlacedArray


def shared_arrays(
    network: Executor, wanted: list[PlacedArray], found: int, path: str | Path
) -> list[PlacedArray] | None:
    """Return the arrays of other layers than those before heads, where they stand in the file.

    None if the file of `found` floats is the network's own, or ends between two layers, or if
    another number of classes does not explain its size. The layers that start fresh are noted.
    """
    needed = wanted[-1].end if wanted else 0
    classes = other_classes(network, found - needed)
    if not classes or any(place.start == found for place in wanted):
        return None
    filters = filters_in_file(network, classes)
    shared, end = places_in_file(wanted, filters)
    if not shared or end != found:
        return None
    note_fresh_layers(network, filters, classes, path)
    return shared


def note_fresh_layers(
    network: Executor, filters: dict[int, tuple[int, int]], classes: int, path: str | Path
) -> None:
    """Note which layers start fresh, and why."""
    own = next(head.classes for head in detection_heads(network.layers) if head.boxes)
    note(
        f"\n{path}: was trained with classes = {classes}, the cfg says {own}:"
        " the layers that match are loaded"
    )
    for index, (ours, theirs) in filters.items():
        name = network.nodes[index].layer.section.name
        note(
            f"layer {index} [{name}] starts fresh: {count_of(ours, 'filter')}, in the file {theirs}"
        )


def filters_in_file(network: Executor, classes: int) -> dict[int, tuple[int, int]]:
    """Return the filters of the layers before heads, by index: the network's, and the file's."""
    return {
        node.sources[0]: (
            node.inputs[0].c,
            node.inputs[0].c + node.layer.boxes * (classes - node.layer.classes),
        )
        for node in network.nodes
        if isinstance(node.layer, DetectionHead) and node.layer.boxes
    }


def places_in_file(
    wanted: list[PlacedArray], filters: dict[int, tuple[int, int]]
) -> tuple[list[PlacedArray], int]:
    """Return the arrays of layers with the same filters, placed as in the file, and its end."""
    found, start = [], 0
    for place in wanted:
        ours, theirs = filters.get(place.node.index, (1, 1))
        if ours == theirs:
            found.append(replace(place, start=start))
        start += place.count // ours * theirs
    return found, start
