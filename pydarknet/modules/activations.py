"""The activation functions, by Darknet's names."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ..cfg.lineage import FORK
from .onnx_writer import Value
from .output_deltas import ON_GPU

Activation = Callable[[Tensor], Tensor]
Gradient = Callable[[Tensor, Tensor], Tensor]  # of the delta of the output, and of the input
Written = Callable[[Value], Value]  # the same as nodes of an ONNX graph


class Registered(NamedTuple):
    """An activation: its lineage, None for all, its function, and how it is written as ONNX."""

    lineage: str | None
    function: Activation
    onnx: Written


REGISTRY: dict[str, Registered] = {}
SYNONYMS: Final = {  # names of other programs, each with Darknet's
    "silu": "swish",
    "leakyrelu": "leaky",
    "leaky_relu": "leaky",
    "lrelu": "leaky",
    "sigmoid": "logistic",
    "hardtanh": "hardtan",
    "identity": "linear",
    "none": "linear",
}


def register(
    word: str, onnx: Written, *, lineage: str | None = None
) -> Callable[[Activation], Activation]:
    """Register a function, and its form in ONNX, under Darknet's name for it."""

    def enter(function: Activation) -> Activation:
        if word in REGISTRY:
            raise ValueError(f"activation {word} is registered twice")
        REGISTRY[word] = Registered(lineage, function, onnx)
        return function

    return enter


def words(lineage: str) -> tuple[str, ...]:
    """Return the names of the activations that a lineage has."""
    return tuple(word for word, form in REGISTRY.items() if form.lineage in (None, lineage))


def activation(word: str) -> Activation:
    """Return the function of a registered name."""
    return REGISTRY[word].function


def node(kind: str, **attributes: float) -> Written:
    """Return the form of an activation that is one node of ONNX."""
    return lambda x: x.op(kind, **attributes)


def overwriting(word: str) -> Activation:
    """Return the function of a registered name, in its in-place form if torch has one.

    The operation before it must not need its output for its gradient: convolutions, batch norms and
    matrix products do not.
    """
    return OVERWRITING.get(word) or activation(word)


def input_delta(word: str, delta: Tensor, x: Tensor) -> Tensor:
    """Return the delta of the input x of an activation from that of its output; x may be lost.

    Where the fork has formulas of its own, it is that of its GPU code.
    """
    if word in ON_GPU:
        return ON_GPU[word](delta, activation(word)(x))
    if word in DELTAS:
        return DELTAS[word](delta, x)
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        return torch.autograd.grad(activation(word)(x), x, delta)[0]


@register("linear", lambda x: x)
def linear(x: Tensor) -> Tensor:
    """x itself."""
    return x


@register("leaky", node("LeakyRelu", alpha=0.1))
def leaky(x: Tensor) -> Tensor:
    """x, but a tenth of it below zero."""
    return F.leaky_relu(x, 0.1)


@register("revleaky", node("LeakyRelu", alpha=0.1), lineage=FORK)
def revleaky(x: Tensor) -> Tensor:
    """The same as leaky; only the delta of the C's GPU code differs."""
    return F.leaky_relu(x, 0.1)


@register("logistic", node("Sigmoid"))
def logistic(x: Tensor) -> Tensor:
    """1 / (1 + exp(-x))."""
    return torch.sigmoid(x)


@register("loggy", lambda x: 2 * x.sigmoid() - 1)
def loggy(x: Tensor) -> Tensor:
    """2 / (1 + exp(-x)) - 1."""
    return 2 * torch.sigmoid(x) - 1


@register("relu", node("Relu"))
def relu(x: Tensor) -> Tensor:
    """x where positive, else 0."""
    return F.relu(x)


@register("relu6", lambda x: x.clip(0, 6), lineage=FORK)
def relu6(x: Tensor) -> Tensor:
    """x clamped to 0..6.

    Quirk: ZERO_ACTIVATIONS
    """
    return F.relu6(x)


@register("ramp", lambda x: x.op("Relu") + 0.1 * x)
def ramp(x: Tensor) -> Tensor:
    """Relu plus a tenth of x on both sides."""
    return F.relu(x) + 0.1 * x


@register("elu", node("Elu"))
def elu(x: Tensor) -> Tensor:
    """x where positive, else exp(x) - 1."""
    return F.elu(x)


@register("selu", node("Selu", alpha=1.6732, gamma=1.0507))
def selu(x: Tensor) -> Tensor:
    """Scaled elu, with Darknet's rounded constants."""
    return torch.where(x >= 0, 1.0507 * x, 1.0507 * 1.6732 * torch.expm1(x.clamp(max=0)))


@register("gelu", lambda x: 0.5 * x * (1 + (0.797885 * x + 0.035677 * x**3).tanh()), lineage=FORK)
def gelu(x: Tensor) -> Tensor:
    """The tanh form of gelu, with Darknet's rounded constants."""
    return 0.5 * x * (1 + torch.tanh(0.797885 * x + 0.035677 * x**3))


@register("relie", node("LeakyRelu", alpha=0.01))
def relie(x: Tensor) -> Tensor:
    """x, but a hundredth of it below zero."""
    return F.leaky_relu(x, 0.01)


