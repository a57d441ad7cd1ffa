"""[reorg], which trades patches for channels in Darknet's own order."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..cfg.options import option, quiet
from ..modules.onnx_writer import Value, Writer
from .base import FORK, PJREDDIE, Layer, Node, Shape, section


@section("reorg")
class Reorg(Layer):
    """Trade `stride` x `stride` patches for channels, or channels for patches with `reverse`.

    Darknet: src/parser.c parse_reorg, src/reorg_layer.c
    Quirk: REORG_ORDER
    """

    live = False
    opencv = "reorg"
    lossless_in_half = True
    image = True

    stride: int = option(1, least=1)
    reverse: bool = quiet(False)
    flatten: bool = quiet(False, lineage=PJREDDIE)
    extra: int = quiet(0, lineage=PJREDDIE, least=0)

    def shape(self, *inputs: Shape) -> Shape:
        x, patch = inputs[0], self.stride**2
        if self.extra:
            return Shape(length=x.outputs + self.extra)
        if x.c < patch and not self.flatten:
            raise self.error(f"stride = {self.stride} needs {patch} channels, it gets {x.c}")
        if self.reverse:
            if x.c % patch:
                raise self.error(f"reverse needs a multiple of {patch} channels, it gets {x.c}")
            return Shape(c=x.c // patch, h=x.h * self.stride, w=x.w * self.stride)
        if x.h < self.stride or x.w < self.stride or (self.flatten and self.odd(x)):
            raise self.error(f"stride = {self.stride} does not fit into {x.w} x {x.h}")
        return Shape(c=x.c * patch, h=x.h // self.stride, w=x.w // self.stride)

    def odd(self, x: Shape) -> bool:
        """Whether the stride does not divide the map."""
        return bool(x.h % self.stride or x.w % self.stride)

    def module(self, *inputs: Shape) -> nn.Module:
        if self.extra:
            return AppendZeros(self.extra)
        if self.flatten:
            return SwapCellsAndChannels(self.stride, self.reverse)
        return DepthToSpace(self.stride) if self.reverse else DarknetReorg(self.stride)

    def row(self, node: Node) -> str:
        x, y = node.inputs[0], node.output
        if self.extra:
            return f"reorg              {x.outputs:4d}   ->  {y.outputs:4d}"
        return f"reorg              /{self.stride:2d}  {x}   ->  {y}"


@section("reorg", lineage=FORK)
class ReorgAlexeyAB(Reorg):
    """The fork's, which differs in its row."""

    def stdout_text(self) -> str:
        return "\n reorg_old \n"

    def row(self, node: Node) -> str:
        return f"reorg_old              /{self.stride:2d}  {node.inputs[0]}   ->  {node.output}"


class DarknetReorg(nn.Module):
    """[N, C, H, W] to [N, C*s*s, H/s, W/s]; see `reorg`."""

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        return reorg(x, self.stride)

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        x, s, (c, h, w) = inputs[0], self.stride, map(int, inputs[0].shape[1:])
        if c % s**2 or h % s or w % s:
            places = reorg(torch.arange(c * h * w).view(1, c, h, w), s)[0]
            flat = x.flatten().gather(1, places.flatten().tolist())
            return flat.reshape(*places.shape)
        cut = x.reshape(c // s**2, h, s, w, s).transpose(0, 3, 5, 1, 2, 4)
        return cut.reshape(c * s**2, h // s, w // s)


def reorg(x: Tensor, stride: int) -> Tensor:
    """Trade `stride` x `stride` patches for channels: [N, C, H, W] to [N, C*s*s, H/s, W/s].

    Not space-to-depth: the memory of `x` is first read as a map of C // s^2 channels and s times
    the side, and the patches are cut from that. Weights trained with Darknet depend on it.

    Darknet: src/blas.c reorg_cpu
    """
    n, c, h, w = x.shape
    patch = stride**2
    if c % patch == 0 and h % stride == 0 and w % stride == 0:
        cut = x.reshape(n, c // patch, h, stride, w, stride).permute(0, 3, 5, 1, 2, 4)
        return cut.reshape(n, c * patch, h // stride, w // stride)
    i, j = torch.arange(w, device=x.device), torch.arange(h, device=x.device)[:, None]
    k = torch.arange(c, device=x.device)[:, None, None]
    shift, channel = k // (c // patch), k % (c // patch)
    row = j * stride + shift // stride + h * stride * channel
    source = (i * stride + shift % stride + w * stride * row).flatten()
    size = (c * patch, h // stride, w // stride)
    return x.flatten(1)[:, source[: size[0] * size[1] * size[2]]].view(n, *size)


class DepthToSpace(nn.Module):
    """[N, C, H, W] to [N, C/s/s, H*s, W*s], the offset in the patch counted before the channel."""

    def __init__(self, stride: int) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        s, (n, c, h, w) = self.stride, x.shape
        patches = x.reshape(n, s, s, c // s**2, h, w).permute(0, 3, 4, 1, 5, 2)
        return patches.reshape(n, c // s**2, h * s, w * s)

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        x, s, (c, h, w) = inputs[0], self.stride, map(int, inputs[0].shape[1:])
        patches = x.reshape(s, s, c // s**2, h, w).transpose(0, 3, 4, 1, 5, 2)
        return patches.reshape(c // s**2, h * s, w * s)


class SwapCellsAndChannels(nn.Module):
    """The original's `flatten`: memory (c, h*w) becomes (h*w, c), or the reverse."""

    def __init__(self, stride: int, reverse: bool) -> None:
        super().__init__()
        self.stride, self.reverse = stride, reverse

    def forward(self, x: Tensor) -> Tensor:
        s, (n, c, h, w) = self.stride, x.shape
        if self.reverse:
            swapped, size = x.reshape(n, h * w, c), (c // s**2, h * s, w * s)
        else:
            swapped, size = x.reshape(n, c, h * w), (c * s**2, h // s, w // s)
        return swapped.transpose(1, 2).reshape(n, *size)

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        x, s, (c, h, w) = inputs[0], self.stride, map(int, inputs[0].shape[1:])
        if self.reverse:
            return x.reshape(h * w, c).transpose(0, 2, 1).reshape(c // s**2, h * s, w * s)
        return x.reshape(c, h * w).transpose(0, 2, 1).reshape(c * s**2, h // s, w // s)


class AppendZeros(nn.Module):
    """The original's `extra`: the flat input, then `extra` zeros."""

    def __init__(self, extra: int) -> None:
        super().__init__()
        self.extra = extra

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.pad(x.flatten(1), (0, self.extra))

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        return inputs[0].flatten().pad((0, self.extra))
