"""A cfg is adapted to a data set: classes, filters, anchors, sizes, schedule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..cfg.net import Net
from ..cfg.parser import Section, sections_of
from ..cfg.rewrite import Place, rewrite
from ..errors import UsageError
from ..evaluate.anchors import anchors_text, cluster, keep_scales
from ..graph.choose_dialect import choose_dialect
from ..graph.executor import input_shape
from ..graph.nodes import place, read_layers
from ..layers import DetectionHead, Node, Reading, Shape
from ..system.console import without_notes
from .of_cfg import STEPS

LEAST_BATCHES = 6000  # of a training, by AlexeyAB's rule
BATCHES_A_CLASS = 2000
BURN_IN = 1000
BATCH = 64
SEED = 0
PIXELS_A_CELL = 32  # where anchors are in cells of the last map


@dataclass(frozen=True)
class DataSet:
    """What of a data set decides a cfg: the numbers of its classes and images to train, its boxes.

    `sizes` [B, 2] are width and height of each box in 0..1 of its image.
    """

    classes: int
    images: int
    sizes: np.ndarray

    @property
    def batches(self) -> int:
        """How long to train: 2000 batches a class, and no fewer than 6000 or than images."""
        return max(LEAST_BATCHES, BATCHES_A_CLASS * self.classes, self.images)


@dataclass(frozen=True)
class Length:
    """How long to train: images an iteration, and iterations; if None, by AlexeyAB's rule."""

    batch: int = BATCH
    max_batches: int | None = None

    def batches(self, data: DataSet) -> int:
        """Return the iterations of a data set."""
        return self.max_batches or data.batches


@dataclass(frozen=True)
class Input:
    """The size of a network's input."""

    width: int
    height: int


BY_RULE = Length()


def adapt(
    template: Path,
    text: str,
    data: DataSet,
    size: Input,
    subdivisions: int,
    length: Length = BY_RULE,
) -> str:
    """Return the text of a cfg for a data set.

    `filters` of the layers that make a head's channels for classes change as its classes do. Raises
    UsageError for a template without heads over maps.
    """
    sections = sections_of(text, str(template))
    changes = dict(schedule(length, length.batches(data), size, subdivisions))
    nodes = nodes_of(sections_of(rewrite(text, changes), str(template)))
    heads = adaptable(nodes)
    if not heads:
        raise UsageError(f"{template}: has no head with maps for classes: expected a detector")
    for node, head in heads:
        changes.update(head_changes(sections, nodes, node, head, data))
    return rewrite(text, changes)


