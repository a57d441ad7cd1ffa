"""What a state holds of networks that are trained apart."""

from __future__ import annotations

import torch
from together import together

from pydarknet.ranks.ranks import Ranks
from pydarknet.training.apart_state import part_of, tensors_of_each, with_parts_of
from pydarknet.training.state import State

BEGUN = {"batch": 8, "scale": 1.0}
EACH = [{"counts": [8, 0, 4], "scale": 2.0}, {"counts": [8, 4, 8], "scale": 4.0}]
HELD = State(
    {},
    {**BEGUN, "ranks": EACH},
    {
        "a": torch.zeros(1),
        "recurrent.0.x": torch.ones(4),
        "rank.0.b": torch.ones(1),
        "rank.1.a": torch.full((1,), 2.0),
    },
)


def test_the_first_process_gathers_what_others_have_and_some_of_its_own():
    def work(ranks):
        own = {name: torch.full((2,), float(ranks.rank)) for name in "ab"}
        return tensors_of_each(ranks, own, ["b"])

    first, second = together(2, work)

    assert {name: one.tolist() for name, one in first.items()} == {
        "rank.1.a": [1.0, 1.0],
        "rank.0.b": [0.0, 0.0],
        "rank.1.b": [1.0, 1.0],
    }
    assert second == {}


def test_each_process_takes_its_part():
    first, second = (part_of(HELD, Ranks(rank, 2)) for rank in range(2))

    assert (first.numbers["counts"], first.numbers["scale"]) == ([8, 0, 4], 2.0)
    assert (second.numbers["counts"], second.numbers["scale"]) == ([8, 4, 8], 4.0)
    assert (float(first.tensors["a"]), float(first.tensors["b"])) == (0.0, 1.0)
    assert (float(second.tensors["a"]), "b" in second.tensors) == (2.0, False)


def test_other_numbers_of_processes_begin_with_what_the_first_had():
    state = part_of(HELD, Ranks(1, 3))

    assert (state.numbers["scale"], float(state.tensors["a"])) == (1.0, 0.0)
    assert "counts" not in state.numbers


def test_parts_are_handed_on_from_state_to_state():
    own = {"a": torch.ones(1), "recurrent.0.x": torch.zeros(2)}

    state = with_parts_of(State({}, BEGUN, own), HELD)

    assert state.numbers == HELD.numbers
    assert state.tensors.keys() == HELD.tensors.keys()
    assert float(state.tensors["a"]) == 1
    assert state.tensors["recurrent.0.x"].tolist() == [1] * 4  # of all sequences


def test_a_state_without_parts_adds_none():
    state = with_parts_of(State({}, BEGUN, {}), State({}, BEGUN, {"a": torch.ones(1)}))

    assert (state.numbers, state.tensors) == (BEGUN, {})
