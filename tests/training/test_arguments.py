"""What `pydarknet.train` says of arguments that cannot be meant."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import pydarknet
from pydarknet.errors import DarknetError, WrongType
from pydarknet.training.arguments import check_arguments, files_of


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
