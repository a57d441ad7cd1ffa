"""Layers as nodes of a graph: their sources and shapes; and the layer table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import nn

from ..cfg.dialect import Dialect
from ..cfg.lineage import LINEAGES
from ..cfg.parser import Section
from ..errors import CfgError, UnlikeSizes
from ..layers.base import (
    Layer,
    Node,
    Reading,
    Shape,
    Unrecognised,
    layer_class,
    section_names,
)
from ..layers.rows import BILLION
from ..modules.batch_norm import BatchNorm
from ..modules.ops import Activate
from ..modules.parameters import assign
from ..system.console import note
from ..system.limits import INT_MAX
from ..system.spelling import nearest
from ..system.text import count_of, excerpt

IMAGE = -1


def read_layers(sections: Sequence[Section], reading: Reading) -> list[Layer]:
    """Read every section as the lineage's layer of that name.

    Darknet: src/parser.c parse_network_cfg
    """
    return [read_layer(section, reading) for section in sections]


def read_layer(section: Section, reading: Reading) -> Layer:
    """Read one section as a layer, and note its unused options.

    Darknet: src/option_list.c option_unused
    """
    cls = layer_class(section.name, reading.lineage)
    if cls is None and reading.strict:
        raise unknown(section, reading.lineage)
    if cls is None:
        note(f"Type not recognized: [{excerpt(section.name)}] ({section.path}:{section.line})")
        return Unrecognised.read(section, reading)
    layer = cls.read(section, reading)
    for entry in section.unused_entries():
        value = "(null)" if entry.value is None else entry.value
        field = excerpt(f"{entry.key} = {value}")
        note(f"Unused field: '{field}' ({section.path}:{entry.line} [{excerpt(section.name)}])")
    return layer


def unknown(section: Section, lineage: str) -> Exception:
    """Return the error for a section that the lineage does not know."""
    choices = section_names(lineage)
    near = nearest(section.name[:60], choices)
    hint = f"did you mean [{near}]?" if near else ""
    others = [other for other in LINEAGES if layer_class(section.name, other)]
    if others:
        hint = f"it is known in the dialect {others[0]}; this cfg is read as {lineage}"
    listed = ", ".join(sorted(choices))
    where = f"{section.path}:{section.line}"
    problem = f"[{excerpt(section.name)}] is no section: expected one of {listed}"
    return type(section.error(""))(problem, where=where, hint=hint)


def place(layers: Sequence[Layer], image: Shape) -> list[Node]:
    """Return a node per layer, with its sources and its shapes for an input image of that shape."""
    try:
        return place_each(layers, image)
    except UnlikeSizes as error:
        n = divisor(layers, image)
        hint = f"width and height must be multiples of {n} here" if n else ""
        raise CfgError(error.problem, where=error.where, hint=hint) from None


def divisor(layers: Sequence[Layer], image: Shape) -> int:
    """Return the least power of 2 that width and height need as a divisor; 0 if none mends them."""
    for n in (2, 4, 8, 16, 32, 64, 128, 256):
        if (image.w % n or image.h % n) and fits(layers, image, n):
            return n
    return 0


def fits(layers: Sequence[Layer], image: Shape, n: int) -> bool:
    """Return whether the layers fit the next multiples of n, together and each alone."""
    h, w = (-(-side // n) * n for side in (image.h, image.w))
    try:
        for size in ((h, w), (h + n, w + n), (h + n, w), (h, w + n)):
            place_each(layers, replace(image, h=size[0], w=size[1]))
    except CfgError:
        return False
    return True


def place_each(layers: Sequence[Layer], image: Shape) -> list[Node]:
    """Return the nodes as `place` does; raise UnlikeSizes for maps that do not fit together."""
    nodes: list[Node] = []
    for index, layer in enumerate(layers):
        sources = tuple(absolute_index(layer, index, source) for source in layer.sources())
        reads = tuple(None if source == IMAGE else layers[source] for source in sources)
        inputs = tuple(image if source == IMAGE else nodes[source].output for source in sources)
        try:
            check_inputs(layer, reads, inputs)
            layer.check_reads(reads, inputs)
            output = layer.shape(*inputs)
        except CfgError:
            for source in sources:
                check_sizes(source, nodes)
            raise
        if output.outputs > INT_MAX:
            raise layer.error(f"gives {output.outputs} numbers: more than 32 bits can count")
        nodes.append(
            Node(
                index=index,
                layer=layer,
                sources=sources,
                inputs=inputs,
                output=output,
                reads=reads,
                shares=owner(layer, index),
                image=image,
            )
        )
    return nodes


def check_inputs(layer: Layer, reads: Sequence[Layer | None], inputs: Sequence[Shape]) -> None:
    """Raise an error for outputs that no layer, or not this one, can read."""
    for read in reads:
        if read and not read.readable:
            raise layer.error(
                f"reads the boxes of [{read.section.name}]: expected a layer that gives a map",
                hint=f"[{read.section.name}] is the last layer of a network",
            )
    if layer.image and not inputs[0].image:
        raise layer.error(
            "needs an image before it: the layer before gives"
            f" {count_of(inputs[0].outputs, 'number')} without channels, height and width"
        )
    if not all(x.outputs for x in inputs):
        raise layer.error("reads a layer that gives nothing: expected a known section there")


def check_sizes(source: int, nodes: Sequence[Node]) -> None:
    """Raise UnlikeSizes if a layer, or one whose output it passes on, reads maps that clash."""
    for index in sorted(sources_kept(source, nodes)):
        node = nodes[index]
        problem = node.layer.clash(*node.inputs)
        if problem:
            raise UnlikeSizes.of(node.layer.error(f"{unlike_maps(node)}: they cannot {problem}"))


def sources_kept(source: int, nodes: Sequence[Node]) -> set[int]:
    """Return a layer and those whose numbers it passes on, all or together with others'."""
    found: set[int] = set()
    waiting = [source]
    while waiting:
        index = waiting.pop()
        if index == IMAGE or index in found:
            continue
        found.add(index)
        node = nodes[index]
        if sum(x.outputs for x in node.inputs) == node.output.outputs:
            pairs = zip(node.sources, node.inputs, strict=True)
            waiting += [each for each, x in pairs if not x.image]
    return found


