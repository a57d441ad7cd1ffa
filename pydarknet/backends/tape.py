"""The operations that torch runs for a network, with every size known: no module is left in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from weakref import ReferenceType, ref

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

Operation = Callable[..., Any]
REFUSED = {  # what another batch may need to be other than recorded
    torch.Tag.data_dependent_output,
    torch.Tag.dynamic_output_shape,
    torch.Tag.nondeterministic_seeded,
}


@dataclass(frozen=True)
class Place:
    """Stands for a tensor that an earlier call returned; 0 is the input."""

    number: int


class Call(NamedTuple):
    """An operation, what it is given, and where its results go; `done` are read for the last time.

    In what it is given, a Place stands for each tensor that is not the same in every run.
    """

    operation: Operation
    arguments: Sequence[object]
    keywords: Mapping[str, object]
    results: list[int]
    done: list[int]


class Tape(TorchDispatchMode):
    """Records the operations that run on a tensor while it is entered.

    Raises RuntimeError at one that depends on values or on chance.
    """

    def __init__(self, x: Tensor) -> None:
        super().__init__()
        self.calls: list[Call] = []
        self.count = 0
        self.places: dict[int, tuple[ReferenceType[Tensor], Place]] = {}
        self.place_anew(x)

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Say that torch's compiler, which takes a second to import, need not know of it."""
        return False

    def __torch_dispatch__(
        self,
        func: Any,
        types: object,
        args: Sequence[object] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> object:
        keywords = kwargs or {}
        given = self.with_places(list(args)), self.with_places(dict(keywords))
        check(func, args)
        found = func(*args, **keywords)
        parts = parts_of(given)
        if any(isinstance(x, Tensor) for x in parts) and not any(
            isinstance(x, Place) for x in parts
        ):
            if func._schema.is_mutable:
                raise RuntimeError(f"{func} writes to what is not the run's own")
            return found  # which is the same in every run
        results = [self.place_anew(y) for y in tensor_list(found)]
        self.calls.append(Call(func, *given, results, []))
        return found

    def place_anew(self, tensor: Tensor) -> int:
        """Return the number of a tensor's place, a new one unless it has one."""
        place = self.place(tensor)
        if place is None:
            place = Place(self.count)
            self.count += 1
            self.places[id(tensor)] = ref(tensor), place
        return place.number

    def place(self, tensor: Tensor) -> Place | None:
        """Return the place of a tensor; None if it was there before."""
        kept, place = self.places.get(id(tensor), (None, None))
        return place if kept is not None and kept() is tensor else None

    def with_places(self, given: Any) -> Any:
        """Return what an operation is given, with places for tensors."""
        return replace_each(
            given, lambda x: (self.place(x) or x.detach()) if isinstance(x, Tensor) else x
        )


def check(operation: Any, given: Sequence[object]) -> None:
    """Raise RuntimeError for an operation that may give something else for another input."""
    refused = REFUSED.intersection(operation.tags)
    if operation is torch.ops.aten.index.Tensor and not has_mask(given):
        refused -= {torch.Tag.dynamic_output_shape}  # indices are not counted, as masks are
    if refused:
        raise RuntimeError(f"{operation} depends on values or on chance")


def has_mask(given: Sequence[object]) -> bool:
    """Return whether a tensor of truth values is given."""
    return any(
        isinstance(x, Tensor) and x.dtype in (torch.bool, torch.uint8) for x in parts_of(given)
    )


def tensor_list(found: Any) -> list[Tensor]:
    """Return what an operation returned as a list of tensors."""
    tensors = list(found) if isinstance(found, tuple | list) else [found]
    if not all(isinstance(x, Tensor) for x in tensors):
        raise RuntimeError("an operation returns something other than tensors")
    return tensors


def replace_each(given: Any, change: Callable[[Any], object]) -> Any:
    """Return lists, tuples and mappings with each object in them changed."""
    if isinstance(given, list | tuple):
        return [replace_each(x, change) for x in given]
    if isinstance(given, Mapping):
        return {name: replace_each(x, change) for name, x in given.items()}
    return change(given)


def record(run: Callable[[Tensor], Iterable[Tensor]], x: Tensor) -> tuple[list[Call], list[int]]:
    """Return the calls of a run on x, and the places of its results.

    Raises RuntimeError if another run may need other calls.
    """
    with torch.no_grad(), Tape(x) as tape:
        found = list(run(x))
    places = [tape.place(y) for y in found]
    if None in places:
        raise RuntimeError("a result does not depend on the input")
    ends = [place.number for place in places if place is not None]
    return with_last_reads(tape.calls, ends), ends


def with_last_reads(calls: Sequence[Call], results: Sequence[int]) -> list[Call]:
    """Return calls that say which places nobody reads later."""
    read, reversed_calls = set(results), []
    for call in reversed(calls):
        mine = set(call.results) | places_in(call)
        reversed_calls.append(call._replace(done=sorted(mine - read)))
        read |= mine
    return reversed_calls[::-1]


def places_in(call: Call) -> set[int]:
    """Return the places that a call reads."""
    parts = parts_of([call.arguments, call.keywords])
    return {part.number for part in parts if isinstance(part, Place)}


def parts_of(given: Any) -> list[object]:
    """Return each object in lists, tuples and mappings."""
    parts: list[object] = []
    replace_each(given, parts.append)
    return parts


def replay(
    calls: Sequence[Call], x: Tensor, results: Sequence[int], run: Operation
) -> tuple[Tensor, ...]:
    """Return the results of the calls for another input; `run` runs an operation as it is given."""
    held: dict[int, Tensor] = {0: x}

    def value(part: object) -> object:
        return held[part.number] if isinstance(part, Place) else part

    for call in calls:
        arguments = replace_each(call.arguments, value)
        found = run(call.operation, *arguments, **replace_each(call.keywords, value))
        held.update(zip(call.results, tensor_list(found), strict=True))
        for number in call.done:
            del held[number]
    return tuple(held[number] for number in results)
