"""The commands that look into a weights file: statistics, print, visualize."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ...errors import UsageError
from ...system.console import note, say
from ..verbs import Help, Run, verb
from .weights_edit import Cfg, Weights, opened

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from ...graph.weights_edit import Part


@verb("statistics")
def statistics(run: Run, cfg: Cfg, weights: Weights) -> None:
    """Print mean and variance of the scales, biases and weights of matrices with batch norm.

    Darknet: examples/darknet.c statistics_net
    """
    from ...graph.weights_edit import parts
    from ...modules.ops import Connected

    network = opened(run, cfg, weights)
    found = [part for part in parts(network) if isinstance(part.module, Connected)]
    for node in network.nodes:
        own = [part for part in found if part.node is node and part.module.norm]
        if own:
            say(f"{own[0].kind} Layer {node.index}")
        for part in own:
            say(part_statistics(part), end="")
        say()


def part_statistics(part: Part) -> str:
    """Return the lines of one matrix; of its weights only as many as it has outputs.

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


@verb("print")
def print_weights(
    run: Run,
    cfg: Cfg,
    weights: Weights,
    layer: Annotated[int, Help("a convolution, by the index in the table")],
) -> None:
    """Print the weights of one convolution, a filter a line.

    Darknet: examples/darknet.c print_weights
    """
    from ...modules.ops import Conv

    network = opened(run, cfg, weights)
    convolutions = {i: m for i, m in enumerate(network.stack) if isinstance(m, Conv)}
    if layer not in convolutions:
        listed = ", ".join(map(str, convolutions)) or "a network that has one"
        raise UsageError(f"layer {layer} is no convolution: expected {listed}")
    for row in convolutions[layer].weights.flatten(1).tolist():
        say("".join(f"{value:g} " for value in row))


@verb("visualize")
def visualize(
    run: Run, cfg: Cfg, weights: Annotated[Path | None, Help("its weights file")] = None
) -> None:
    """Write each convolution's filters as a picture, "Layer 0.jpg" and so on, and show it.

    Darknet: src/network.c visualize_network
    """
    from ...image.window import show
    from ...modules.ops import Conv
    from ...modules.transforms import save_image
    from ..open_network import open_network

    network = open_network(run, cfg, weights, training=True)
    for node, module in zip(network.nodes, network.stack, strict=True):
        if isinstance(module, Conv):
            name, picture = f"Layer {node.index}", filters(module.weights.detach().cpu())
            save_image(picture, f"{name}.jpg")
            note(f"{name}.jpg")
            show(picture, name)


def filters(weights: Tensor) -> np.ndarray:
    """Return a convolution's filters as a picture, one below the other, a pixel between them.

    Filters of 3 channels are RGB; of others the channels stand side by side. Each is stretched to
    0..1, then the whole once more.

    Darknet: src/convolutional_layer.c get_weights, src/image.c collapse_images_vert
    """
    import torch

    n, c, h, _ = weights.shape
    each = torch.stack([stretched(filter) for filter in weights])
    if c != 3:
        each = torch.nn.functional.pad(each, (0, 1)).movedim(1, 2).reshape(n, 1, h, -1)[..., :-1]
    rows = torch.nn.functional.pad(each, (0, 0, 0, 1)).movedim(0, 1)  # [C, n, h + 1, w]
    picture = stretched(rows.reshape(rows.shape[0], -1, rows.shape[3])[:, :-1])
    return (picture * 255).to(torch.uint8).permute(1, 2, 0).contiguous().numpy()


def stretched(x: Tensor) -> Tensor:
    """Return x as 0..1, from its least to its largest; an even one as it is.

    Darknet: src/image.c normalize_image
    """
    low, high = x.min(), x.max()
    return x if high - low < 1e-9 else (x - low) / (high - low)
