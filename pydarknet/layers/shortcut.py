"""[shortcut], the residual connection."""

from __future__ import annotations

import torch
from torch import Generator, Tensor, nn

from ..cfg.options import option, quiet
from ..errors import UnlikeSizes
from ..modules.onnx_writer import Value, Writer
from ..modules.ops import Activate
from ..modules.parameters import Parametric, array
from .base import FORK, PREVIOUS, Layer, Node, Shape, activation_option, section
from .rows import BILLION


def strides(x: Shape, skip: Shape) -> tuple[int, int]:
    """Return the strides with which `skip` and `x` are read so that their sizes agree."""
    return max(skip.w // x.w, 1), max(x.w // skip.w, 1)


def check_sizes(layer: Layer, inputs: tuple[Shape, ...]) -> None:
    """Raise an error for maps whose widths and heights have different ratios."""
    x = inputs[0]
    for skip in inputs[1:]:
        if not (x.image and skip.image):
            raise layer.error("adds images: expected channels, height and width on both sides")
        shrink, grow = strides(x, skip)
        if (shrink, grow) != (max(skip.h // x.h, 1), max(x.h // skip.h, 1)):
            raise UnlikeSizes.of(
                layer.error(f"cannot add {skip.w} x {skip.h} to {x.w} x {x.h}: expected one ratio")
            )


@section("shortcut")
class Shortcut(Layer):
    """Add the output of layer `from` to the previous layer's, where the two overlap.

    Darknet: src/parser.c parse_shortcut, src/shortcut_layer.c, src/blas.c shortcut_cpu
    Quirk: SHORTCUT_OVERLAP
    """

    opencv = "shortcut"
    lossless_in_half = True
    merges = True

    source: int = option(key="from")
    activation: str = activation_option("linear")
    alpha: float = quiet(1.0)
    beta: float = quiet(1.0)

    def sources(self) -> tuple[int, ...]:
        return PREVIOUS, self.source

    def shape(self, *inputs: Shape) -> Shape:
        check_sizes(self, inputs)
        return inputs[0]

    def module(self, *inputs: Shape) -> nn.Module:
        return Add(self.activation, self.alpha, self.beta)

    def row(self, node: Node) -> str:
        x, skip = node.inputs
        return f"res  {node.sources[1]:3d}                {skip}   ->  {x}"


@section("shortcut", lineage=FORK)
class ShortcutAlexeyAB(Layer):
    """The fork's: add several layers, weighted or not.

    It refuses maps of different sizes; we add them as the original does.

    Darknet: src/parser.c parse_shortcut, src/shortcut_layer.c (AlexeyAB)
    """

    opencv = "shortcut"
    lossless_in_half = True
    merges = True
    kinds = {"none": 0, "per_layer": 1, "per_feature": 1, "per_channel": 2}
    norms = {"none": 0, "relu": 1, "avg_relu": 1, "softmax": 2}

    source: tuple[int, ...] = option(key="from")
    activation: str = activation_option("linear")
    weights_type: str = quiet(
        "none", choices=kinds, otherwise="none", live_words={"per_layer": "per_feature"}
    )
    weights_normalization: str = quiet("none", choices=norms, otherwise="none")

    def check(self) -> None:
        if self.weight_kind and not self.norms[self.weights_normalization]:
            raise self.error("weights_normalization = none: expected relu or softmax with weights")

    @property
    def weight_kind(self) -> int:
        """0 without weights, 1 with one per source, 2 with one per source and channel."""
        return self.kinds[self.weights_type]

    def sources(self) -> tuple[int, ...]:
        return PREVIOUS, *self.source

    def shape(self, *inputs: Shape) -> Shape:
        check_sizes(self, inputs)
        return inputs[0]

    def module(self, *inputs: Shape) -> nn.Module:
        if not self.weight_kind:
            return Add(self.activation)
        columns = inputs[0].c if self.weight_kind == 2 else 1
        softmax = self.weights_normalization == "softmax"
        return WeightedAdd(len(inputs), columns, softmax, self.activation, self.reading.processor)

    def work(self, node: Node) -> float:
        return node.output.outputs * len(self.source)

    def row(self, node: Node) -> str:
        listed = "".join(f"{source}, " for source in node.sources[1:])
        norm = self.norms[self.weights_normalization]
        row = (
            f"Shortcut Layer: {listed} wt = {self.weight_kind}, wn = {norm},"
            f" outputs:{node.output} {self.work(node) / BILLION:5.3f} BF"
        )
        x = node.inputs[0]
        unlike = [f"\n ({x}) + ({skip}) " for skip in node.inputs[1:] if skip != x]
        return row + "".join(unlike)


class Add(nn.Module):
    """`alpha * x + beta * skip` where the two overlap, and `x` elsewhere."""

    def __init__(self, activation: str, alpha: float = 1.0, beta: float = 1.0) -> None:
        super().__init__()
        self.alpha, self.beta = alpha, beta
        self.activate = Activate(activation)

    def forward(self, x: Tensor, *skips: Tensor) -> Tensor:
        for skip in skips:
            x = self.add_source(x, skip)
        return self.activate(x)

    def add_source(self, x: Tensor, skip: Tensor) -> Tensor:
        """Return x with one more source."""
        if x.shape == skip.shape:
            scaled = x if self.alpha == 1 else x * self.alpha
            return torch.add(scaled, skip, alpha=self.beta)
        shared, part = overlap(x, skip)
        out = x.clone()
        overlap(out, skip)[0].copy_(shared * self.alpha + part * self.beta)
        return out

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        x, skips = inputs[0], inputs[1:]
        for skip in skips:
            if self.alpha != 1:
                x = x * writer.constant(alpha_where_added(x, skip, self.alpha))
            part = onnx_overlap(x, skip)
            x = x + (part if self.beta == 1 else part * self.beta)
        return self.activate.onnx(writer, x)


def overlap(x: Tensor, skip: Tensor) -> tuple[Tensor, Tensor]:
    """Return the views of x and of skip that are added: every n-th cell of the larger map."""
    c, shrink, spread = (
        min(x.shape[1], skip.shape[1]),
        max(skip.shape[3] // x.shape[3], 1),
        max(x.shape[3] // skip.shape[3], 1),
    )
    h, w = (min(a, b) for a, b in zip(x.shape[2:], skip.shape[2:], strict=True))
    cells = (slice(0, h * spread, spread), slice(0, w * spread, spread))
    taken = (slice(0, h * shrink, shrink), slice(0, w * shrink, shrink))
    return x[:, :c, cells[0], cells[1]], skip[:, :c, taken[0], taken[1]]


def alpha_where_added(x: Value, skip: Value, alpha: float) -> Tensor:
    """Return what x is multiplied by: alpha where skip is added, else 1; [1, C, H, W]."""
    factor = torch.ones(1, *map(int, x.shape[1:]))
    overlap(factor, torch.empty(1, *map(int, skip.shape[1:])))[0].fill_(alpha)
    return factor


def onnx_overlap(x: Value, skip: Value) -> Value:
    """Write skip in the size of x: every n-th cell, or zeros between its cells, cut or padded."""
    if x.shape == skip.shape:
        return skip
    (c, h, w), (deep, high, wide) = map(int, x.shape[1:]), map(int, skip.shape[1:])
    shrink, spread = max(wide // w, 1), max(w // wide, 1)
    rows, columns, c_both = min(h, high), min(w, wide), min(c, deep)
    part = skip.take(1, 0, c_both)
    part = part.take(2, 0, min(rows * shrink, high), shrink)
    part = part.take(3, 0, min(columns * shrink, wide), shrink)
    if spread > 1:
        part = onnx_spread(part, spread)
    part = part.take(2, 0, min(h, int(part.shape[2]))).take(3, 0, min(w, int(part.shape[3])))
    lacks = (n - int(m) for n, m in zip((c, h, w), part.shape[1:], strict=True))
    return part.pad(*((0, n) for n in lacks))


def onnx_spread(x: Value, spread: int) -> Value:
    """Write a map with zeros between its cells, first to the right and then below.

    Its values have four sizes all the way, because OpenCV 5 pads no more than five.
    """
    c, h, w = map(int, x.shape[1:])
    wide = x.reshape(c, h * w, 1).pad((0, spread - 1)).reshape(c, h, w * spread)
    return wide.pad((0, w * spread * (spread - 1))).reshape(c, h * spread, w * spread)


class WeightedAdd(Parametric):
    """The sources times normalised weights `[sources, channels or 1]`; row 0 is the previous layer.

    As on the C's GPU, an update is clipped and nothing decays; with the `processor` "cpu" the
    weights decay instead.

    Darknet: src/blas_kernels.cu shortcut_multilayer_kernel, src/blas.c shortcut_multilayer_cpu,
    src/shortcut_layer.c update_shortcut_layer_gpu, update_shortcut_layer (AlexeyAB)
    Quirk: FUSED_SHORTCUT_WEIGHTS
    """

    def __init__(
        self, sources: int, columns: int, softmax: bool, activation: str, processor: str = "gpu"
    ) -> None:
        super().__init__()
        self.softmax, self.on_cpu = softmax, processor == "cpu"
        self.decayed = ("weights",) if self.on_cpu else ()
        self.update_bound = None if self.on_cpu else 1.0
        self.weights = nn.Parameter(array(sources, columns))
        self.activate = Activate(activation)

    def fill(self, name: str, tensor: Tensor, generator: Generator | None) -> None:
        tensor.fill_(1.0)

    def normalised_weights(self) -> Tensor:
        """Return the normalised weights: each column sums to nearly one."""
        if self.softmax:
            positive = torch.exp(self.weights - self.weights.amax(0))
        else:
            positive = self.weights.clamp(min=0.0 if self.training and self.on_cpu else 0.001)
        return positive / (0.0001 + positive.sum(0))

    def learning_weights(self) -> Tensor:
        """Return the normalised weights, with the slopes by which the C updates the weights.

        They are not those of the normalisation.

        Darknet: src/blas_kernels.cu backward_shortcut_multilayer_kernel, src/blas.c
        backward_shortcut_multilayer_cpu (AlexeyAB)
        Quirk: SHORTCUT_UPDATES
        """
        normal = self.normalised_weights().detach()
        slopes = normal * (1 - normal) if self.softmax else normal
        zeros = self.weights - self.weights.detach()
        return normal + (zeros if self.on_cpu else slopes * zeros)

    def forward(self, x: Tensor, *skips: Tensor) -> Tensor:
        weights = self.learning_weights() if self.training else self.normalised_weights()
        weights = weights[..., None, None]  # [sources, channels or 1, 1, 1]
        total = x * weights[0]
        for skip, weight in zip(skips, weights[1:], strict=True):
            shared, part = overlap(total, skip)
            shared.add_(part * weight[: part.shape[1]])
        return self.activate(total)

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        weights = self.normalised_weights()[..., None, None]
        total = inputs[0] * writer.constant(weights[0], "weights")
        for skip, weight in zip(inputs[1:], weights[1:], strict=True):
            total = total + onnx_overlap(total, skip) * writer.constant(weight, "weights")
        return self.activate.onnx(writer, total)
