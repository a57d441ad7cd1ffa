"""What modules write themselves with as ONNX: values, their arithmetic, and the writer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

import numpy as np
from torch import Tensor, nn

from ..errors import UsageError
from .onnx_graph import Graph, Size

Numbers: TypeAlias = Tensor | np.ndarray | float | int | Sequence[Any]


@runtime_checkable
class Writes(Protocol):
    """A module that writes itself as nodes of an ONNX graph."""

    def onnx(self, writer: Writer, *inputs: Value) -> Value:
        """Write the module's nodes; return the value that `forward` would."""


class State(NamedTuple):
    """A value that a recurrent module keeps: its name, as it comes in and as it goes out."""

    name: str
    before: Value
    after: Value


@dataclass(frozen=True, eq=False)
class Value:
    """What a node gives: its name and its size, of which the first number is the batch.

    Arithmetic with values and numbers writes nodes.
    """

    writer: Writer
    name: str
    shape: Size

    def op(self, kind: str, *others: Value, **attributes: Any) -> Value:
        """Write a node of this value and others; return its only output."""
        return self.writer.op(kind, self, *others, **attributes)

    def with_number(self, kind: str, other: Value | float, *, first: bool = False) -> Value:
        """Write a node of this value and another, or a number, which may come `first`."""
        given = other if isinstance(other, Value) else self.writer.constant(other)
        pair = (given, self) if first else (self, given)
        return self.writer.op(kind, *pair)

    def __add__(self, other: Value | float) -> Value:
        return self.with_number("Add", other)

    def __radd__(self, other: float) -> Value:
        return self.with_number("Add", other)

    def __sub__(self, other: Value | float) -> Value:
        return self.with_number("Sub", other)

    def __rsub__(self, other: float) -> Value:
        return self.with_number("Sub", other, first=True)

    def __mul__(self, other: Value | float) -> Value:
        return self.with_number("Mul", other)

    def __rmul__(self, other: float) -> Value:
        return self.with_number("Mul", other)

    def __truediv__(self, other: Value | float) -> Value:
        return self.with_number("Div", other)

    def __pow__(self, other: float) -> Value:
        return self.with_number("Pow", other)

    def sigmoid(self) -> Value:
        """Write the logistic function."""
        return self.op("Sigmoid")

    def tanh(self) -> Value:
        """Write the hyperbolic tangent."""
        return self.op("Tanh")

    def clip(self, least: float, most: float) -> Value:
        """Write a clamp to `least`..`most`."""
        return self.op("Clip", self.writer.constant(least), self.writer.constant(most))

    def reshape(self, *tail: int) -> Value:
        """Write a new size [N, *tail]; one number may be -1."""
        first = 0 if isinstance(self.shape[0], str) else self.shape[0]
        return self.op("Reshape", self.writer.integers(first, *tail))

    def flatten(self) -> Value:
        """Write the size [N, all other numbers]; nothing if it is that already."""
        return self if len(self.shape) == 2 else self.reshape(-1)

    def transpose(self, *axes: int) -> Value:
        """Write another order of the axes."""
        return self.op("Transpose", perm=axes)

    def take(self, axis: int, start: int, stop: int, step: int = 1) -> Value:
        """Write a part of an axis: start, start + step, ... before stop; all of it is no node."""
        if (start, step) == (0, 1) and stop == self.shape[axis]:
            return self
        ends = (self.writer.integers(n) for n in (start, stop, axis % len(self.shape), step))
        return self.op("Slice", *ends)

    def gather(self, axis: int, places: Iterable[int]) -> Value:
        """Write the places of an axis, in their order."""
        return self.op("Gather", self.writer.integers(*places), axis=axis)

    def pad(self, *sides: tuple[int, int], value: float = 0.0) -> Value:
        """Write margins around the last axes: a pair of sizes per axis; none is no node."""
        if not any(map(any, sides)):
            return self
        every = [(0, 0)] * (len(self.shape) - len(sides)) + list(sides)
        ends = [before for before, _ in every] + [after for _, after in every]
        given = (self.writer.constant(value),) if value else ()  # 0 is what it is without
        return self.op("Pad", self.writer.integers(*ends), *given, mode="constant")

    def sum(self, axis: int, *, keep: bool = True) -> Value:
        """Write the sum over an axis, which stays with size 1, or goes."""
        return self.reduce("ReduceSum", axis, 13, keep)

    def amax(self, axis: int) -> Value:
        """Write the maximum over an axis, which stays with size 1."""
        return self.reduce("ReduceMax", axis, 18)

    def reduce(self, kind: str, axis: int, since: int, keep: bool = True) -> Value:
        """Write a reduction, whose axes are an input since an opset."""
        if self.writer.opset < since:
            return self.op(kind, axes=[axis], keepdims=int(keep))
        return self.op(kind, self.writer.integers(axis), keepdims=int(keep))

    def softmax(self, axis: int) -> Value:
        """Write a softmax over an axis: any, or before opset 13 the last."""
        last = len(self.shape) - 1
        if axis % len(self.shape) == last or self.writer.opset >= 13:
            return self.op("Softmax", axis=axis % len(self.shape))
        order = [a for a in range(last + 1) if a != axis] + [axis]
        turned = self.transpose(*order).op("Softmax", axis=last)
        return turned.transpose(*(order.index(a) for a in range(last + 1)))

    def cast(self, dtype: type[np.generic]) -> Value:
        """Write a conversion to another type of numbers; to its own is no node."""
        return self if self.is_a(dtype) else self.op("Cast", to=self.writer.element(dtype))

    def is_a(self, dtype: type[np.generic]) -> bool:
        """Return whether its numbers are of a type."""
        kind = self.writer.types[self.name].tensor_type.elem_type
        return bool(kind == self.writer.element(dtype))


