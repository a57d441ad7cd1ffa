"""The words of `-precision` are those that the program and the library take."""

from pydarknet.cli.main import CHOICES
from pydarknet.runtime.precision import BFLOAT16, FLOAT, HALF, PRECISIONS


def test_the_words():
    assert (HALF, FLOAT, BFLOAT16) == PRECISIONS == ("half", "float", "bf16")
    assert CHOICES["precision"] == PRECISIONS
