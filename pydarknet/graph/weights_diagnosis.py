"""Why a weights file does not fit a network: other classes, another cfg, a broken download."""

from __future__ import annotations

from .executor import Executor


def likely_cause(network: Executor, needed: int, found: int) -> str:
    """Return the likely reason for a file with another number of floats than the network needs."""
    classes = other_classes(network, found - needed)
    if classes:
        own = {getattr(node.layer, "classes", 0) for node in network.nodes if node.layer.detector}
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
    heads = [node for node in network.nodes if node.layer.boxes and node.layer.detector]
    each = 0
    for head in heads:
        before = network.nodes[head.sources[0]]
        each += head.layer.boxes * (before.inputs[0].c * getattr(before.layer, "size", 1) ** 2 + 1)
    if not each or difference % each:
        return 0
    classes = getattr(heads[0].layer, "classes", 0) + difference // each
    return max(classes, 0) if difference else 0