@dataclass
class Writer(Graph):
    """Writes the values of a graph, under the name of the layer that is being written.

    `dtype` is that of constants: float32, or float16 between the input and the heads of a file in
    half precision.
    """

    dtype: type[np.generic] = np.float32
    states: list[State] = field(default_factory=list)
    scope: str = ""

    def input(self, name: str, *tail: int, dtype: type[np.generic] = np.float32) -> Value:
        """Declare an input [N, *tail] of the whole graph."""
        return Value(self, name, self.add_input(name, (self.batch, *tail), dtype))

    def constant(self, values: Numbers, name: str = "constant") -> Value:
        """Return numbers of the current type as a value; equal small ones are one."""
        taken = values.detach().cpu().numpy() if isinstance(values, Tensor) else values
        array = np.ascontiguousarray(taken, self.dtype).reshape(np.shape(taken))
        return Value(self, self.add_constant(array, f"{self.scope}.{name}"), array.shape)

    def single(self, values: np.ndarray) -> Value:
        """Return numbers of the scales of a Resize, float32 in a file of half precision too."""
        return Value(self, self.add_constant(values, f"{self.scope}.scales"), values.shape)

    @property
    def lowest(self) -> float:
        """The lowest number of the current type."""
        return float(np.finfo(np.float16 if self.dtype is np.float16 else np.float32).min)

    def integers(self, *numbers: int | str) -> Value:
        """Return whole numbers as a value, int64 [K]."""
        array = np.array(numbers, np.int64)
        return Value(self, self.add_constant(array, f"{self.scope}.integers"), array.shape)

    def integer(self, number: int) -> Value:
        """Return a whole number as a value, int64 []."""
        return Value(
            self, self.add_constant(np.array(number, np.int64), f"{self.scope}.integer"), ()
        )

    def op(self, kind: str, *inputs: Value | None, **attributes: Any) -> Value:
        """Write a node with one output; None is an optional input that is left out."""
        given = ["" if value is None else value.name for value in inputs]
        name = self.free_name(f"{self.scope}/{kind}")
        return Value(self, name, self.add_node(kind, given, name, attributes))

    def top(self, values: Value, most: int) -> tuple[Value, Value]:
        """Write the largest of the last axis, so many, best first; and their places, int64."""
        name = self.free_name(f"{self.scope}/TopK")
        names, given = [name, f"{name}_places"], [values.name, self.integers(most).name]
        sizes = self.add_node_of("TopK", given, names, {"axis": -1})
        return Value(self, names[0], sizes[0]), Value(self, names[1], sizes[1])

    def concat(self, axis: int, *values: Value) -> Value:
        """Write values one after the other along an axis; a single one is no node."""
        return values[0] if len(values) == 1 else self.op("Concat", *values, axis=axis)

    def repeat(self, values: Numbers, like: Value, name: str = "constant") -> Value:
        """Write an array [1, ...] as often as `like` has samples."""
        once = self.constant(values, name)
        if self.batch == 1:
            return once
        rest = once.shape[1:]
        if not isinstance(self.batch, str):
            return once.op("Expand", self.integers(self.batch, *rest))
        count = like.op("Shape").take(0, 0, 1)
        larger = once.op("Expand", self.op("Concat", count, self.integers(*rest), axis=0))
        return Value(self, larger.name, self.set_size(larger.name, (self.batch, *rest)))

    def multiples(self, number: int, like: Value) -> Value:
        """Return 0, number, 2 * number ... as a value, int64 [N], one per sample of `like`."""
        if not isinstance(self.batch, str):
            return self.integers(*range(0, self.batch * number, number))
        first, step = self.integer(0), self.integer(number)
        end = like.op("Shape").op("Gather", first, axis=0).op("Mul", step)
        made = first.op("Range", end, step)
        return Value(self, made.name, self.set_size(made.name, (self.batch,)))

    def state(self, *tail: int) -> Value:
        """Declare an input for what a recurrent module kept from the step before."""
        number = sum(state.name.startswith(f"{self.scope}.state") for state in self.states)
        name = f"{self.scope}.state_{number}"
        before = self.input(name, *tail).cast(self.dtype)
        self.states.append(State(name, before, before))
        return before

    def keep(self, before: Value, after: Value) -> None:
        """Say what a state becomes."""
        place = next(i for i, state in enumerate(self.states) if state.before is before)
        self.states[place] = self.states[place]._replace(after=after)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Write nodes and constants under the name of a part of the current layer."""
        outer, self.scope = self.scope, f"{self.scope}/{name}" if self.scope else name
        try:
            yield
        finally:
            self.scope = outer

    def write(self, module: nn.Module, *inputs: Value) -> Value:
        """Let a module write itself. Raises UsageError if it cannot."""
        if not isinstance(module, Writes):
            raise UsageError(f"{type(module).__name__} cannot be written as ONNX")
        return module.onnx(self, *inputs)

    def layer(self, name: str, module: nn.Module, *inputs: Value) -> Value:
        """Let the module of a layer write itself; what it gives has the layer's name.

        A layer that passes its input on writes nothing, and the name stays.
        """
        start = len(self.nodes)
        with self.part(name):
            value = self.write(module, *inputs)
        named = Value(self, self.rename(value.name, name, start), value.shape)
        for place, state in enumerate(self.states):
            if state.after.name == value.name:
                self.states[place] = state._replace(after=named)
        return named


def onnx_softmax(x: Value, sizes: Sequence[int], axis: int) -> Value:
    """Write a softmax over each of consecutive groups of an axis, whose sizes are given.

    Groups of one size are gathered and treated at once, so that many groups need few nodes.
    """
    if len(sizes) == 1:
        return x.softmax(axis)
    every = np.array(sizes)
    starts = np.cumsum(every) - every
    parts, order = [], []
    for size in sorted(set(sizes)):
        places = (starts[every == size, None] + np.arange(size)).ravel()
        part = x if len(places) == x.shape[axis] else x.gather(axis, places.tolist())
        tail = [int(n) for n in part.shape[1:]]
        apart = [*tail[: axis - 1], len(places) // size, size, *tail[axis:]]
        parts.append(part.reshape(*apart).softmax(axis + 1).reshape(*tail))
        order.append(places)
    whole = x.writer.concat(axis, *parts)
    return whole if len(parts) == 1 else whole.gather(axis, np.argsort(np.concatenate(order)))
