"""The command statistics."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ...system.console import say
from ..open_network import open_on_cpu
from ..operands import Cfg, WeightsFile
from ..verbs import READ_CFG, Run, verb

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from ...graph.weights_edit import Part


@verb("statistics", uses=READ_CFG)
def statistics(run: Run, cfg: Cfg, weights: WeightsFile) -> None:
    """Print mean and variance of the scales, biases and weights of matrices with batch norm.

    Darknet: examples/darknet.c statistics_net
    """
    from ...graph.weights_edit import parts
    from ...modules.ops import Connected

    network = open_on_cpu(run, cfg, weights)
    matrices = [part for part in parts(network) if isinstance(part.module, Connected)]
    for node in network.nodes:
        own = [part for part in matrices if part.node is node and part.module.norm]
        if own:
            say(f"{own[0].kind} Layer {node.index}")
        for part in own:
            say(part_statistics(part), end="")
        say()


def part_statistics(part: Part) -> str:
    """Return the lines of one matrix; they count only its first weights, one per output.

    Darknet: src/connected_layer.c statistics_connected_layer
    Quirk: STATISTICS_OF_SOME
    """
    module = part.module
    assert module.norm is not None
    named = {
        "Scales": module.norm.scales,
        "Biases": module.biases,
        "Weights": module.weights.flatten()[: len(module.biases)],
    }
    title = f"{part.gate}\n" if part.gate else ""
    return title + "".join(f"{name} {moments(array)}\n" for name, array in named.items())


def moments(array: Tensor) -> str:
    """Return the root of the mean square, the mean and the variance of an array.

    Darknet: src/utils.c print_statistics
    """
    import numpy as np

    numbers = array.detach().numpy()
    average = mean(numbers)
    square = np.float32(math.sqrt(mean(numbers**2)))
    variance = mean((numbers - average) ** 2)
    return f"MSE: {square:.6f}, Mean: {average:.6f}, Variance: {variance:.6f}"


def mean(numbers: np.ndarray) -> np.float32:
    """Return the mean of float32 numbers, added in their order as the C does."""
    import numpy as np

    return np.float32(numbers.cumsum(dtype=np.float32)[-1] / np.float32(len(numbers)))
