"""[convolutional], with batch norm or bias, groups, dilation, binary weights and sharing."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..cfg.options import option, quiet
from ..modules.onnx_writer import Value, Writer
from ..modules.ops import Activate, Conv, fold
from ..modules.parameters import WeightArray
from ..system.limits import MOST_STRIDE
from ..system.text import count_of
from .antialiasing import Blurred
from .base import FORK, Editable, Layer, Node, Shape, activation_option, section
from .rows import conv_row, fork_conv_row
from .start import Started


@section("convolutional", "conv")
class Convolutional(Started, Layer):
    """Convolve, apply batch norm or add a bias, and activate.

    Darknet: src/parser.c parse_convolutional, src/convolutional_layer.c
    Quirk: STRIDED_POINTWISE
    """

    opencv = "conv"
    image = True
    numload_counts_filters = True
    averaged = True
    uniform = False  # the distribution of the first weights

    filters: int = option(1, least=1)
    size: int = option(1, least=1)
    stride: int = option(1, least=1, most=MOST_STRIDE)
    pad: bool = quiet(False)
    padding: int = quiet(0, least=0)
    groups: int = quiet(1, least=0)
    activation: str = activation_option("logistic")
    batch_normalize: bool = quiet(False)
    binary: bool = quiet(False)
    xnor: bool = quiet(False)
    flipped: bool = quiet(False)
    dot: float = quiet(0.0)

    @property
    def strides(self) -> tuple[int, int]:
        """The vertical and horizontal stride."""
        return self.stride, self.stride

    @property
    def margin(self) -> int:
        """The padding on every side: `pad` is a flag that overrides `padding`.

        Quirk: PAD_IS_A_FLAG
        """
        return self.size // 2 if self.pad else self.padding

    @property
    def parts(self) -> int:
        """The number of groups of the convolution."""
        return self.groups

    def shape(self, *inputs: Shape) -> Shape:
        x = inputs[0]
        if not self.parts or x.c % self.parts or self.filters % self.parts:
            raise self.error(
                f"groups = {self.groups} must divide the {count_of(x.c, 'channel')} it gets and"
                f" filters = {self.filters}"
            )
        h, w = (self.places(n, step) for n, step in zip((x.h, x.w), self.strides, strict=True))
        return Shape(c=self.filters, h=h, w=w)

    def places(self, n: int, stride: int) -> int:
        """Return the height or width of the output for an input of n."""
        room = n + 2 * self.margin - self.size
        if room < 0:
            raise self.error(f"size = {self.size} is larger than its padded input of {n}")
        return room // stride + 1

    def module(self, *inputs: Shape) -> Conv:
        kind = XnorConv if self.xnor else Conv
        return kind(
            inputs[0].c,
            self.filters,
            self.size,
            stride=self.strides,
            padding=(self.margin, self.margin),
            groups=self.parts,
            norm=self.reading.batch_norm(self.filters) if self.batch_normalize else None,
            activation=self.activation,
            uniform=self.uniform,
            start=self.start,
        )

    def weight_arrays(self, module: nn.Module) -> tuple[WeightArray, ...]:
        """Return the module's arrays in the order of a file.

        Quirk: FLIPPED_STAYS
        """
        assert isinstance(module, Conv)
        return tuple(
            array._replace(transposed=self.flipped) if array.path == "weights" else array
            for array in module.weight_arrays()
        )

    def editable(self, module: nn.Module) -> list[Editable]:
        assert isinstance(module, Conv)
        return [Editable(module, "Convolutional")]

    def scratch(self, node: Node) -> int:
        x = node.inputs[0]
        return x.c * (x.h + 2 * self.margin) * (x.w + 2 * self.margin) if self.margin else 0

    def operations(self, node: Node) -> int:
        x, y = node.inputs[0], node.output
        return 2 * self.filters * self.size**2 * x.c // self.parts * y.h * y.w

    def row(self, node: Node) -> str:
        x, y, operations = node.inputs[0], node.output, self.operations(node)
        return conv_row(self.filters, self.size, self.stride, x, y, operations)


@section("convolutional", "conv", lineage=FORK)
class ConvolutionalAlexeyAB(Blurred, Convolutional):
    """The fork's, with a stride per axis, dilation, antialiasing and shared weights.

    Darknet: src/parser.c parse_convolutional, src/convolutional_layer.c (AlexeyAB)
    """

    uniform = True

    groups: int = quiet(1)
    dilation: int = quiet(1, least=1, most=MOST_STRIDE)
    cbn: bool = quiet(False, trained=False)
    bin_output: bool = quiet(False)
    share_index: int | None = quiet(None)
    assisted_excitation: float = quiet(0.0, trained=False)
    sway: bool = quiet(False, trained=False)
    rotate: bool = quiet(False, trained=False)
    stretch: bool = quiet(False, trained=False)
    stretch_sway: bool = quiet(False, trained=False)
    angle: float = quiet(15.0)
    grad_centr: bool = quiet(False)
    reverse: float = quiet(0.0, trained=False)
    coordconv: bool = quiet(False, trained=False)
    stream: int = quiet(-1)
    wait_stream: int = quiet(-1)

    def check(self) -> None:
        deformed = self.sway + self.rotate + self.stretch + self.stretch_sway
        if deformed > 1 or (deformed and self.size == 1):
            raise self.error("sway, rotate, stretch, stretch_sway: expected one, and size above 1")
        if self.effective_dilation > 1 and self.margin != (self.size - 1) / 2:
            raise self.error(
                f"dilation = {self.dilation} with size {self.size} and padding {self.margin}:"
                " expected an odd size and pad=1"
            )

    @property
    def parts(self) -> int:
        return 1 if self.xnor else max(self.groups, 1)

    @property
    def effective_dilation(self) -> int:
        """The dilation; 1 for a 1 x 1 kernel."""
        return self.dilation if self.size > 1 else 1

    def borrows(self) -> int | None:
        return self.share_index

    def module(self, *inputs: Shape) -> Conv:
        kind = FusedXnorConv if self.xnor else Conv
        return kind(
            inputs[0].c,
            self.filters,
            self.size,
            stride=self.strides,
            padding=(self.margin * self.effective_dilation,) * 2,
            dilation=self.effective_dilation,
            groups=self.parts,
            norm=self.reading.batch_norm(self.filters) if self.normalised else None,
            activation=self.activation,
            uniform=self.uniform,
            start=self.start,
            blur=self.blur,
        )

    def build(self, node: Node, readers: tuple[Layer, ...]) -> nn.Module:
        """Drop the activation of a layer whose output is kept as bits.

        Darknet: src/network.c fuse_conv_batchnorm, calculate_binary_weights (AlexeyAB)
        Quirk: BIN_OUTPUT
        """
        bits = self.xnor and self.bin_output and not any(reader.merges for reader in readers)
        module = self.module(*node.inputs)
        if bits:
            module.activate = Activate("linear")
        return module

    @property
    def normalised(self) -> bool:
        """Whether batch norm follows; `cbn` implies it."""
        return self.batch_normalize or self.cbn

    def weight_arrays(self, module: nn.Module) -> tuple[WeightArray, ...]:
        return () if self.share_index is not None else super().weight_arrays(module)

    def work(self, node: Node) -> float:
        bits = 32 if self.xnor else 1  # bits per operation
        x, y = node.inputs[0], self.sharp(*node.inputs)
        return 2 * self.size**2 * x.c / self.parts * y.outputs / bits

    def row(self, node: Node) -> str:
        row = fork_conv_row(
            self.tag,
            self.filters,
            self.size,
            self.strides,
            node.inputs[0],
            self.sharp(*node.inputs),
            self.work(node),
            groups=self.parts,
            dilation=self.effective_dilation,
        )
        return row + self.blurred_row(node)

    @property
    def tag(self) -> str:
        """The word the row begins with."""
        if self.xnor:
            return "convXB" if self.bin_output else "convX "
        if self.share_index is not None:
            return "convS "
        return "convAE" if self.assisted_excitation else "conv  "


def sign(x: Tensor) -> Tensor:
    """Return 1 where x is above zero, else -1."""
    return torch.where(x > 0, 1.0, -1.0).to(x.dtype)


def onnx_sign(x: Value) -> Value:
    """Write the same."""
    one, other = (x.writer.constant(number) for number in (1.0, -1.0))
    return x.with_number("Greater", 0.0).op("Where", one, other)


def binary(weights: Tensor) -> Tensor:
    """Return the signs of each filter's weights, times their mean magnitude.

    Darknet: src/convolutional_layer.c binarize_weights
    """
    return weights.abs().mean((1, 2, 3), keepdim=True) * sign(weights)


class XnorConv(Conv):
    """Signs of the input with signs of the weights, scaled per filter; padding counts as 0.

    Darknet: src/convolutional_layer.c forward_convolutional_layer
    """

    def linear_output(self, x: Tensor, weights: Tensor, bias: Tensor | None) -> Tensor:
        return super().linear_output(sign(x), binary(weights), bias)

    def folded_parameters(self) -> tuple[Tensor, Tensor]:
        return fold(self.norm, binary(self.weights), self.biases)

    def onnx_linear(self, writer: Writer, x: Value) -> Value:
        return super().onnx_linear(writer, onnx_sign(x))


class FusedXnorConv(Conv):
    """The fork's: batch norm is folded into the weights before they are reduced to signs.

    Darknet: src/network.c fuse_conv_batchnorm, calculate_binary_weights (AlexeyAB)
    Quirk: XNOR_PADDING
    """

    def forward(self, x: Tensor) -> Tensor:
        weights, biases = self.folded_parameters()
        vertical, horizontal = self.padding
        signs = F.pad(sign(x), (horizontal, horizontal, vertical, vertical), value=-1.0)
        y = self.activate(F.conv2d(signs, binary(weights), biases, self.stride, 0, self.dilation))
        return self.blur(y) if self.blur else y

    def onnx_linear(self, writer: Writer, x: Value) -> Value:
        weights, biases = self.folded_parameters()
        signs = onnx_sign(x.pad(*((side, side) for side in self.padding)))  # of 0 it is -1
        return self.onnx_convolution(writer, signs, binary(weights), biases, pad=False)
