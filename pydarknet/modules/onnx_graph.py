"""The nodes and constants of an ONNX graph, built by the package `onnx`, which infers all sizes.

It is imported when a graph is begun.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import numpy as np

from ..errors import UsageError

OPSET: Final = 13
LEAST_OPSET: Final = 12
OLDEST: Final = "1.18"  # of the package onnx
BATCH: Final = "batch"  # the name of a dimension that a program chooses
SMALL: Final = 64  # numbers of a constant on which a size may depend

Size: TypeAlias = tuple[int | str, ...]


def check_package() -> None:
    """Raise UsageError if the package onnx is missing or too old."""
    try:
        from onnx import __version__, shape_inference
    except ImportError:
        there = "is not installed"
    else:
        if hasattr(shape_inference, "infer_node_outputs"):
            return
        there = f"is {__version__}"
    problem = f"the package onnx {there}: expected {OLDEST} or newer"
    raise UsageError(problem, hint="pip install -c constraints.txt '.[export]'")


@dataclass
class Graph:
    """Nodes, constants and inputs; `batch` is the number of samples, or BATCH for any number.

    Raises UsageError for an opset that this or the package does not know.
    """

    opset: int = OPSET
    batch: int | str = 1
    nodes: list[Any] = field(default_factory=list)
    constants: dict[str, np.ndarray] = field(default_factory=dict)
    inputs: list[Any] = field(default_factory=list)
    types: dict[str, Any] = field(default_factory=dict)  # of all values, by name
    alike: dict[bytes, list[str]] = field(default_factory=dict)  # constants that begin alike

    def __post_init__(self) -> None:
        check_package()
        import onnx

        most = onnx.defs.onnx_opset_version()
        if not LEAST_OPSET <= self.opset <= most:
            raise UsageError(f"opset {self.opset}: expected {LEAST_OPSET} to {most}")
        self.imports = [onnx.helper.make_opsetid("", self.opset)]
        self.ir_version = onnx.helper.find_min_ir_version_for(self.imports)

    def element(self, dtype: type[np.generic]) -> int:
        """Return ONNX's number of a type."""
        import onnx

        return int(onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def add_input(self, name: str, size: Size, dtype: type[np.generic]) -> Size:
        """Declare an input of the graph."""
        import onnx

        made = onnx.helper.make_tensor_value_info(name, self.element(dtype), size)
        self.inputs.append(made)
        self.types[name] = made.type
        return size

    def add_constant(self, values: np.ndarray, name: str) -> str:
        """Store an array, unless an equal one is there; return its name."""
        import onnx

        start = values.ravel()[:SMALL].tobytes()
        alike = self.alike.setdefault(repr((values.dtype, values.shape)).encode() + start, [])
        for other in alike:
            if self.constants[other].tobytes() == values.tobytes():
                return other
        name = self.free_name(name)
        self.constants[name] = values
        kind = self.element(values.dtype.type)
        self.types[name] = onnx.helper.make_tensor_type_proto(kind, values.shape)
        alike.append(name)
        return name

    def add_node(
        self, kind: str, given: Sequence[str], name: str, attributes: Mapping[str, Any]
    ) -> Size:
        """Add a node with one output of its name, and return its size; "" is no input."""
        [size] = self.add_node_of(kind, given, [name], attributes)
        return size

    def add_node_of(
        self, kind: str, given: Sequence[str], names: Sequence[str], attributes: Mapping[str, Any]
    ) -> list[Size]:
        """Add a node with outputs of these names, and return their sizes; "" is no input."""
        import onnx

        node = onnx.helper.make_node(kind, given, names, name=names[0], **attributes)
        inferred = onnx.shape_inference.infer_node_outputs(
            onnx.defs.get_schema(kind, self.opset),
            node,
            {one: self.types[one] for one in given if one},
            {one: self.tensor(one) for one in given if self.decides(one)},
            opset_imports=self.imports,
            ir_version=self.ir_version,
        )
        self.nodes.append(node)
        self.types.update({name: inferred[name] for name in names})
        return [size_of(inferred[name]) for name in names]

    def set_size(self, name: str, size: Size) -> Size:
        """Say what the size of a value is where onnx cannot infer it."""
        import onnx

        kind = self.types[name].tensor_type.elem_type
        self.types[name] = onnx.helper.make_tensor_type_proto(kind, size)
        return size

    def decides(self, name: str) -> bool:
        """Return whether a value is a small constant, on which the size of a result may depend."""
        held = self.constants.get(name)
        return held is not None and held.size <= SMALL

    def tensor(self, name: str, tensor: Any = None) -> Any:
        """Return a constant as a TensorProto; an empty one may be given, which is filled."""
        import onnx

        held, made = self.constants[name], onnx.TensorProto() if tensor is None else tensor
        made.name, made.data_type = name, self.element(held.dtype.type)
        made.dims.extend(held.shape)
        made.raw_data = held.astype(held.dtype.newbyteorder("<"), copy=False).tobytes()
        return made

    def free_name(self, name: str) -> str:
        """Return a name that no value has: the given one, or one with a number."""
        number, free = 1, name
        while free in self.types:
            number += 1
            free = f"{name}_{number}"
        return free

    def rename(self, old: str, new: str, start: int) -> str:
        """Give a value and its node a new name, if it is among the nodes from `start` on."""
        nodes = self.nodes[start:]
        if not any(old in node.output for node in nodes):
            return old
        for node in nodes:
            node.input[:] = [new if given == old else given for given in node.input]
            if old in node.output:
                node.name, node.output[:] = new, [new]
        self.types[new] = self.types.pop(old)
        return new


def size_of(inferred: Any) -> Size:
    """Return the size in a type that onnx inferred; -1 is an unknown number."""
    dims = inferred.tensor_type.shape.dim
    return tuple(
        dim.dim_param or (dim.dim_value if dim.HasField("dim_value") else -1) for dim in dims
    )
