"""The primitive modules of layers. Code that rewrites a network knows only these."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn

from .activations import REGISTRY, activation, overwriting
from .batch_norm import BatchNorm
from .onnx_writer import Value, Writer
from .output_deltas import OUTPUT_DELTAS, from_output
from .parameters import DARKNET, Parametric, Start, WeightArray, array, constant, under


class Identity(nn.Identity):
    """The input itself."""

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        return inputs[0]


class Activate(nn.Module):
    """An activation by Darknet's name; with `overwrite` it may compute in place."""

    processor = "gpu"  # whose deltas it has in training: those of the C's "gpu" or "cpu" code

    def __init__(self, word: str, *, overwrite: bool = False) -> None:
        super().__init__()
        self.word = word
        self.function: Callable[[Tensor], Tensor] = (overwriting if overwrite else activation)(word)

    def forward(self, x: Tensor) -> Tensor:
        delta_of = OUTPUT_DELTAS[self.processor].get(self.word) if self.training else None
        return from_output(x, activation(self.word), delta_of) if delta_of else self.function(x)

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        return REGISTRY[self.word].onnx(inputs[0])

    def extra_repr(self) -> str:
        return self.word


class Conv(Parametric):
    """Convolution, then batch norm or bias, then activation; weights `[n, c / groups, k, k]`.

    `stride`, `padding` and `dilation` are (vertical, horizontal). `uniform` is the
    distribution of the lineage's initial weights.

    Darknet: src/convolutional_layer.c forward_convolutional_layer
    """

    def __init__(
        self,
        c: int,
        n: int,
        size: int,
        *,
        stride: tuple[int, int] = (1, 1),
        padding: tuple[int, int] = (0, 0),
        dilation: int = 1,
        groups: int = 1,
        norm: BatchNorm | None = None,
        activation: str = "linear",
        uniform: bool = False,
        blur: Blur | None = None,
        start: Start = DARKNET,
    ) -> None:
        super().__init__()
        self.stride, self.padding, self.dilation, self.groups = stride, padding, dilation, groups
        self.uniform, self.start = uniform, start
        self.weights = nn.Parameter(array(n, c // groups, size, size))
        self.biases = nn.Parameter(array(n))
        self.norm = norm
        self.activate = Activate(activation, overwrite=True)
        self.blur = blur
        # Training may replace both by faster ones, which keep less.
        self.convolve: Callable[..., Tensor] = F.conv2d
        self.finish: Callable[[Conv, Tensor], Tensor] = normalise_and_activate

    def fill(self, name: str, tensor: Tensor, generator: Generator | None) -> None:
        if name == "weights":
            self.start.fill_weights(tensor, tensor[0].numel(), self.uniform, generator)
        else:
            tensor.fill_(self.start.bias)

    def weight_arrays(self) -> tuple[WeightArray, ...]:
        norm = under("norm", self.norm.weight_arrays()) if self.norm else ()
        return WeightArray("biases"), *norm, WeightArray("weights")

    def forward(self, x: Tensor) -> Tensor:
        y = self.finish(self, self.linear_output(x, self.weights, self.bias))
        return self.blur(y) if self.blur else y

    @property
    def bias(self) -> Tensor | None:
        """The bias that the convolution adds; None if a batch norm follows."""
        return None if self.norm else self.biases

    def linear_output(self, x: Tensor, weights: Tensor, bias: Tensor | None) -> Tensor:
        """Return the convolution without batch norm and activation."""
        way = (self.stride, self.padding, self.dilation, self.groups)
        return self.convolve(x, weights, bias, *way)

    def normalise(self, x: Tensor) -> Tensor:
        """Return x after batch norm, if there is one."""
        return self.norm(x, self.biases) if self.norm else x

    def folded_parameters(self) -> tuple[Tensor, Tensor]:
        """Return weights and biases with the batch norm folded in.

        Darknet: src/network.c fuse_conv_batchnorm (AlexeyAB)
        """
        return fold(self.norm, self.weights, self.biases)

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        y = self.activate.onnx(writer, self.onnx_linear(writer, inputs[0]))
        return self.blur.onnx(writer, y) if self.blur else y

    def onnx_linear(self, writer: Writer, x: Value) -> Value:
        """Write the convolution with the batch norm in it, without activation."""
        return self.onnx_convolution(writer, x, *self.folded_parameters())

    def onnx_convolution(
        self,
        writer: Writer,
        x: Value,
        weights: Tensor,
        biases: Tensor,
        *,
        kind: str = "Conv",
        pad: bool = True,
    ) -> Value:
        """Write a convolution of this geometry; without `pad`, x has its margins."""
        return x.op(
            kind,
            writer.constant(weights, "weights"),
            writer.constant(biases, "biases"),
            kernel_shape=weights.shape[2:],
            strides=self.stride,
            pads=self.padding * 2 if pad else (0, 0, 0, 0),
            dilations=(self.dilation,) * 2,
            group=self.groups,
        )

    def extra_repr(self) -> str:
        return f"{tuple(self.weights.shape)}, stride={self.stride}, padding={self.padding}"


def normalise_and_activate(conv: Conv, x: Tensor) -> Tensor:
    """Return the output of a convolution after its batch norm, if it has one, and activation."""
    return conv.activate(conv.normalise(x))


class Connected(Parametric):
    """A fully connected layer over the flat input: [N, ...] to [N, n, 1, 1]; weights `[n, inputs]`.

    Darknet: src/connected_layer.c forward_connected_layer
    """

    def __init__(
        self,
        inputs: int,
        n: int,
        *,
        norm: BatchNorm | None = None,
        activation: str = "linear",
        start: Start = DARKNET,
    ) -> None:
        super().__init__()
        self.start = start
        self.weights = nn.Parameter(array(n, inputs))
        self.biases = nn.Parameter(array(n))
        self.norm = norm
        self.activate = Activate(activation, overwrite=True)

    def fill(self, name: str, tensor: Tensor, generator: Generator | None) -> None:
        if name == "weights":
            self.start.fill_weights(tensor, tensor.shape[1], True, generator)
        else:
            tensor.fill_(self.start.bias)

    def weight_arrays(self) -> tuple[WeightArray, ...]:
        """Return biases, weights, batch norm, in an order unlike a convolution's.

        Quirk: CONNECTED_ORDER
        """
        norm = under("norm", self.norm.weight_arrays()) if self.norm else ()
        return WeightArray("biases"), WeightArray("weights", transposed=None), *norm

    def forward(self, x: Tensor) -> Tensor:
        if self.norm is None:
            y = F.linear(x.flatten(1), self.weights, self.biases)
        else:
            y = self.norm(F.linear(x.flatten(1), self.weights), self.biases)
        return self.activate(y[..., None, None])

    def folded_parameters(self) -> tuple[Tensor, Tensor]:
        """Return weights and biases with the batch norm folded in."""
        return fold(self.norm, self.weights, self.biases)

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        weights, biases = self.folded_parameters()
        given = writer.constant(weights, "weights"), writer.constant(biases, "biases")
        y = inputs[0].flatten().op("Gemm", *given, transB=1)
        return self.activate.onnx(writer, y.reshape(len(biases), 1, 1))


def fold(norm: BatchNorm | None, weights: Tensor, biases: Tensor) -> tuple[Tensor, Tensor]:
    """Return weights [n, ...] and biases [n] with the batch norm that follows them folded in."""
    if norm is None:
        return weights, biases
    scale = norm.scales / norm.divisor()
    return weights * scale.view(-1, *(1,) * (weights.dim() - 1)), biases - norm.rolling_mean * scale


def matrices(parts: nn.ModuleDict) -> dict[str, Connected]:
    """Return the fully connected parts of a module, by their names in C."""
    return {name: part for name, part in parts.items() if isinstance(part, Connected)}


class Blur(nn.Module):
    """A fixed low-pass filter per channel, with the stride of the layer before it.

    Darknet: src/convolutional_layer.c make_convolutional_layer (antialiasing)
    Quirk: ANTIALIASING
    """

    def __init__(self, size: int, stride: tuple[int, int]) -> None:
        super().__init__()
        self.size, self.stride, self.padding = size, stride, (size - 1) // 2

    def forward(self, x: Tensor) -> Tensor:
        line = constant((0.25, 0.5, 0.25) if self.size == 3 else (0.5, 0.5), x)
        kernel = (line[:, None] * line).expand(x.shape[1], 1, -1, -1)
        return F.conv2d(x, kernel, None, self.stride, self.padding, groups=x.shape[1])

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        x, line = inputs[0], torch.tensor((0.25, 0.5, 0.25) if self.size == 3 else (0.5, 0.5))
        channels = int(x.shape[1])
        kernel = (line[:, None] * line).expand(channels, 1, -1, -1)
        return x.op(
            "Conv",
            writer.constant(kernel, "blur"),
            kernel_shape=kernel.shape[2:],
            strides=self.stride,
            pads=(self.padding,) * 4,
            group=channels,
        )

    def shape(self, h: int, w: int) -> tuple[int, int]:
        """Return the size of the blurred map."""
        margin = 2 * self.padding - self.size
        return (h + margin) // self.stride[0] + 1, (w + margin) // self.stride[1] + 1


class Window(NamedTuple):
    """The geometry of pooling windows; `padding` is that of both sides, the smaller half first.

    Darknet: src/maxpool_layer.c make_maxpool_layer
    """

    size: int
    stride: tuple[int, int]
    padding: int

    def shape(self, h: int, w: int) -> tuple[int, int]:
        """Return the number of windows down and across."""
        vertical, horizontal = self.stride
        room = self.padding - self.size
        return (h + room) // vertical + 1, (w + room) // horizontal + 1

    def sides(self, h: int, w: int) -> tuple[int, int, int, int]:
        """Return the padding left, right, top and bottom with which the last window fits."""
        before = self.padding // 2
        down, across = self.shape(h, w)
        bottom = (down - 1) * self.stride[0] + self.size - h - before
        right = (across - 1) * self.stride[1] + self.size - w - before
        return before, right, before, bottom

    def pad(self, x: Tensor, value: float) -> Tensor:
        """Return x padded with `value`, and cropped where no window reaches."""
        left, right, top, bottom = self.sides(*x.shape[2:])
        larger = F.pad(x, (left, max(right, 0), top, max(bottom, 0)), value=value)
        return larger[:, :, : x.shape[2] + top + bottom, : x.shape[3] + left + right]

    def onnx_pad(self, x: Value, value: float) -> Value:
        """Write x padded with `value`, and cropped where no window reaches."""
        high, wide = int(x.shape[2]), int(x.shape[3])
        left, right, top, bottom = self.sides(high, wide)
        larger = x.pad((top, max(bottom, 0)), (left, max(right, 0)), value=value)
        return larger.take(2, 0, high + top + bottom).take(3, 0, wide + left + right)
