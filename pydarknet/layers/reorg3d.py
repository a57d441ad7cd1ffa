"""[reorg3d], the fork's plain space-to-depth."""

from __future__ import annotations

from torch import Tensor, nn

from ..cfg.options import option, quiet
from ..modules.onnx_writer import Value, Writer
from .base import FORK, Layer, Node, Shape, section


@section("reorg3d", lineage=FORK)
class Reorg3d(Layer):
    """Trade `stride` x `stride` patches for channels, with the offset before the channel.

    Darknet: src/parser.c parse_reorg, src/reorg_layer.c (AlexeyAB)
    Quirk: REORG3D_REVERSE
    """

    image = True

    stride: int = option(1, least=1)
    reverse: bool = quiet(False)

    def shape(self, *inputs: Shape) -> Shape:
        x, s = inputs[0], self.stride
        if self.reverse:
            if x.c % s**4:
                raise self.error(f"reverse needs a multiple of {s**4} channels, it gets {x.c}")
            return Shape(c=x.c // s**2, h=x.h * s, w=x.w * s)
        if x.h % s or x.w % s:
            raise self.error(f"stride = {s} must divide {x.w} x {x.h}")
        return Shape(c=x.c * s**2, h=x.h // s, w=x.w // s)

    def module(self, *inputs: Shape) -> nn.Module:
        return DepthToSpaceTwice(self.stride) if self.reverse else SpaceToDepth(self.stride)

    def row(self, node: Node) -> str:
        return f"reorg                    /{self.stride:2d} {node.inputs[0]} -> {node.output}"


class SpaceToDepth(nn.Module):
    """[N, C, H, W] to [N, s*s*C, H/s, W/s]."""

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        s, (n, c, h, w) = self.stride, x.shape
        patches = x.reshape(n, c, h // s, s, w // s, s).permute(0, 3, 5, 1, 2, 4)
        return patches.reshape(n, c * s**2, h // s, w // s)

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        x, s, (c, h, w) = inputs[0], self.stride, map(int, inputs[0].shape[1:])
        patches = x.reshape(c, h // s, s, w // s, s).transpose(0, 3, 5, 1, 2, 4)
        return patches.reshape(c * s**2, h // s, w // s)


class DepthToSpaceTwice(nn.Module):
    """The fork's `reverse`, which reads the input's memory as the larger map before it cuts.

    With k, j, i a cell of the input read as a map of c / s^2 channels and s times the side,
    it goes where [reorg] with `reverse` would put it.
    """

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        s, (n, c, h, w) = self.stride, x.shape
        deep, high, wide = c // s**2, h * s, w * s
        patches = x.reshape(n, s, s, deep // s**2, high, wide).permute(0, 3, 4, 1, 5, 2)
        return patches.reshape(n, deep, high, wide)

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        x, s, (c, h, w) = inputs[0], self.stride, map(int, inputs[0].shape[1:])
        deep, high, wide = c // s**2, h * s, w * s
        patches = x.reshape(s, s, deep // s**2, high, wide).transpose(0, 3, 4, 1, 5, 2)
        return patches.reshape(deep, high, wide)
