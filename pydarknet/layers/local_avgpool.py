"""[local_avgpool], the fork's mean over windows."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..cfg.options import option, quiet
from ..modules.onnx_writer import Value, Writer
from ..modules.ops import Window
from ..system.limits import MOST_STRIDE
from .base import FORK, Layer, Node, Shape, section
from .rows import BILLION


@section("local_avgpool", "local_avg", lineage=FORK)
class LocalAvgpool(Layer):
    """Take the mean of each window's cells inside the map.

    Darknet: src/maxpool_layer.c forward_local_avgpool_layer (AlexeyAB)
    """

    image = True

    stride: int = option(1, least=1, most=MOST_STRIDE)
    stride_x: int = quiet(lambda o: o.stride, least=1, most=MOST_STRIDE)
    stride_y: int = quiet(lambda o: o.stride, least=1, most=MOST_STRIDE)
    size: int = option(lambda o: o.stride, least=1)
    padding: int = quiet(lambda o: o.size - 1, least=0)
    maxpool_depth: bool = quiet(False, live=False)
    out_channels: int = quiet(1, least=1, live=False)
    antialiasing: int = quiet(0, least=0, live=False)

    def check(self) -> None:
        if self.maxpool_depth or self.antialiasing:
            raise self.error("maxpool_depth and antialiasing: expected them in [maxpool] only")

    @property
    def window(self) -> Window:
        """The size, stride and padding of the windows."""
        return Window(self.size, (self.stride_y, self.stride_x), self.padding)

    def shape(self, *inputs: Shape) -> Shape:
        x = inputs[0]
        h, w = self.window.shape(x.h, x.w)
        if h < 1 or w < 1:
            raise self.error(f"size = {self.size} is larger than its padded input {x.w} x {x.h}")
        return Shape(c=x.c, h=h, w=w)

    def module(self, *inputs: Shape) -> nn.Module:
        return MeanPool(self.window)

    def scratch(self, node: Node) -> int:
        x, padding = node.inputs[0], self.padding
        return x.c * (x.h + padding) * (x.w + padding) if padding else 0

    def work(self, node: Node) -> float:
        return self.size**2 * node.output.outputs

    def row(self, node: Node) -> str:
        sizes = f"{node.inputs[0]} -> {node.output} {self.work(node) / BILLION:5.3f} BF"
        return f"avg               {self.size:2d}x{self.size:2d}/{self.stride_x:2d}   {sizes}"


class MeanPool(nn.Module):
    """The mean of each window; cells outside the map do not count."""

    def __init__(self, window: Window) -> None:
        super().__init__()
        self.window = window

    def forward(self, x: Tensor) -> Tensor:
        inside = x.new_ones(1, 1, *x.shape[2:])
        return self.pool(x) / self.pool(inside)

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        x, window = inputs[0], self.window
        padded = window.onnx_pad(x, 0.0)
        means = padded.op("AveragePool", kernel_shape=(window.size,) * 2, strides=window.stride)
        return means / writer.constant(self.pool(torch.ones(1, 1, *map(int, x.shape[2:]))))

    def pool(self, x: Tensor) -> Tensor:
        """Return the mean of each window; cells outside the map count as zeros."""
        return F.avg_pool2d(self.window.pad(x, 0.0), self.window.size, self.window.stride)
