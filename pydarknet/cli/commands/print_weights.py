"""The command print."""

from __future__ import annotations

from typing import Annotated

from ...errors import UsageError
from ...system.console import say
from ..open_network import open_on_cpu
from ..operands import Cfg, WeightsFile
from ..verbs import READ_CFG, Help, Run, verb


@verb("print", uses=READ_CFG)
def print_weights(
    run: Run,
    cfg: Cfg,
    weights: WeightsFile,
    layer: Annotated[int, Help("a convolution, by the index in the table")],
) -> None:
    """Print the weights of one convolution, one filter per line.

    Darknet: examples/darknet.c print_weights
    """
    from ...modules.ops import Conv

    network = open_on_cpu(run, cfg, weights)
    convolutions = {i: m for i, m in enumerate(network.stack) if isinstance(m, Conv)}
    if layer not in convolutions:
        listed = ", ".join(map(str, convolutions)) or "a network that has one"
        raise UsageError(f"layer {layer} is not a convolution: expected {listed}")
    for row in convolutions[layer].weights.flatten(1).tolist():
        say("".join(f"{value:g} " for value in row))
