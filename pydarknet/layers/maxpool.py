"""[maxpool], over cells or, in the fork, over channels."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..cfg.options import option, quiet
from ..modules.onnx_writer import Value, Writer
from ..modules.ops import Window
from ..modules.pooling import WHOLE, MaxPool2d
from ..system.limits import MOST_STRIDE
from .antialiasing import Blurred
from .base import FORK, Layer, Node, Shape, section
from .rows import BILLION


@section("maxpool", "max")
class Maxpool(Layer):
    """Take the largest value of each window; `padding` is the total of both sides.

    Darknet: src/parser.c parse_maxpool, src/maxpool_layer.c
    Quirk: MAXPOOL_PADDING
    """

    opencv = "pool"
    lossless_in_half = True
    image = True

    stride: int = option(1, least=1, most=MOST_STRIDE)
    size: int = option(lambda o: o.stride, least=1)
    padding: int = quiet(lambda o: o.size - 1, least=0)

    @property
    def window(self) -> Window:
        """The size, stride and padding of the windows."""
        return Window(self.size, (self.stride, self.stride), self.padding)

    def shape(self, *inputs: Shape) -> Shape:
        x = inputs[0]
        h, w = self.window.shape(x.h, x.w)
        if h < 1 or w < 1:
            raise self.error(f"size = {self.size} is larger than its padded input {x.w} x {x.h}")
        return Shape(c=x.c, h=h, w=w)

    def module(self, *inputs: Shape) -> nn.Module:
        return MaxPool(self.window)

    def scratch(self, node: Node) -> int:
        x, padding = node.inputs[0], self.padding
        return x.c * (x.h + padding) * (x.w + padding) if padding else 0

    def row(self, node: Node) -> str:
        size, stride, x, y = self.size, self.stride, node.inputs[0], node.output
        return f"max          {size} x {size} / {stride}  {x}   ->  {y}"


@section("maxpool", "max", lineage=FORK)
class MaxpoolAlexeyAB(Blurred, Maxpool):
    """The fork's, with a stride per axis, antialiasing, and pooling over channels.

    Darknet: src/parser.c parse_maxpool, src/maxpool_layer.c (AlexeyAB)
    Quirk: AVX_MAXPOOL
    """

    maxpool_depth: bool = quiet(False)
    out_channels: int = quiet(1, least=1)
    maxpool_zero_nonmax: bool = quiet(False)

    @property
    def window(self) -> Window:
        return Window(self.size, self.strides, self.padding)

    def sharp(self, *inputs: Shape) -> Shape:
        if self.maxpool_depth:
            return Shape(c=self.out_channels, h=inputs[0].h, w=inputs[0].w)
        return super().sharp(*inputs)

    def module(self, *inputs: Shape) -> nn.Module:
        pool = DepthPool(self.out_channels) if self.maxpool_depth else MaxPool(self.window)
        return nn.Sequential(pool, self.blur) if self.blur else pool

    def work(self, node: Node) -> float:
        return self.size**2 * self.sharp(*node.inputs).outputs

    def row(self, node: Node) -> str:
        return self.sharp_row(node) + self.blurred_row(node)

    def sharp_row(self, node: Node) -> str:
        """Return the row of the pooling itself."""
        y = self.sharp(*node.inputs)
        sizes = f"{node.inputs[0]} -> {y} {self.work(node) / BILLION:5.3f} BF"
        size, (down, across) = self.size, self.strides
        if self.maxpool_depth:
            return f"max-depth         {size:2d}x{size:2d}/{across:2d}   {sizes}"
        if across != down:
            return f"max              {size:2d}x{size:2d}/{across:2d}x{down:2d} {sizes}"
        return f"max               {size:2d}x{size:2d}/{across:2d}   {sizes}"


class MaxPool(nn.Module):
    """The largest value of each window; cells outside the map count as the lowest float."""

    def __init__(self, window: Window) -> None:
        super().__init__()
        self.window = window

    def forward(self, x: Tensor) -> Tensor:
        window = self.window
        if self.halves(x) and not torch.is_grad_enabled() and not WHOLE.get():
            return largest_of_four(x)
        sides = window.sides(*x.shape[2:])
        if len(set(sides)) == 1 and sides[0] <= window.size // 2:
            return self.largest(x, sides[0])
        return self.largest(window.pad(x, torch.finfo(x.dtype).min), 0)

    def largest(self, x: Tensor, padding: int) -> Tensor:
        """Return the largest value of each window, with this padding on every side."""
        size, stride, _ = self.window
        if not (self.training and x.is_cpu and x.requires_grad and torch.is_grad_enabled()):
            return F.max_pool2d(x, size, stride, padding)
        y: Tensor = MaxPool2d.apply(x, (size, size), stride, (padding, padding))
        return y

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        x, window = inputs[0], self.window
        left, right, top, bottom = sides = window.sides(int(x.shape[2]), int(x.shape[3]))
        if not all(0 <= side < window.size for side in sides):
            x, sides = window.onnx_pad(x, writer.lowest), (0,) * 4
            left, right, top, bottom = sides
        pads = (top, left, bottom, right)
        size = (window.size,) * 2
        return x.op("MaxPool", kernel_shape=size, strides=window.stride, pads=pads)

    def halves(self, x: Tensor) -> bool:
        """Return whether the windows are the 2 x 2 blocks of an even map."""
        even = not (x.shape[2] % 2 or x.shape[3] % 2)
        size, stride, padding = self.window
        return even and size == 2 and stride == (2, 2) and padding < 2


def largest_of_four(x: Tensor) -> Tensor:
    """Return the largest of every 2 x 2 block: a third of max_pool2d's time, which keeps places."""
    rows = torch.maximum(x[:, :, ::2], x[:, :, 1::2])
    return torch.maximum(rows[..., ::2], rows[..., 1::2])


class DepthPool(nn.Module):
    """Channel g is the largest of the input's channels g, g + n, g + 2n, ...

    Darknet: src/maxpool_layer.c forward_maxpool_layer (AlexeyAB)
    """

    def __init__(self, n: int) -> None:
        super().__init__()
        self.n = n

    def forward(self, x: Tensor) -> Tensor:
        lacking = -x.shape[1] % self.n
        padded = F.pad(x, (0, 0, 0, 0, 0, lacking), value=torch.finfo(x.dtype).min)
        return padded.unflatten(1, (-1, self.n)).amax(1)

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        x, (c, h, w) = inputs[0], map(int, inputs[0].shape[1:])
        lowest = writer.lowest
        padded = x.pad((0, -c % self.n), (0, 0), (0, 0), value=lowest)
        return padded.reshape(-1, self.n, h, w).amax(1).reshape(self.n, h, w)
