"""A network as one graph of TorchScript, whose convolutions oneDNN fuses with what follows them.

Starting one of oneDNN's convolutions takes torch 30 microseconds, because it is described anew each
time; in a graph it is described once. A sum or activation that follows goes into the convolution.
torch may take this interface away: then networks run without.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..graph.executor import Executor
from ..graph.head import Head, inputs_kept
from ..layers import Node
from ..modules.pooling import whole_operations
from ..system.memory import usable_memory
from .measurement import are_near
from .onednn import Convolution
from .packed_conv import PackedConv, as_maps, is_narrow
from .recorder import Run
from .tape import Call, Operation, parts_of, record, replace_each, replay
from .ways import DIRECT, WAYS

WARM_UPS = 3  # runs: torch observes in the first, oneDNN compiles in the second
NEAR = 1e-4  # how far heads may move, as a part of the largest value
SHARE = 0.1  # of the memory, which the weights may take at most, since oneDNN keeps a copy
Graph = Callable[[Tensor], tuple[Tensor, ...]]
aten = torch.ops.aten


class PlainConv(nn.Module):
    """A convolution of maps of a type, channels last, in the form that it has in a graph."""

    def __init__(
        self, convolution: Convolution, dtype: torch.dtype, blur: nn.Module | None
    ) -> None:
        super().__init__()
        self.convolution, self.dtype, self.blur = convolution, dtype, blur

    def forward(self, x: Tensor) -> Tensor:
        y = self.convolution(as_maps(x, self.dtype))
        return self.blur(y) if self.blur else y


def graph_module(module: nn.Module, size: torch.Size, direct: bool) -> nn.Module:
    """Return a layer's module in the form that it has in a graph, for an input of a size.

    Convolutions are in the ways that were chosen for them, or all `direct`.
    """
    if not isinstance(module, PackedConv):
        return module
    way = WAYS[DIRECT if direct else module.way(size)]
    task = module.task(size)
    return PlainConv(way.in_graph(task), task.dtype, module.blur)


def fused_graph(network: Executor, images: Tensor, *, direct: bool = False) -> Run:
    """Return a function that runs a network as a graph, on images of a size.

    Its convolutions are in the ways that were chosen for them, or all `direct`. Raises RuntimeError
    where that is impossible.
    """
    with torch.inference_mode(False), torch.no_grad():
        check_memory(network, images.shape)
        x = in_maps_order(images)
        heads = network.heads(x)
        with whole_operations():
            calls, results = record(in_graph_forms(network, x.shape, direct), x)
        with fusion():
            graph = script(calls, results, x)
            found = [graph(x) for _ in range(WARM_UPS)][-1]
        if not are_near(found, tensors_of(heads), NEAR, narrow=is_narrow(network)):
            raise RuntimeError("the graph computes something else")
        return Fused(graph, x.shape, x.stride(), [head.node for head in heads])


def in_maps_order(images: Tensor) -> Tensor:
    """Return a copy of images with channels last, as convolutions read maps."""
    form = torch.channels_last if images.dim() == 4 else torch.contiguous_format
    return images.clone(memory_format=form)


def check_memory(network: Executor, size: torch.Size) -> None:
    """Raise RuntimeError if there is too little memory for another copy of the weights."""
    bytes_held = sum(
        conv.weights.nbytes * WAYS[conv.way(maps)].spread
        for conv, maps in zip(network.stack, input_sizes(network, size), strict=True)
        if isinstance(conv, PackedConv)
    )
    if bytes_held > SHARE * usable_memory():
        raise RuntimeError("there is no memory for another copy of its weights")


def in_graph_forms(
    network: Executor, size: torch.Size, direct: bool
) -> Callable[[Tensor], list[Tensor]]:
    """Return a run of the network whose modules have their form in a graph."""
    plain = copy.copy(network)
    modules = [
        graph_module(module, x, direct)
        for module, x in zip(network.stack, input_sizes(network, size), strict=True)
    ]
    plain._modules = {**network._modules, "stack": nn.ModuleList(modules)}
    return lambda x: tensors_of(plain.heads(x))


def input_sizes(network: Executor, size: torch.Size) -> list[torch.Size]:
    """Return the size of each layer's first input for images of a size."""
    return [torch.Size((size[0], *node.inputs[0].tensor)) for node in network.nodes]


