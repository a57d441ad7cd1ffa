"""From a state dict to a network with its values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path

import numpy as np
import torch

from ..errors import WeightsError
from ..graph.executor import Executor
from ..graph.nodes import IMAGE
from ..graph.weights_edit import Part, parts
from ..graph.weights_layout import PlacedArray, placed_arrays
from ..layers import DetectionHead, Node
from ..modules.batch_norm import EPSILON
from ..modules.deconv import Deconv
from ..modules.parameters import assign
from ..system.console import note
from ..system.text import count_of, excerpt
from .arrays import read_arrays
from .layouts import Layout
from .match import Named, Taker, choose_layout, order_of, with_words
from .stored import Arrays
from .values import Filters, darknet_norm

WITHOUT_PIXELS = "begin the cfg with a [batchnorm] for that, unless yours was trained without"
CLOSE = 0.01  # pixels by which anchors may differ


@dataclass(frozen=True)
class Imported:
    """What was imported: the layout, how many arrays became values, and the epsilon they had.

    `rescaled` counts the scales that make up for a variance below Darknet's epsilon.
    """

    layout: str
    arrays: int
    epsilon: float
    rescaled: int


def import_arrays(network: Executor, path: Path, epsilon: float | None = None) -> Imported:
    """Give a network the values of a state dict; `epsilon` is its batch norms', if not as usual.

    Raises WeightsError for a file that is damaged or is none of this network: every array of
    the file has its place in the cfg, and every convolution of the cfg its arrays.
    """
    arrays = read_arrays(path)
    layout = choose_layout(arrays, convolutions(network), path)
    return import_stored(network, arrays, layout, path, epsilon)


def import_stored(
    network: Executor, arrays: Arrays, layout: Layout, path: Path, epsilon: float | None = None
) -> Imported:
    """Give a network the values of arrays of a layout; see `import_arrays`."""
    found = convolutions(network)
    taker = Taker(arrays, layout, layout.epsilon if epsilon is None else epsilon, path)
    rescaled = 0
    assign_others(network, taker)
    for count, one in enumerate(with_words(layout, found)):
        filters = taker.filters(one)
        if order := order_of(layout, count):
            filters = join_as_cfg(network, one.part.node, filters, order)
        if layout.bgr and count == 0:
            filters = replace(filters, weights=filters.weights[:, ::-1])
        rescaled += assign_filters(one, filters)
    for name, stored in taker.rest().items():
        problem = f"{excerpt(name)} ({stored.size}) has no place in the cfg"
        raise WeightsError(f"{problem} (layout {layout.name})", where=path)
    check_anchors(network, arrays, layout, path)
    network.link()  # layers that share what has other values now
    return Imported(layout.name, len(taker.taken), taker.epsilon, rescaled)


def convolutions(network: Executor) -> Sequence[Part]:
    """Return a network's convolutions, transposed ones too."""
    found = [*parts(network), *deconvolutions(network)]
    return sorted(found, key=lambda part: part.node.index)


def assign_others(network: Executor, taker: Taker) -> None:
    """Give the layers that are no convolutions the arrays that the layout has for them.

    Raises CfgError for a layer for which it has none.
    """
    known = {part.node.index for part in convolutions(network) if not part.gate}
    places = [place for place in placed_arrays(network) if place.node.index not in known]
    if taker.layout.pixels:
        of_pixels = [place for place in places if place.node.sources == (IMAGE,)]
        if not of_pixels:
            note(f"{taker.layout.name} normalises pixels: {WITHOUT_PIXELS}")
        normalise(network, of_pixels, *taker.layout.pixels)
        places = [place for place in places if place not in of_pixels]
    for place, name in zip_longest(places, taker.layout.others):
        if place is None:
            raise network.net.error(f"has no layer for {name}, which {taker.layout.name} has")
        if name is None:
            raise place.node.layer.error("no layout of a port has its arrays")
        values = taker.take(name, tuple(place.tensor.shape), f"layer {place.node.index}")
        module = network.stack[place.node.index]
        assign(module, place.array.path, torch.from_numpy(values.astype(np.float32)))


