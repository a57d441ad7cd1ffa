"""[softmax], probabilities of classes, flat or down a tree."""

from __future__ import annotations

from functools import cached_property

import torch
from torch import Tensor, nn

from ..cfg.options import quiet
from ..modules.hierarchy import Hierarchy
from ..modules.onnx_writer import Value, Writer, onnx_softmax
from ..system.text import count_of
from .base import Layer, Node, Shape, section


@section("softmax", "soft")
class Softmax(Layer):
    """Softmax of `groups` equal parts, or of each group of a tree.

    Darknet: src/parser.c parse_softmax, src/softmax_layer.c
    """

    opencv = "softmax"
    head = True

    groups: int = quiet(1, least=1)
    temperature: float = quiet(1.0)
    tree: str | None = quiet(None)
    spatial: float = quiet(0.0)
    noloss: bool = quiet(False)
    label_smooth_eps: float = quiet(0.0, least=0, most=1, live=False)

    def check(self) -> None:
        if not self.temperature:
            raise self.error("temperature = 0: expected a number other than 0")

    @cached_property
    def hierarchy(self) -> Hierarchy | None:
        """The tree of the classes, if the section names one."""
        return Hierarchy.read(self.tree, self.section) if self.tree else None

    def shape(self, *inputs: Shape) -> Shape:
        n = inputs[0].outputs
        if n % self.groups:
            raise self.error(f"groups = {self.groups} must divide {count_of(n, 'input')}")
        if self.hierarchy and len(self.hierarchy.parents) != n:
            have = count_of(len(self.hierarchy.parents), "class", "classes")
            raise self.error(f"tree has {have}: expected {n}")
        return Shape(length=n)

    def sizes(self, n: int) -> tuple[int, ...]:
        """Return the sizes of the groups of `n` outputs, each of which adds up to 1."""
        return self.hierarchy.sizes if self.hierarchy else (n // self.groups,) * self.groups

    def module(self, *inputs: Shape) -> nn.Module:
        return GroupSoftmax(self.sizes(inputs[0].outputs), self.temperature)

    def temper(self, module: nn.Module, temperature: float) -> None:
        assert isinstance(module, GroupSoftmax)
        module.temperature = temperature

    def row(self, node: Node) -> str:
        return f"softmax                                        {node.output.outputs:4d}"


class GroupSoftmax(nn.Module):
    """Softmax over consecutive groups of the flat input, whose sizes are given.

    Darknet: src/blas.c softmax_cpu
    """

    def __init__(self, sizes: tuple[int, ...], temperature: float) -> None:
        super().__init__()
        self.sizes, self.temperature = sizes, temperature

    def forward(self, x: Tensor) -> Tensor:
        flat = x.flatten(1) / self.temperature
        if len(set(self.sizes)) == 1:
            return torch.softmax(flat.unflatten(1, (-1, self.sizes[0])), 2).flatten(1)
        return torch.cat([torch.softmax(part, 1) for part in flat.split(self.sizes, 1)], 1)

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        flat = inputs[0].flatten()
        flat = flat if self.temperature == 1 else flat / self.temperature
        return onnx_softmax(flat, self.sizes, 1)
