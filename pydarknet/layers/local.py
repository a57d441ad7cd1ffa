"""[local], a convolution with different weights at every place."""

from __future__ import annotations

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from ..cfg.options import option, quiet
from ..modules.onnx_writer import Value, Writer
from ..modules.ops import Activate
from ..modules.parameters import Parametric, array, spread
from ..system.limits import MOST_STRIDE
from .base import Layer, Node, Shape, activation_option, section


@section("local")
class Local(Layer):
    """Convolve with separate weights at each place of the output, add a bias, and activate.

    Darknet: src/parser.c parse_local, src/local_layer.c
    Quirk: LOCAL_PAD
    """

    live = False
    image = True

    filters: int = option(1, least=1)
    size: int = option(1, least=1)
    stride: int = option(1, least=1, most=MOST_STRIDE)
    pad: int = quiet(0, least=0)
    activation: str = activation_option("logistic")

    def shape(self, *inputs: Shape) -> Shape:
        x = inputs[0]
        rooms = (n - 1 if self.pad else n - self.size for n in (x.h, x.w))
        h, w = (room // self.stride + 1 for room in rooms)
        if h < 1 or w < 1:
            raise self.error(f"size = {self.size} is larger than its input {x.w} x {x.h}")
        return Shape(c=self.filters, h=h, w=w)

    def module(self, *inputs: Shape) -> nn.Module:
        y = self.shape(*inputs)
        return LocalConv(
            inputs[0].c, self.filters, self.size, self.stride, self.pad, (y.h, y.w), self.activation
        )

    def scratch(self, node: Node) -> int:
        x, y, reach = node.inputs[0], node.output, self.stride * 2 + self.size + self.pad
        return x.c * (self.size**2 * y.h * y.w + (x.h + reach) * (x.w + reach))

    def row(self, node: Node) -> str:
        x, y = node.inputs[0], node.output
        return (
            f"Local Layer: {x.h} x {x.w} x {x.c} image, {self.filters} filters ->"
            f" {y.h} x {y.w} x {y.c} image"
        )


class LocalConv(Parametric):
    """Weights `[places, n, c * k * k]`, biases `[n, h, w]`.

    Darknet: src/local_layer.c forward_local_layer
    """

    def __init__(
        self,
        c: int,
        n: int,
        size: int,
        stride: int,
        pad: int,
        places: tuple[int, int],
        activation: str,
    ) -> None:
        super().__init__()
        self.size, self.stride, self.pad, self.places = size, stride, pad, places
        self.biases = nn.Parameter(array(n, *places))
        self.weights = nn.Parameter(array(places[0] * places[1], n, c * size * size))
        self.activate = Activate(activation)

    def fill(self, name: str, tensor: Tensor, generator: Generator | None) -> None:
        if name == "weights":
            spread(tensor, tensor.shape[2], True, generator)
        else:
            tensor.zero_()

    def forward(self, x: Tensor) -> Tensor:
        reach = [(n - 1) * self.stride + self.size for n in self.places]
        bottom, right = (max(r - n - self.pad, 0) for r, n in zip(reach, x.shape[2:], strict=True))
        padded = F.pad(x, (self.pad, right, self.pad, bottom))[:, :, : reach[0], : reach[1]]
        patches = F.unfold(padded, self.size, stride=self.stride)  # [N, c * k * k, places]
        y = torch.einsum("pnk,bkp->bnp", self.weights, patches)
        return self.activate(y.unflatten(2, self.places) + self.biases)

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        x, (c, h, w), k, step = inputs[0], map(int, inputs[0].shape[1:]), self.size, self.stride
        down, across = ((n - 1) * step + 1 for n in self.places)  # from the first place to the last
        bottom, right = max(down + k - 1 - h - self.pad, 0), max(across + k - 1 - w - self.pad, 0)
        padded = x.pad((self.pad, bottom), (self.pad, right))
        views = [
            padded.take(2, i, i + down, step).take(3, j, j + across, step).reshape(c, 1, -1)
            for i in range(k)
            for j in range(k)
        ]
        patches = writer.concat(2, *views).reshape(c * k * k, -1)  # [N, c * k * k, places]
        weights = writer.constant(self.weights, "weights")
        y = weights.op("MatMul", patches.transpose(2, 1, 0)).transpose(2, 1, 0)
        y = y.reshape(len(self.biases), *self.places)
        return self.activate.onnx(writer, y + writer.constant(self.biases, "biases"))
