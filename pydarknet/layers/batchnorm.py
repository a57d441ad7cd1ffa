"""[batchnorm], batch normalisation as a layer."""

from __future__ import annotations

import torch
from torch import Generator, Tensor, nn

from ..modules.batch_norm import BatchNorm
from ..modules.onnx_writer import Value, Writer
from ..modules.ops import fold
from ..modules.parameters import Parametric, WeightArray, array, under
from .base import FORK, Layer, Node, Shape, section


@section("batchnorm")
class Batchnorm(Layer):
    """Normalise each channel.

    Darknet: src/parser.c parse_batchnorm, src/batchnorm_layer.c
    Quirk: BATCHNORM_WITHOUT_BIASES
    Quirk: BATCHNORM_UNLEARNED
    """

    live = False
    image = True
    frozen = True

    def module(self, *inputs: Shape) -> nn.Module:
        return Normalise(self.reading.batch_norm(inputs[0].c), inputs[0].c)

    def weight_arrays(self, module: nn.Module) -> tuple[WeightArray, ...]:
        assert isinstance(module, Normalise)
        return module.weight_arrays()[1:]

    def row(self, node: Node) -> str:
        x = node.inputs[0]
        return f"Batch Normalization Layer: {x.w} x {x.h} x {x.c} image"


@section("batchnorm", lineage=FORK)
class BatchnormAlexeyAB(Batchnorm):
    """The fork's: the weights file has its biases, before the rest."""

    frozen = False

    def weight_arrays(self, module: nn.Module) -> tuple[WeightArray, ...]:
        assert isinstance(module, Normalise)
        return module.weight_arrays()


class Normalise(Parametric):
    """Batch norm with its biases."""

    def __init__(self, norm: BatchNorm, n: int) -> None:
        super().__init__()
        self.biases = nn.Parameter(array(n))
        self.norm = norm

    def fill(self, name: str, tensor: Tensor, generator: Generator | None) -> None:
        tensor.zero_()

    def weight_arrays(self) -> tuple[WeightArray, ...]:
        return WeightArray("biases"), *under("norm", self.norm.weight_arrays())

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x, self.biases)

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        folded = fold(self.norm, torch.ones_like(self.biases), self.biases)
        factor, term = (writer.constant(values[:, None, None]) for values in folded)
        return inputs[0] * factor + term
