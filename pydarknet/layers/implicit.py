"""[implicit], the fork's learned constants."""

from __future__ import annotations

from torch import Generator, Tensor, nn

from ..cfg.options import option
from ..modules.onnx_writer import Value, Writer
from ..modules.parameters import Parametric, array
from .base import FORK, Layer, Node, Shape, section


@section("implicit", lineage=FORK)
class Implicit(Layer):
    """Output learned constants, whatever the input.

    Darknet: src/parser.c parse_implicit, src/representation_layer.c (AlexeyAB)
    """

    live = False

    mean: float = option(0.0)
    std: float = option(0.2, least=0)
    filters: int = option(128, least=1)
    atoms: int = option(1, least=1)

    def shape(self, *inputs: Shape) -> Shape:
        return Shape(c=self.filters, h=self.atoms, w=1)

    def module(self, *inputs: Shape) -> nn.Module:
        return Constants(self.filters, self.atoms, self.mean, self.std)

    def row(self, node: Node) -> str:
        return (
            f"implicit Layer: {self.filters} x {self.atoms} \t"
            f" mean={self.mean:.2f}, std={self.std:.2f} "
        )


class Constants(Parametric):
    """Weights `[filters, atoms, 1]`, repeated for every sample."""

    def __init__(self, filters: int, atoms: int, mean: float, std: float) -> None:
        super().__init__()
        self.mean, self.std = mean, std
        self.weights = nn.Parameter(array(filters, atoms, 1))

    def fill(self, name: str, tensor: Tensor, generator: Generator | None) -> None:
        tensor.uniform_(-1, 1, generator=generator).mul_(self.std).add_(self.mean)

    def forward(self, x: Tensor) -> Tensor:
        return self.weights.expand(x.shape[0], -1, -1, -1)

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        return writer.repeat(self.weights[None], inputs[0], "weights")