def normalise(
    network: Executor, places: Sequence[PlacedArray], mean: Sequence[float], std: Sequence[float]
) -> None:
    """Let a batch norm that reads the image normalise its pixels by a mean and a deviation."""
    values = {
        "scales": np.ones(len(mean)),
        "biases": np.zeros(len(mean)),
        "rolling_mean": np.array(mean),
        "rolling_variance": np.square(std) - EPSILON,
    }
    for place in places:
        found = values.get(place.array.path.rpartition(".")[2])
        if found is None or found.shape != tuple(place.tensor.shape):
            raise place.node.layer.error(f"reads the image: expected [batchnorm] of {len(mean)}")
        module = network.stack[place.node.index]
        assign(module, place.array.path, torch.from_numpy(found.astype(np.float32)))


def deconvolutions(network: Executor) -> Iterator[Part]:
    """Yield a network's transposed convolutions, which no command on weights files edits."""
    for node, module in zip(network.nodes, network.stack, strict=True):
        if isinstance(module, Deconv):
            yield Part(node, module, "Deconvolutional")


def assign_filters(one: Named, filters: Filters) -> int:
    """Give a convolution its values; return how many of its scales were changed to be exact."""
    module, rescaled = one.part.module, 0
    if module.norm is None:
        filters = filters.fold()
        values = {"biases": filters.biases, "weights": filters.weights}
    else:
        filters = filters.with_norm()
        assert filters.norm is not None
        norm, rescaled = darknet_norm(filters.norm, filters.biases)
        values = {
            "biases": norm.biases,
            "norm.scales": norm.scales,
            "norm.rolling_mean": norm.mean,
            "norm.rolling_variance": norm.variance,
            "weights": filters.weights,
        }
    if one.turned:
        values["weights"] = filters.weights.swapaxes(0, 1)
    for name, value in values.items():
        assign(module, name, torch.from_numpy(np.ascontiguousarray(value, np.float32)))
    return rescaled


def join_as_cfg(network: Executor, node: Node, filters: Filters, order: tuple[int, ...]) -> Filters:
    """Return filters whose input's blocks of channels stand as the cfg joins them.

    `order` is how the port joins them, where 0 is the layer that comes first in the cfg.
    """
    joined = network.nodes[node.sources[0]]
    while len(joined.sources) == 1 and joined.layer.merges:
        joined = network.nodes[joined.sources[0]]
    ranks = [sorted(joined.sources).index(source) for source in joined.sources]
    if sorted(ranks) != sorted(order):
        raise node.layer.error(f"its input is joined of {len(ranks)} layers: expected {len(order)}")
    channels = dict(zip(ranks, (shape.c for shape in joined.inputs), strict=True))
    ends = np.cumsum([channels[rank] for rank in order])
    blocks = dict(zip(order, np.split(filters.weights, ends[:-1], 1), strict=True))
    weights = np.concatenate([blocks[rank] for rank in ranks], 1)
    return Filters(weights, filters.biases, filters.norm)


def check_anchors(network: Executor, arrays: Arrays, layout: Layout, path: Path) -> None:
    """Raise WeightsError if a file has other anchors than the cfg: its boxes would be wrong."""
    heads = [layer for layer in network.layers if isinstance(layer, DetectionHead)]
    ours = np.array([pair for head in heads for pair in head.anchor_sizes]).reshape(-1, 2)
    held = [
        stored.read().reshape(-1, 2)
        for name, stored in arrays.items()
        if any(re.fullmatch(pattern, name) for pattern in layout.anchors)
    ]
    if not held:
        return
    theirs = np.concatenate(held)
    same = {*map(tuple, np.round(theirs, 2))} == {*map(tuple, np.round(ours, 2))}
    if not same:
        listed = ", ".join(f"{w:g},{h:g}" for w, h in theirs)
        problem = f"was trained with {count_of(len(theirs), 'anchor')} {listed}"
        raise WeightsError(f"{problem}: the cfg has others", where=path, hint="write them into it")
