"""Images changed step by step to excite a layer of a network more strongly (DeepDream)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..graph.executor import Executor
from ..image.fit import GREY
from ..modules.transforms import crop, resize
from .glibc_rand import Rand


@dataclass(frozen=True)
class Dream:
    """The settings of `nightmare`: which layers, which sizes, and how large a step.

    Darknet: examples/nightmare.c run_nightmare
    """

    layer: int
    range: int = 1  # n layers around it, one drawn per step
    octaves: int = 4  # n sizes, each three quarters of the previous
    rate: float = 0.04
    thresh: float = 1.0  # in standard deviations above the mean: weaker outputs are left alone
    norm: bool = True
    greyer: float = 0.0  # the share of the way to grey that each step adds

    def step(self, image: Tensor, network: Executor, rand: Rand) -> Tensor:
        """Return the image [C, H, W] in 0..1 after one step of gradient ascent.

        The gradient is taken at a random size, shifted by some pixels, and mirrored half the time.

        Darknet: examples/nightmare.c optimize_picture
        """
        layer = self.layer + rand.integer() % self.range - self.range // 2
        scale = np.float32(1 / 1.33333333 ** (rand.integer() % self.octaves))
        dx, dy = rand.integer() % 16 - 8, rand.integer() % 16 - 8
        mirrored = bool(rand.integer() % 2)
        height, width = image.shape[1:]
        seen = resize(crop(image, dx, dy, width, height), int(width * scale), int(height * scale))
        step = excitation_gradient(network, seen.flip(-1) if mirrored else seen, layer, self.thresh)
        step = resize(step.flip(-1) if mirrored else step, width, height)
        step = crop(step, -dx, -dy, width, height) + self.greyer * (GREY - image)
        if self.norm:
            step = (step - step.mean()) / step.std(correction=0)
        return (image + self.rate * step).clamp(0, 1)


def excitation_gradient(network: Executor, image: Tensor, layer: int, thresh: float) -> Tensor:
    """Return the gradient that makes the strongest outputs of a layer grow.

    It is the gradient of the network in inference; the C's backward pass differentiates batch norm
    as in training.

    Quirk: NIGHTMARE_BATCH_NORM
    """
    network.resize(image.shape[2], image.shape[1])
    images = image[None].requires_grad_()
    output = next(y for node, _, y in network.steps(images) if node.index == layer)
    limit = output.mean() + thresh * output.std(correction=0)
    [step] = torch.autograd.grad(output, images, torch.where(output > limit, output, 0).detach())
    return step[0].detach()


def zoom(image: Tensor, zoom: float) -> Tensor:
    """Return the middle of an image, stretched to its whole size.

    Darknet: examples/nightmare.c run_nightmare
    """
    height, width = image.shape[1:]
    part = np.float32(zoom)
    left, top = (int(side * (1 - float(part)) / 2) for side in (width, height))
    middle = crop(image, left, top, int(width * part), int(height * part))
    return resize(middle, width, height)


def rotate(image: Tensor, angle: float) -> Tensor:
    """Rotate an image [C, H, W] by an angle in radians; outside its edges it is black.

    Darknet: src/image.c rotate_image
    """
    c, height, width = image.shape
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    x, y = x - width / 2, y - height / 2
    across = math.cos(angle) * x - math.sin(angle) * y + width / 2
    down = math.sin(angle) * x + math.cos(angle) * y + height / 2
    padded = torch.nn.functional.pad(image, (1, 1, 1, 1))
    left, top = across.floor(), down.floor()
    result = torch.zeros_like(image)
    for i in (0, 1):
        for j in (0, 1):
            weight = (1 - (across - left - i).abs()) * (1 - (down - top - j).abs())
            column = (left.long() + i + 1).clamp(0, width + 1)
            row = (top.long() + j + 1).clamp(0, height + 1)
            result += weight * padded.reshape(c, -1)[:, row * (width + 2) + column]
    return result
