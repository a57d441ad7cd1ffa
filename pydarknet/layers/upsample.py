"""[upsample] repeats every cell; with a negative stride it sums blocks of cells."""

from __future__ import annotations

import numpy as np
from torch import Tensor, nn
from torch.nn import functional as F

from ..cfg.options import option, quiet
from ..modules.onnx_writer import Value, Writer
from .base import FORK, Layer, Node, Shape, section


@section("upsample")
class Upsample(Layer):
    """Repeat each cell `stride` times down and across, times `scale`.

    Darknet: src/parser.c parse_upsample, src/upsample_layer.c
    Quirk: DOWNSAMPLE_SUMS
    """

    opencv = "upsample"
    lossless_in_half = True
    image = True

    stride: int = option(2)
    scale: float = quiet(1.0)

    def check(self) -> None:
        if not self.stride:
            raise self.error("stride = 0: expected a factor, negative to make the map smaller")

    def shape(self, *inputs: Shape) -> Shape:
        x = inputs[0]
        if self.stride > 0:
            return Shape(c=x.c, h=x.h * self.stride, w=x.w * self.stride)
        if x.h % self.stride or x.w % self.stride:
            raise self.error(f"stride = {self.stride} must divide {x.w} x {x.h}")
        return Shape(c=x.c, h=x.h // -self.stride, w=x.w // -self.stride)

    def module(self, *inputs: Shape) -> nn.Module:
        if self.stride > 0:
            return Repeat(self.stride, self.scale)
        return SumBlocks(-self.stride, self.scale)

    def row(self, node: Node) -> str:
        word = f"upsample           {self.stride:2d}x"
        if self.stride < 0:
            word = f"downsample         {-self.stride:2d}x"
        return f"{word}  {node.inputs[0]}   ->  {node.output}"


@section("upsample", lineage=FORK)
class UpsampleAlexeyAB(Upsample):
    """The fork's, which differs in its row."""

    def row(self, node: Node) -> str:
        word = f"upsample                {self.stride:2d}x"
        if self.stride < 0:
            word = f"downsample              {-self.stride:2d}x"
        return f"{word}  {node.inputs[0]} -> {node.output}"


class Repeat(nn.Module):
    """Nearest-neighbour enlargement."""

    def __init__(self, stride: int, scale: float) -> None:
        super().__init__()
        self.stride, self.scale = stride, scale

    def forward(self, x: Tensor) -> Tensor:
        larger = F.interpolate(x, scale_factor=float(self.stride), mode="nearest")
        return larger if self.scale == 1 else larger * self.scale

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        x, scales = inputs[0], np.array([1, 1, self.stride, self.stride], np.float32)
        region = None if writer.opset >= 13 else writer.single(np.zeros(0, np.float32))
        larger = writer.op(
            "Resize",
            x,
            region,
            writer.single(scales),
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )
        return larger if self.scale == 1 else larger * self.scale


class SumBlocks(nn.Module):
    """The sum of every stride x stride block."""

    def __init__(self, stride: int, scale: float) -> None:
        super().__init__()
        self.stride, self.scale = stride, scale

    def forward(self, x: Tensor) -> Tensor:
        return F.avg_pool2d(x, self.stride) * (self.stride**2 * self.scale)

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        size = (self.stride,) * 2
        means = inputs[0].op("AveragePool", kernel_shape=size, strides=size)
        return means * (self.stride**2 * self.scale)