def schedule(
    length: Length, batches: int, size: Input, subdivisions: int
) -> Iterator[tuple[Place, str]]:
    """Yield the values of [net], by AlexeyAB's rule; a short training burns in for a sixth."""
    steps = ",".join(str(round(share * batches)) for share in STEPS)
    values = {
        "width": size.width,
        "height": size.height,
        "batch": length.batch,
        "subdivisions": subdivisions,
        "max_batches": batches,
        "policy": "steps",
        "steps": steps,
        "scales": ",".join([".1"] * len(STEPS)),
        "burn_in": min(BURN_IN, batches // 6),
    }
    for key, one in values.items():
        yield (0, key), str(one)


def nodes_of(sections: list[Section]) -> list[Node]:
    """Return the layers of a cfg with their shapes."""
    lineage = choose_dialect(sections, given=None).dialect.name
    with without_notes():
        net = Net.read(sections[0], lineage)
        reading = Reading(lineage=lineage, strict=True, net=net)
        return place(read_layers(sections[1:], reading), input_shape(net))


def adaptable(nodes: list[Node]) -> list[tuple[Node, DetectionHead]]:
    """Return the heads that read maps with channels for classes."""
    heads = [(node, node.layer) for node in nodes if isinstance(node.layer, DetectionHead)]
    return [(node, head) for node, head in heads if head.class_channels]


def head_changes(
    sections: list[Section], nodes: list[Node], node: Node, head: DetectionHead, data: DataSet
) -> Mapping[Place, str]:
    """Return the values of a head and of the `filters` that make its channels for classes."""
    at, more = node.index + 1, data.classes - head.classes
    changes: dict[Place, str] = {(at, "classes"): str(data.classes)}
    for maker, each in makers_of(nodes, node, head).items():
        filters = int(value(sections[maker + 1], "filters"))
        changes[maker + 1, "filters"] = str(filters + each * more)
    if node.image != input_shape(Net.read(sections[0], head.reading.lineage)):
        changes.update({(at, key): words for key, words in head.input_options(node).items()})
    if value(sections[at], "anchors") and not head.free:
        changes[at, "anchors"] = adapted_anchors(sections, at, head, data, node.image)
    return changes


def makers_of(nodes: list[Node], node: Node, head: DetectionHead) -> Mapping[int, int]:
    """Return the layers whose `filters` make a head's channels for classes: how many a class."""
    makers: Counter[int] = Counter()
    for source, channels in zip(node.sources, head.class_channels, strict=True):
        for first, each in channels:
            makers[maker_of(nodes, source, first, head)] += each
    return makers


def maker_of(nodes: list[Node], index: int, channel: int, head: DetectionHead) -> int:
    """Return the layer whose `filters` make a channel of a layer's output.

    Raises CfgError where layers between the two do more than pass channels on or join them.
    """
    while index >= 0 and not value(nodes[index].layer.section, "filters"):
        node = nodes[index]
        joined = np.cumsum([x.c for x in node.inputs])
        if joined[-1] != node.output.c:
            break
        place = int(np.searchsorted(joined, channel, side="right"))
        index, channel = node.sources[place], channel - int(joined[place] - node.inputs[place].c)
    else:
        if index >= 0:
            return index
    raise head.error("its classes come from no filters that are known: expected a [convolutional]")


def adapted_anchors(
    sections: list[Section], at: int, head: DetectionHead, data: DataSet, image: Shape
) -> str:
    """Return the anchors of a head for an input: calculated ones where these suit it."""
    resized = scaled_anchors(sections[0], sections[at], Input(image.w, image.h))
    if not head.clustered:
        return pairs_text(resized)
    number = int(value(sections[at], "num") or 1)
    usual = resized if head.boxes < number else None
    size = Input(image.w, image.h)
    made = anchors_for(data.sizes, number, size, usual, in_cells=head.anchors_in_cells)
    return made or pairs_text(resized)


def scaled_anchors(net: Section, head: Section, size: Input) -> np.ndarray:
    """Return the anchors of a template's head [K, 2], as large as the size of the input is now."""
    sides = [float(text) for text in value(head, "anchors").split(",")]
    ratios = [size.width / int(value(net, "width")), size.height / int(value(net, "height"))]
    return np.array(sides).reshape(-1, 2) * ratios


def pairs_text(anchors: np.ndarray) -> str:
    """Return anchors as text for a cfg, with four digits each."""
    return ", ".join(f"{width:.4g},{height:.4g}" for width, height in anchors.tolist())


def anchors_for(
    sizes: np.ndarray, number: int, size: Input, usual: np.ndarray | None, *, in_cells: bool
) -> str:
    """Return so many anchors for boxes: in pixels of the input, or in cells of its last map.

    There are none for fewer boxes, nor where they have other sizes than the `usual` ones, which
    masks divide among the heads.
    """
    if len(sizes) < number:
        return ""
    sides = np.array([size.width, size.height], np.float32) / (PIXELS_A_CELL if in_cells else 1)
    made = cluster(sizes.astype(np.float32) * sides, number, np.random.default_rng(SEED))
    if usual is not None and not keep_scales(made.centers, usual):
        return ""
    return anchors_text(made, int(sides[0]))


def value(section: Section, key: str) -> str:
    """Return the value of a key; empty if the section has none."""
    entry = section.find(key)
    return (entry.value or "") if entry else ""
