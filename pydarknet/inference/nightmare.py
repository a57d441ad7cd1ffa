"""Pictures changed, step by step, so that a layer of a network answers them more strongly."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..graph.executor import Executor
from ..modules.transforms import GREY, resize
from .glibc_rand import Rand


@dataclass(frozen=True)
class Dream:
    """How a picture is changed: at which layers and sizes, how much a step, towards what.

    Darknet: examples/nightmare.c run_nightmare
    """

    layer: int
    range: int = 1  # how many layers about that one
    octaves: int = 4  # sizes, each three quarters of the one before
    rate: float = 0.04
    thresh: float = 1.0  # in standard deviations above the mean: what is weaker is not helped
    norm: bool = True
    greyer: float = 0.0  # how much of the way to grey a step also goes

    def step(self, picture: Tensor, network: Executor, rand: Rand) -> Tensor:
        """Return a picture [C, H, W] in 0..1 that excites a layer more, by a look at it.

        The look is at a random size, moved by some pixels, and mirrored half of the time.

        Darknet: examples/nightmare.c optimize_picture
        """
        layer = self.layer + rand.integer() % self.range - self.range // 2
        scale = np.float32(1 / 1.33333333 ** (rand.integer() % self.octaves))
        dx, dy = rand.integer() % 16 - 8, rand.integer() % 16 - 8
        mirrored = bool(rand.integer() % 2)
        height, width = picture.shape[1:]
        seen = resize(cut(picture, dx, dy, width, height), int(width * scale), int(height * scale))
        step = wanted(network, seen.flip(-1) if mirrored else seen, layer, self.thresh)
        step = resize(step.flip(-1) if mirrored else step, width, height)
        step = cut(step, -dx, -dy, width, height) + self.greyer * (GREY - picture)
        if self.norm:
            step = (step - step.mean()) / step.std(correction=0)
        return (picture + self.rate * step).clamp(0, 1)


def wanted(network: Executor, picture: Tensor, layer: int, thresh: float) -> Tensor:
    """Return how a picture must change for what stands out in a layer's output to grow.

    The gradient is that of the network as it runs; the C's backward pass takes a batch norm for one
    of a batch.

    Quirk: NIGHTMARE_BATCH_NORM
    """
    network.resize(picture.shape[2], picture.shape[1])
    images = picture[None].requires_grad_()
    output = next(y for node, _, y in network.steps(images) if node.index == layer)
    limit = output.mean() + thresh * output.std(correction=0)
    [step] = torch.autograd.grad(output, images, torch.where(output > limit, output, 0).detach())
    return step[0].detach()


def cut(x: Tensor, left: int, top: int, width: int, height: int) -> Tensor:
    """Cut a piece out of [C, H, W]; beyond its edge the edge repeats.

    Darknet: src/image.c crop_image
    """
    down = torch.arange(top, top + height, device=x.device).clamp(0, x.shape[1] - 1)
    across = torch.arange(left, left + width, device=x.device).clamp(0, x.shape[2] - 1)
    return x.index_select(1, down).index_select(2, across)


def zoomed(picture: Tensor, zoom: float) -> Tensor:
    """Return the middle of a picture, stretched to the size of the whole.

    Darknet: examples/nightmare.c run_nightmare
    """
    height, width = picture.shape[1:]
    part = np.float32(zoom)
    left, top = (int(side * (1 - float(part)) / 2) for side in (width, height))
    middle = cut(picture, left, top, int(width * part), int(height * part))
    return resize(middle, width, height)


def turned(picture: Tensor, angle: float) -> Tensor:
    """Turn a picture [C, H, W] by an angle in radians; black comes in at its edges.

    Darknet: src/image.c rotate_image
    """
    c, height, width = picture.shape
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    x, y = x - width / 2, y - height / 2
    across = math.cos(angle) * x - math.sin(angle) * y + width / 2
    down = math.sin(angle) * x + math.cos(angle) * y + height / 2
    padded = torch.nn.functional.pad(picture, (1, 1, 1, 1))
    left, top = across.floor(), down.floor()
    result = torch.zeros_like(picture)
    for i in (0, 1):
        for j in (0, 1):
            weight = (1 - (across - left - i).abs()) * (1 - (down - top - j).abs())
            column = (left.long() + i + 1).clamp(0, width + 1)
            row = (top.long() + j + 1).clamp(0, height + 1)
            result += weight * padded.reshape(c, -1)[:, row * (width + 2) + column]
    return result
