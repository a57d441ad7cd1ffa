"""A cfg is adapted to a data set: classes, filters, anchors, sizes, schedule."""

from __future__ import annotations

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
from ..layers import DetectionHead, Reading, layer_class
from ..modules.batch_norm import BATCH_NORMS
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

    `filters` before each head change by as many channels as its anchors have classes more or less.
    Raises UsageError for a template without heads that have classes and anchors.
    """
    sections = sections_of(text, str(template))
    heads = anchored_heads(sections)
    if not heads:
        raise UsageError(f"{template}: has no head with classes and anchors: expected a detector")
    changes = dict(schedule(length, length.batches(data), size, subdivisions))
    for at, head in heads.items():
        changes.update(head_changes(sections, at, head, data, size))
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


def anchored_heads(sections: list[Section]) -> dict[int, DetectionHead]:
    """Return the heads whose sections say classes and anchors, by the places of these."""
    lineage = choose_dialect(sections, given=None).dialect.name
    norm = BATCH_NORMS["gpu"].of(lineage)
    found = {}
    with without_notes():
        net = Net.read(sections[0], lineage)
        reading = Reading(lineage=lineage, strict=True, batch_norm=norm, net=net)
        for at, one in enumerate(sections):
            cls = layer_class(one.name, lineage)
            if cls and value(one, "classes") and value(one, "anchors"):
                layer = cls.read(one, reading)
                if isinstance(layer, DetectionHead):
                    found[at] = layer
    return found


def head_changes(
    sections: list[Section], at: int, head: DetectionHead, data: DataSet, size: Input
) -> Mapping[Place, str]:
    """Return the values of a head and of the `filters` before it."""
    section = sections[at]
    changes: dict[Place, str] = {(at, "classes"): str(data.classes)}
    before = next((n for n in range(at - 1, 0, -1) if value(sections[n], "filters")), None)
    if before is not None:
        filters = int(value(sections[before], "filters"))
        more = head.boxes * (data.classes - head.classes)
        changes[before, "filters"] = str(filters + more)
    if not head.free:
        number = int(value(section, "num") or 1)
        resized = scaled_anchors(sections[0], section, size)
        usual = resized if head.boxes < number else None
        made = anchors_for(data.sizes, number, size, usual, in_cells=head.anchors_in_cells)
        changes[at, "anchors"] = made or pairs_text(resized)
    return changes


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
