"""The command visualize."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...system.console import note
from ...system.problems import guard
from ..open_network import open_network
from ..operands import Cfg, Weights
from ..verbs import READ_CFG, Run, verb

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor


@verb("visualize", uses=READ_CFG)
def visualize(run: Run, cfg: Cfg, weights: Weights = None) -> None:
    """Write each convolution's filters as an image, "Layer 0.jpg" and so on, and show it.

    Darknet: src/network.c visualize_network
    Quirk: VISUALIZED_OUTPUTS
    """
    from ...image.window import show
    from ...modules.ops import Conv
    from ...modules.transforms import save_image

    network = open_network(run, cfg, weights, training=True)
    for node, module in zip(network.nodes, network.stack, strict=True):
        if isinstance(module, Conv):
            name, image = f"Layer {node.index}", filters(module.weights.detach().cpu())
            with guard(f"{name}.jpg"):
                save_image(image, f"{name}.jpg")
                note(f"{name}.jpg")
            show(image, name)


def filters(weights: Tensor) -> np.ndarray:
    """Return a convolution's filters as an image, one below the other, a pixel between them.

    Filters of 3 channels are RGB; of others the channels stand side by side. Each is stretched to
    0..1, then the whole once more.

    Darknet: src/convolutional_layer.c get_weights, src/image.c collapse_images_vert
    """
    import torch

    n, c, h, _ = weights.shape
    each = torch.stack([normalize(filter) for filter in weights])
    if c != 3:
        each = torch.nn.functional.pad(each, (0, 1)).movedim(1, 2).reshape(n, 1, h, -1)[..., :-1]
    rows = torch.nn.functional.pad(each, (0, 0, 0, 1)).movedim(0, 1)  # [C, n, h + 1, w]
    image = normalize(rows.reshape(rows.shape[0], -1, rows.shape[3])[:, :-1])
    return (image * 255).to(torch.uint8).permute(1, 2, 0).contiguous().numpy()


def normalize(x: Tensor) -> Tensor:
    """Return x as 0..1, from its least to its largest; a constant one is unchanged.

    Darknet: src/image.c normalize_image
    """
    low, high = x.min(), x.max()
    return x if high - low < 1e-9 else (x - low) / (high - low)
