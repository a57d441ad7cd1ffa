"""Modules that keep a state between calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from .onnx_writer import Value, Writer
from .parameters import Parametric, WeightArray, under


def is_recurrent(network: nn.Module) -> bool:
    """Return whether a network keeps a state, so that its answer depends on the images before."""
    return any(isinstance(module, Recurrent) for module in network.modules())


class Recurrent(nn.Module):
    """A module that keeps a state between calls and takes `time_steps` steps per call.

    A batch is step-major: sample `t * sequences + b` is step t of sequence b. A subclass defines
    `zeros(x)`, the state before the first step, and `step(x, state) -> (y, state)`. One that
    `forgets` begins each mini-batch of a training without a state.

    Darknet: src/rnn_layer.c forward_rnn_layer, src/crnn_layer.c forward_crnn_layer
    Quirk: TRAINED_WITHOUT_MEMORY
    """

    forgets = False

    def __init__(self, parts: Mapping[str, Parametric] | None = None) -> None:
        super().__init__()
        self.parts = nn.ModuleDict(parts)
        self.time_steps = 1
        self.state: tuple[Tensor, ...] | None = None

    def reset(self) -> None:
        """Reset the state."""
        self.state = None

    def weight_arrays(self) -> tuple[WeightArray, ...]:
        """Return the arrays of all parts, in their order."""
        return tuple(array for name in self.parts for array in self.part_arrays(name))

    def part_arrays(self, name: str) -> tuple[WeightArray, ...]:
        """Return the arrays of one part."""
        part = self.parts[name]
        assert isinstance(part, Parametric)
        return under(f"parts.{name}", part.weight_arrays())

    def zeros(self, x: Tensor) -> tuple[Tensor, ...]:
        """Return the state before the first step, for one step's input."""
        raise NotImplementedError

    def step(self, x: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Return one step's output and the state after it."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        outputs = []
        if self.forgets and self.training:
            self.reset()
        for sequences in x.chunk(self.time_steps):
            state = self.state
            if state is None or any(s.shape[0] != sequences.shape[0] for s in state):
                state = self.zeros(sequences)
            y, state = self.step(sequences, state)
            self.state = state
            outputs.append(y)
        if not torch.is_grad_enabled():
            return torch.cat(outputs)
        self.state = tuple(s.detach() for s in self.state or ())
        return torch.cat(outputs)

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        """Write one step; the state is an input and an output of the graph."""
        sizes = self.zeros(torch.empty(1, *map(int, inputs[0].shape[1:]), device="meta"))
        before = [writer.state(*size.shape[1:]) for size in sizes]
        y, after = self.onnx_step(writer, inputs[0], before)
        for old, new in zip(before, after, strict=True):
            writer.keep(old, new)
        return y

    def onnx_step(
        self, writer: Writer, x: Value, state: Sequence[Value]
    ) -> tuple[Value, Sequence[Value]]:
        """Write what `step` does."""
        raise NotImplementedError

    def onnx_part(self, name: str, x: Value) -> Value:
        """Write a part."""
        with x.writer.part(name):
            return x.writer.write(self.parts[name], x)