def unlike_maps(node: Node) -> str:
    """Return the first source of a node and the first that has another size."""
    maps = [(i, x) for i, x in zip(node.sources, node.inputs, strict=True) if x.image]
    (first, x), *rest = maps
    other, y = next((i, y) for i, y in rest if (y.h, y.w) != (x.h, x.w))
    return f"layers {first} and {other} are {x.w} x {x.h} and {y.w} x {y.h}"


def absolute_index(layer: Layer, index: int, source: int) -> int:
    """Return a source as an absolute index: a negative one counts back from the layer itself."""
    absolute = index + source if source < 0 else source
    if index == 0 and source == -1:
        return IMAGE
    if not 0 <= absolute < index:
        raise layer.error(f"reads layer {absolute} from layer {index}: expected one of the earlier")
    return absolute


def owner(layer: Layer, index: int) -> int | None:
    """Return the absolute index of the layer whose parameters this one uses, if it does."""
    shares = layer.borrows()
    if shares is None:
        return None
    absolute = absolute_index(layer, index, shares)
    if absolute == IMAGE:
        raise layer.error("shares the parameters of the image: expected an earlier layer's")
    return absolute


def readers(nodes: Sequence[Node]) -> list[tuple[Layer, ...]]:
    """Return per node the layers that read it."""
    found: list[list[Layer]] = [[] for _ in nodes]
    for node in nodes:
        for source in node.sources:
            if source != IMAGE:
                found[source].append(node.layer)
    return [tuple(layers) for layers in found]


def table(nodes: Sequence[Node], dialect: Dialect) -> str:
    """Return the table that the C program of the dialect prints on loading.

    Darknet: src/parser.c parse_network_cfg
    """
    rows = [dialect.table_index.format(node.index) + node.layer.row(node) for node in nodes]
    below = totals(nodes) if dialect.table_totals else []
    return "\n".join([dialect.table_title, *rows, *below])


def totals(nodes: Sequence[Node]) -> list[str]:
    """Return the fork's lines below the table.

    Darknet: src/parser.c parse_network_cfg_custom (AlexeyAB)
    Quirk: AVERAGE_OUTPUTS
    """
    work = np.float32(0)
    for node in nodes:
        work += np.float32(node.layer.work(node) / BILLION)  # C adds in single precision
    maps = [node.output.outputs for node in nodes if node.layer.side(node) > 1]
    average = sum(maps) // len(maps) if maps else 0
    return [f"Total BFLOPS {work:5.3f} ", f"avg_outputs = {average} "]


def last_reads(nodes: Sequence[Node]) -> list[list[int]]:
    """Return per node the outputs that no later node reads."""
    last = {node.index: node.index for node in nodes}
    for node in nodes:
        last |= dict.fromkeys(node.sources, node.index)
    done: list[list[int]] = [[] for _ in nodes]
    for source, reader in last.items():
        done[reader].append(source)
    return done


def share(node: Node, borrower: nn.Module, owner: nn.Module) -> None:
    """Give a layer the parameters of another of the same sizes.

    Darknet: src/parser.c parse_convolutional (AlexeyAB, share_index)
    """
    names = [name for name, _ in borrower.named_parameters()]
    names += [name for name, _ in borrower.named_buffers()]
    theirs = dict(owner.named_parameters()) | dict(owner.named_buffers())
    own = dict(borrower.named_parameters()) | dict(borrower.named_buffers())
    if own.keys() != theirs.keys() or any(own[n].shape != theirs[n].shape for n in own):
        raise node.layer.error(f"shares layer {node.shares}: expected a layer of the same sizes")
    for name in names:
        assign(borrower, name, theirs[name])


def build_modules(nodes: Sequence[Node]) -> list[nn.Module]:
    """Build every layer's module; more parameters than 32 bits count are its section's error."""
    modules = []
    for node, layers in zip(nodes, readers(nodes), strict=True):
        try:
            module = node.layer.build(node, layers)
        except ValueError as error:
            raise node.layer.error(str(error)) from None
        set_training_forms(module, node.layer)
        modules.append(module)
    return modules


def set_training_forms(module: nn.Module, layer: Layer) -> None:
    """Set which deltas activations have, and whether batch norms keep their rolling statistics."""
    for part in module.modules():
        if isinstance(part, Activate):
            part.processor = layer.reading.processor
        elif isinstance(part, BatchNorm):
            part.fixed = layer.use_rolling or layer.reading.net.use_rolling


def sizes(module: nn.Module) -> list[torch.Size]:
    """Return the sizes of a module's arrays."""
    return [tensor.shape for tensor in module.state_dict().values()]