@register("tanh", node("Tanh"))
def tanh(x: Tensor) -> Tensor:
    """The hyperbolic tangent."""
    return torch.tanh(x)


@register("plse", lambda x: 0.125 * (m := x.clip(-4, 4)) + 0.5 + 0.01 * (x - m))
def plse(x: Tensor) -> Tensor:
    """A logistic curve of three straight pieces."""
    middle = 0.125 * x + 0.5
    return torch.where(x < -4, 0.01 * (x + 4), torch.where(x > 4, 0.01 * (x - 4) + 1, middle))


@register("stair", lambda x: (h := (x / 2).op("Floor")) + ((n := x.op("Floor")) - 2 * h) * (x - n))
def stair(x: Tensor) -> Tensor:
    """Flat above even floors, a step of slope one above odd ones."""
    n = torch.floor(x)
    half = torch.floor(x / 2)
    return torch.where(n % 2 == 0, half, x - n + half)


@register("hardtan", lambda x: x.clip(-1, 1))
def hardtan(x: Tensor) -> Tensor:
    """x clamped to -1..1."""
    return F.hardtanh(x)


@register("lhtan", lambda x: (m := x.clip(0, 1)) + 0.001 * (x - m))
def lhtan(x: Tensor) -> Tensor:
    """x in 0..1, nearly flat outside."""
    return torch.where(x < 0, 0.001 * x, torch.where(x > 1, 0.001 * (x - 1) + 1, x))


@register("mish", lambda x: x * x.op("Softplus").tanh(), lineage=FORK)
def mish(x: Tensor) -> Tensor:
    """x tanh(ln(1 + exp(x)))."""
    return F.mish(x)


@register("swish", lambda x: x * x.sigmoid(), lineage=FORK)
def swish(x: Tensor) -> Tensor:
    """x / (1 + exp(-x))."""
    return F.silu(x)


@register("hard_mish", lambda x: x.op("Relu") + (m := x.clip(-2, 0)) * m / 2 + m, lineage=FORK)
def hard_mish(x: Tensor) -> Tensor:
    """x where positive, x^2 / 2 + x above -2, else 0."""
    return torch.where(x > 0, x, torch.where(x > -2, x * x / 2 + x, torch.zeros_like(x)))


@register("normalize_channels", lambda x: (p := x.op("Relu")) / (0.0001 + p.sum(1)), lineage=FORK)
def normalize_channels(x: Tensor) -> Tensor:
    """Relu, then divided by the sum over channels; x is [N, C, H, W]."""
    positive = F.relu(x)
    return positive / (0.0001 + positive.sum(1, keepdim=True))


@register(
    "normalize_channels_softmax", lambda x: (e := x.op("Exp")) / (0.0001 + e.sum(1)), lineage=FORK
)
def normalize_channels_softmax(x: Tensor) -> Tensor:
    """Softmax over channels, without subtracting the maximum first; x is [N, C, H, W]."""
    e = torch.exp(x)
    return e / (0.0001 + e.sum(1, keepdim=True))


@register(
    "normalize_channels_softmax_maxval",
    lambda x: (e := (x - x.amax(1)).op("Exp")) / (0.0001 + e.sum(1)),
    lineage=FORK,
)
def normalize_channels_softmax_maxval(x: Tensor) -> Tensor:
    """Softmax over channels, after subtracting the maximum; x is [N, C, H, W]."""
    return normalize_channels_softmax(x - x.amax(1, keepdim=True))


OVERWRITING: dict[str, Activation] = {  # their gradients can be computed from their outputs
    "elu": F.elu_,
    "leaky": partial(F.leaky_relu_, negative_slope=0.1),
    "logistic": torch.sigmoid_,
    "relie": partial(F.leaky_relu_, negative_slope=0.01),
    "relu": F.relu_,
    "revleaky": partial(F.leaky_relu_, negative_slope=0.1),
    "tanh": torch.tanh_,
}


def leaky_delta(slope: float) -> Gradient:
    """Return the gradient of x, but `slope` times x below zero."""
    backward = torch.ops.aten.leaky_relu_backward.grad_input
    return lambda delta, x: backward(delta, x, slope, False, grad_input=x)


DELTAS: dict[str, Gradient] = {  # they overwrite x, or torch has one operation for them
    "leaky": leaky_delta(0.1),
    "linear": lambda delta, x: x.copy_(delta),
    "mish": torch.ops.aten.mish_backward,
    "relie": leaky_delta(0.01),
    "relu": leaky_delta(0.0),
    "swish": torch.ops.aten.silu_backward,
}

ONEDNN: dict[
    str, tuple[str, list[float]]
] = {  # oneDNN's names of those that it can fuse into a convolution
    "leaky": ("leaky_relu", [0.1]),
    "linear": ("none", []),
    "logistic": ("sigmoid", []),
    "relie": ("leaky_relu", [0.01]),
    "relu": ("relu", []),
    "relu6": ("hardtanh", [0.0, 6.0]),
    "revleaky": ("leaky_relu", [0.1]),
    "swish": ("swish", []),
    "tanh": ("tanh", []),
}
