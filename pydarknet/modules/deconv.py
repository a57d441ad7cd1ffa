"""The transposed convolution of [deconvolutional]."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from .onnx_writer import Value, Writer
from .ops import Conv, fold


class Deconv(Conv):
    """A transposed convolution; weights `[c, n, k, k]`.

    Darknet: src/deconvolutional_layer.c forward_deconvolutional_layer
    """

    def with_biases(self, n: int) -> Deconv:
        """Give it n biases, one per output channel."""
        self.biases = nn.Parameter(self.biases.new_empty(n))
        return self

    def linear_output(self, x: Tensor, weights: Tensor, bias: Tensor | None) -> Tensor:
        return F.conv_transpose2d(x, weights, bias, self.stride, self.padding)

    def folded_parameters(self) -> tuple[Tensor, Tensor]:
        weights, biases = fold(self.norm, self.weights.transpose(0, 1), self.biases)
        return weights.transpose(0, 1), biases

    def onnx_linear(self, writer: Writer, x: Value) -> Value:
        return self.onnx_convolution(writer, x, *self.folded_parameters(), kind="ConvTranspose")
