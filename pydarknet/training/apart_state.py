"""What a state holds of networks that are trained apart: of each process its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from torch import Tensor

from ..ranks.ranks import Ranks
from .learner_state import RECURRENT
from .state import State

RANK: Final = "rank"  # the kind of these tensors, `rank.NUMBER.NAME`


def tensors_of_each(
    ranks: Ranks, tensors: Mapping[str, Tensor], of_first: Collection[str]
) -> dict[str, Tensor]:
    """Return on the first process the tensors of the others, and of its own these names.

    All processes have tensors of the same names and shapes. They are sent one by one, so that the
    others need little memory for it.
    """
    found = {}
    for name, tensor in tensors.items():
        for rank, one in enumerate(ranks.stack(tensor)):
            if ranks.first and (rank or name in of_first):
                found[f"{RANK}.{rank}.{name}"] = one.cpu()
    return found


def with_parts_of(state: State, held: State) -> State:
    """Return a state with what another one holds of each process, and of all sequences."""
    kinds = f"{RANK}.", RECURRENT
    parts = {name: one for name, one in held.tensors.items() if name.startswith(kinds)}
    numbers = {"ranks": held.numbers["ranks"]} if "ranks" in held.numbers else {}
    return State(state.run, {**state.numbers, **numbers}, {**state.tensors, **parts}, state.weights)


def part_of(state: State, ranks: Ranks) -> State:
    """Return what a state holds of this process, if it is of as many; else what all begin with."""
    numbers: list[Mapping[str, Any]] = state.numbers.get("ranks", [])
    if len(numbers) != ranks.size:
        return state
    prefix = f"{RANK}.{ranks.rank}."
    own = {n.removeprefix(prefix): one for n, one in state.tensors.items() if n.startswith(prefix)}
    return State(
        state.run,
        {**state.numbers, **numbers[ranks.rank]},
        {**state.tensors, **own},
        state.weights,
    )
