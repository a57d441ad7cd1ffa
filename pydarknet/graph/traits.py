"""What commands tell of a network: its table, what the fork prints with it, its classes."""

from __future__ import annotations

from ..layers import DetectionHead, detection_heads, type_lines
from ..runtime.traits import Traits
from .executor import Executor


def traits_of(network: Executor) -> Traits:
    """Return what is told of a network."""
    last, result = network.nodes[-1], network.nodes[network.result]
    section, reads = network.net.section, last.inputs[0]
    return Traits(
        place=(section.path, section.line, section.name),
        table=network.table(),
        summary=fork_summary(network, training=False),
        training_summary=fork_summary(network, training=True),
        operations=network.operations(),
        letter_box=network.letter_box,
        classes=tuple(head.classes for head in detection_heads(network.layers)),
        type_lines=tuple(type_lines(network.nodes)),
        class_inputs=(reads.c or reads.length) if last.layer.result else 0,
        class_outputs=result.output.outputs if result.layer.head else None,
    )


def fork_summary(network: Executor, *, training: bool) -> str:
    """Return what the fork prints on stdout when it has read a cfg; nothing in the original.

    Darknet: src/parser.c parse_network_cfg_custom (AlexeyAB)
    """
    if not network.dialect.reports_cfg:
        return ""
    net, size = network.net, network.input
    steps = net.time_steps if training else 1
    batch = max(net.batch // net.subdivisions, 1) * steps if training else 1
    first = (
        f"mini_batch = {batch}, batch = {batch * net.subdivisions}, time_steps = {steps},"
        f" train = {training:d} \n"
    )
    layers = "".join(layer.stdout_text() for layer in network.layers)
    last = network.layers[-1]
    warns = isinstance(last, DetectionHead) and last.size_warning
    if not warns or not (size.w % 32 or size.h % 32):
        return first + layers
    return (
        first
        + layers
        + (
            f"\n Warning: width={size.w} and height={size.h} in cfg-file must be divisible by 32"
            " for default networks Yolo v1/v2/v3!!! \n\n"
        )
    )