def tensors_of(heads: list[Head]) -> list[Tensor]:
    """Return what went into each head, and what came out."""
    return [values for head in heads for values in head.tensors]


def script(calls: list[Call], results: list[int], x: Tensor) -> Graph:
    """Return the calls as a graph of TorchScript for inputs like x."""

    def run(x: Tensor) -> tuple[Tensor, ...]:
        return replay(calls, x, results, run_as_written)

    graph: Graph = torch.jit.trace(run, x, check_trace=False)
    return graph


def run_as_written(operation: Operation, *arguments: Any, **keywords: Any) -> Any:
    """Run an operation in the form that oneDNN's fusion knows; one that writes, as it is."""
    if operation._schema.is_mutable:  # type: ignore[attr-defined]  # of torch's own operations
        return operation(*arguments, **keywords)
    return WRITTEN.get(operation, operation)(*of_one_type(arguments), **keywords)


def of_one_type(given: Sequence[Any]) -> Any:
    """Return arguments whose maps are all float32 if one is and others are bfloat16.

    torch converts them, too; oneDNN does not.
    """
    kinds = {x.dtype for x in parts_of(given) if isinstance(x, Tensor) and x.dim()}
    if not kinds >= {torch.float32, torch.bfloat16}:
        return given
    return replace_each(given, wide_form)


def wide_form(given: Any) -> Any:
    """Return a tensor of bfloat16 as float32, and anything else as it is."""
    return given.float() if isinstance(given, Tensor) and given.dtype is torch.bfloat16 else given


def convolution(
    x: Tensor,
    weights: Tensor,
    bias: Tensor | None,
    stride: list[int],
    padding: list[int],
    dilation: list[int],
    transposed: bool,
    extra: list[int],
    groups: int,
) -> Tensor:
    """Run aten's convolution of any kind in the form that is fused, if it is one of maps."""
    if transposed or x.dim() != 4:
        given = stride, padding, dilation, transposed, extra, groups
        return aten.convolution.default(x, weights, bias, *given)
    return F.conv2d(x, weights, bias, stride, padding, dilation, groups)


def linear(bias: Tensor, x: Tensor, right: Tensor, **scales: float) -> Tensor:
    """Run aten's sum of a bias and a product of matrices."""
    if scales or bias.dim() != 1:
        return torch.addmm(bias, x, right, **scales)  # type: ignore[call-overload]
    return F.linear(x, right.t(), bias)


def max_pool(x: Tensor, *window: Any) -> tuple[Tensor, Tensor]:
    """Run aten's max pooling without the places, which nobody reads: x stands for them."""
    return F.max_pool2d(x, *window), x


WRITTEN: dict[Operation, Operation] = {
    aten.addmm.default: linear,
    aten.cat.default: torch.cat,
    aten.convolution.default: convolution,
    aten.max_pool2d_with_indices.default: max_pool,
    aten.silu.default: lambda x: x * torch.sigmoid(x),
}


@contextmanager
def fusion() -> Iterator[None]:
    """Let torch make graphs for oneDNN; RuntimeError if it cannot."""
    try:
        enabled = torch.jit.onednn_fusion_enabled()
        torch.jit.enable_onednn_fusion(True)
    except AttributeError as error:
        raise RuntimeError(str(error)) from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what a trace may miss: it is checked
            yield
    finally:
        torch.jit.enable_onednn_fusion(enabled)


@dataclass(frozen=True, eq=False)
class Fused:
    """A network as a graph, for inputs of a size and with strides."""

    graph: Graph
    size: torch.Size
    strides: tuple[int, ...]
    nodes: list[Node]

    def __call__(self, images: Tensor) -> list[Head]:
        """Return the heads of a batch of images."""
        x = images
        if images.stride() != self.strides:
            x = torch.empty_strided(self.size, self.strides).copy_(images)
        found = iter(self.graph(x))
        return [
            Head.of(node, list(islice(found, inputs_kept(node))), next(found))
            for node in self.nodes
        ]
