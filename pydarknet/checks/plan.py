"""What a cfg says about a training: its input, its heads and its schedule, built or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..cfg.lineage import PerLineage
from ..cfg.net import Net
from ..cfg.parser import Section, read_cfg
from ..errors import CfgError, DarknetError
from ..graph.choose_dialect import choose_dialect
from ..graph.nodes import read_layers
from ..layers import DetectionHead, Layer, Reading, Shape, detection_heads
from ..modules.batch_norm import BatchNorm
from ..network import Network
from ..system.console import note

KEEPS_PROPORTIONS = PerLineage(pjreddie=True, alexeyab=False)  # of an image in the input
OUTPUTS_KEPT = 2  # of each layer while it trains, roughly: one on the way, one gradient
FLOAT = 4  # bytes


@dataclass(frozen=True)
class Anchored:
    """A head with anchors: its place in the cfg, pixels per cell, its anchors [K, 2] in pixels."""

    place: str
    stride: float
    anchors: np.ndarray


@dataclass(frozen=True)
class Plan:
    """A cfg that is to be trained. `problems` say why it cannot be; then there may be no heads."""

    path: str
    lineage: str
    net: Net
    heads: tuple[DetectionHead, ...] = ()
    anchored: tuple[Anchored, ...] = ()
    problems: tuple[DarknetError, ...] = ()
    memory: int = 0  # bytes that the layers of a mini-batch take, roughly
    normalized: bool = False  # whether a layer takes the statistics of a mini-batch

    @property
    def classes(self) -> int:
        """The classes of the last head, which decides; 0 if there is none."""
        return self.heads[-1].classes if self.heads else 0

    @property
    def unplaced(self) -> bool:
        """Whether labels may name classes of whole images."""
        return bool(self.heads) and self.heads[-1].unplaced

    @property
    def letterbox(self) -> bool:
        """Whether images keep their proportions in the input."""
        return KEEPS_PROPORTIONS.of(self.lineage) or self.net.letter_box

    def sides_of_images(self, sizes: np.ndarray) -> np.ndarray:
        """Return the sides of images in pixels of the input, given theirs [N, 2]; 0 is unknown."""
        sides = np.array([self.net.width, self.net.height], np.float64)
        if not self.letterbox:
            return np.broadcast_to(sides, sizes.shape)
        known = np.where((sizes > 0).all(1, keepdims=True), sizes, sides)
        return known * (sides / known).min(1, keepdims=True)


def read_plan(cfg: Path, dialect: str | None, strict: bool = True, batchnorm: str = "gpu") -> Plan:
    """Return the plan of a cfg. Raises DarknetError if not even [net] can be read."""
    sections = read_cfg(cfg)
    choice = choose_dialect(sections, given=dialect)
    if choice.reason:
        note(f"dialect {choice.dialect.name}: inferred from {choice.reason}")
    lineage = choice.dialect.name
    net = Net.read(sections[0], lineage, strict)
    plan = Plan(str(cfg), lineage, net)
    reading = Reading(lineage=lineage, strict=strict, net=net, processor=batchnorm)
    try:
        layers = read_layers(sections[1:], reading)
    except DarknetError as error:
        return replace(plan, problems=(error,))
    plan = replace(plan, heads=tuple(detection_heads(layers)))
    if misfits := tuple(misfits_of(sections[1:], layers)):
        return replace(plan, problems=misfits)
    try:
        network = Network(net, layers, choice.dialect)
    except DarknetError as error:
        return replace(plan, problems=(error,))
    return built_plan(plan, network)


def misfits_of(sections: Sequence[Section], layers: Sequence[Layer]) -> Iterator[CfgError]:
    """Yield the error of each head that does not fit the `filters` before it."""
    for before, layer in zip(sections, layers[1:], strict=False):
        entry = before.find("filters")
        if isinstance(layer, DetectionHead) and layer.image and entry and entry.value:
            try:
                layer.shape(Shape(c=int(entry.value), h=1, w=1))
            except CfgError as error:
                yield error
            except ValueError:
                continue


def built_plan(plan: Plan, network: Network) -> Plan:
    """Return a plan with what is known once the network is built."""
    anchored = []
    for node in network.nodes:
        layer = node.layer
        if not isinstance(layer, DetectionHead) or layer.free:
            continue
        if layer.anchor_sizes and node.inputs[0].image:
            stride = network.input.w / node.inputs[0].w
            unit = stride if layer.anchors_in_cells else 1.0
            sizes = np.array(layer.anchor_sizes, np.float64) * unit
            place = f"{layer.section.path}:{layer.section.line} [{layer.section.name}]"
            anchored.append(Anchored(place, stride, sizes))
    images = plan.net.batch // max(plan.net.subdivisions, 1)
    outputs = sum(node.output.outputs for node in network.nodes)
    memory = OUTPUTS_KEPT * FLOAT * outputs * max(images, 1)
    normalized = any(isinstance(part, BatchNorm) for part in network.modules())
    return replace(plan, anchored=tuple(anchored), memory=memory, normalized=normalized)
