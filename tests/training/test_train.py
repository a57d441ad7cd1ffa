"""Which state a training goes on from, and from what its first numbers are drawn."""

import pytest
import torch

from pydarknet.training.checkpoints import State
from pydarknet.training.train import first_seed, is_same_run

RUN = {"cfg": "c", "data": "d", "weights": "w"}


def state(*, newest: str = "n", **run: str) -> State:
    """Return the state beside the newest weights of a training of the same files but for some."""
    return State({**RUN, **run}, {}, {}, newest)


def test_a_run_of_the_same_files_goes_on():
    assert is_same_run(state(), RUN)


@pytest.mark.parametrize("name", ["cfg", "data", "weights"])
def test_a_run_of_another_file_does_not(name):
    assert not is_same_run(state(**{name: "other"}), RUN)


def test_a_run_that_is_given_the_newest_weights_goes_on():
    assert is_same_run(state(newest="w", weights="other"), RUN)


def test_first_weights_are_drawn_by_the_seed_that_is_given():
    assert first_seed(7) == 7

    drawn = torch.rand(1)
    first_seed(7)

    assert torch.rand(1) == drawn


def test_without_one_the_seed_is_any():
    assert first_seed(None) != first_seed(None)
