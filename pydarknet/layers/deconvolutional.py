"""[deconvolutional], the transposed convolution."""

from __future__ import annotations

from torch import nn

from ..cfg.options import option, quiet
from ..modules.deconv import Deconv
from ..system.limits import MOST_STRIDE
from .base import Layer, Node, Shape, activation_option, section


@section("deconvolutional", "deconv")
class Deconvolutional(Layer):
    """Apply a transposed convolution, batch norm or a bias, and an activation.

    The fork has no such section: here it is the original's in both dialects.

    Darknet: src/deconvolutional_layer.c
    """

    live = False

    image = True
    numload_counts_filters = True

    filters: int = option(1, least=1)
    size: int = option(1, least=1)
    stride: int = option(1, least=1, most=MOST_STRIDE)
    pad: bool = quiet(False)
    padding: int = quiet(0, least=0)
    activation: str = activation_option("logistic")
    batch_normalize: bool = quiet(False)

    @property
    def margin(self) -> int:
        """The cells cut off on every side: `pad` is a flag that overrides `padding`."""
        return self.size // 2 if self.pad else self.padding

    def shape(self, *inputs: Shape) -> Shape:
        x = inputs[0]
        h, w = ((n - 1) * self.stride + self.size - 2 * self.margin for n in (x.h, x.w))
        if h < 1 or w < 1:
            raise self.error(f"padding = {self.margin} leaves nothing of {x.w} x {x.h}")
        return Shape(c=self.filters, h=h, w=w)

    def module(self, *inputs: Shape) -> nn.Module:
        norm = self.reading.batch_norm(self.filters) if self.batch_normalize else None
        return Deconv(
            self.filters,  # the weights are [c, n, k, k]: a convolution's, seen from behind
            inputs[0].c,
            self.size,
            stride=(self.stride,) * 2,
            padding=(self.margin,) * 2,
            norm=norm,
            activation=self.activation,
        ).with_biases(self.filters)

    def row(self, node: Node) -> str:
        size, x, y = self.size, node.inputs[0], node.output
        return f"deconv{self.filters:5d} {size:2d} x{size:2d} /{self.stride:2d}  {x}   ->  {y}"
