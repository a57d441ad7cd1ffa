"""What `pydarknet.train` says of arguments that cannot be meant."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import pydarknet
from pydarknet.errors import DarknetError, WrongType
from pydarknet.training.arguments import Options, check_arguments, files_of


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"workers": -1}, "workers = -1: expected at least 0"),
        ({"workers": 1000}, "workers = 1000: expected at most 256"),
        ({"workers": 1.5}, "workers is of type float: expected a whole number"),
        ({"seed": "x"}, "seed is of type str: expected a whole number"),
        ({"seed": -1}, "seed = -1: expected at least 0"),
        ({"seed": 2**64}, "seed = 18446744073709551616: expected at most 9.22337e+18"),
        ({"callback": 3}, "callback is of type int: expected a function"),
        ({"map": "yes"}, "map is of type str: expected True or MapOptions"),
        ({"data": 3}, "the .data file is of type int: expected its path"),
        ({"cfg": None}, "the cfg is of type NoneType: expected its path"),
        ({"weights": 3}, "the weights file is of type int: expected its path"),
    ],
)
def test_an_argument_that_cannot_be_meant_is_told_before_a_file_is_read(arguments, told):
    with pytest.raises(DarknetError) as error:
        pydarknet.train(**({"data": "none.data", "cfg": "none.cfg"} | arguments))

    assert str(error.value) == told
    assert isinstance(error.value, WrongType) == (" is of type " in told)


def test_what_may_be_given_is_taken():
    check_arguments(np.int64(7), 0, print, True)
    check_arguments(None, None, None, False)
    assert files_of(b"a.data", "b.cfg", Path("c.weights")) == (
        Path("a.data"),
        Path("b.cfg"),
        Path("c.weights"),
    )


@pytest.mark.parametrize(
    ("asked", "seed", "alone", "may"),
    [
        (None, None, True, True),
        (None, 1, True, False),  # a seed repeats a run
        (None, None, False, False),  # processes compute alike
        (True, 1, False, True),
        (False, None, True, False),
    ],
)
def test_a_training_is_tuned_where_nothing_must_be_alike(monkeypatch, asked, seed, alone, may):
    monkeypatch.setenv("PYDARKNET_TUNE", "on")
    options = Options(seed=1, given_seed=seed, ranks=SimpleNamespace(alone=alone))

    assert options.may_tune(SimpleNamespace(tune=asked)) is may


def test_the_variable_switches_tuning_off(monkeypatch):
    monkeypatch.setenv("PYDARKNET_TUNE", "off")

    assert not Options(seed=1).may_tune(SimpleNamespace(tune=None))
