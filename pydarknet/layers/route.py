"""[route], the concatenated outputs of other layers."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..cfg.options import option, quiet
from ..modules.onnx_writer import Value, Writer
from .base import FORK, Layer, Node, Shape, section


@section("route")
class Route(Layer):
    """Concatenate the outputs of `layers` along the channels.

    Darknet: src/parser.c parse_route, src/route_layer.c
    """

    opencv = "concat"
    lossless_in_half = True
    merges = True

    layers: tuple[int, ...] = option()

    def sources(self) -> tuple[int, ...]:
        return self.layers

    def shape(self, *inputs: Shape) -> Shape:
        first = inputs[0]
        if all(x.image and (x.h, x.w) == (first.h, first.w) for x in inputs):
            return Shape(c=sum(x.c for x in inputs), h=first.h, w=first.w)
        return Shape(length=sum(x.outputs for x in inputs))

    def clash(self, *inputs: Shape) -> str:
        sizes = {(x.h, x.w) for x in inputs if x.image}
        return "lie one after another" if len(sizes) > 1 else ""

    def module(self, *inputs: Shape) -> nn.Module:
        return Cat()

    def opencv_name(self, sources: int) -> str:
        return self.opencv if sources > 1 else "identity"

    def row(self, node: Node) -> str:
        return "route " + "".join(f" {source}" for source in node.sources)


@section("route", lineage=FORK)
class RouteAlexeyAB(Route):
    """The fork's, which may read only one of `groups` equal slices of each source's channels.

    Darknet: src/route_layer.c forward_route_layer (AlexeyAB)
    Quirk: ROUTE_GROUPS
    """

    groups: int = quiet(1, least=1)
    group_id: int = quiet(0, least=0)
    stream: int = quiet(-1)
    wait_stream: int = quiet(-1)

    def check(self) -> None:
        if self.group_id >= self.groups:
            raise self.error(f"group_id = {self.group_id}: expected less than groups {self.groups}")

    def shape(self, *inputs: Shape) -> Shape:
        y = super().shape(*inputs)
        if self.groups == 1:
            return y
        if not y.image or any(x.c % self.groups for x in inputs):
            raise self.error(f"groups = {self.groups} must divide the channels of every layer")
        return Shape(c=y.c // self.groups, h=y.h, w=y.w)

    def module(self, *inputs: Shape) -> nn.Module:
        return Cat() if self.groups == 1 else CatSlices(self.groups, self.group_id)

    def opencv_name(self, sources: int) -> str:
        return super().opencv_name(sources) if sources > 1 or self.groups == 1 else "slice"

    def row(self, node: Node) -> str:
        gap = {1: "\t\t" + " " * 12, 2: "\t" + " " * 12, 3: "\t" + " " * 12}
        listed = "".join(f" {source}" for source in node.sources)
        slices = f"{self.group_id}/{self.groups}" if self.groups > 1 else "   "
        room = gap.get(len(node.sources), "\t    ") + " " * 11
        return f"route {listed} {room}{slices} -> {node.output} "


class Cat(nn.Module):
    """Concatenate along the channels; if the maps differ in size, concatenate them flat."""

    def forward(self, *sources: Tensor) -> Tensor:
        if len(sources) == 1:
            return sources[0]
        if len({x.shape[2:] for x in sources}) > 1:
            sources = tuple(x.flatten(1) for x in sources)
        return torch.cat(sources, 1)

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        if len({x.shape[2:] for x in inputs}) > 1:
            inputs = tuple(x.flatten() for x in inputs)
        return writer.concat(1, *inputs)


class CatSlices(nn.Module):
    """Concatenate the `group`-th of `groups` slices of every source's channels."""

    def __init__(self, groups: int, group: int) -> None:
        super().__init__()
        self.groups, self.group = groups, group

    def forward(self, *sources: Tensor) -> Tensor:
        slices = [x.chunk(self.groups, 1)[self.group] for x in sources]
        return slices[0] if len(slices) == 1 else torch.cat(slices, 1)

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        slices = []
        for x in inputs:
            size = -(-int(x.shape[1]) // self.groups)  # as torch's chunk
            slices.append(x.take(1, size * self.group, size * (self.group + 1)))
        return writer.concat(1, *slices)
