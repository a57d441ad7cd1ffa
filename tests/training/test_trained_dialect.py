"""Weights that a training here wrote are known by the state beside them."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from pydarknet.training.state import LENGTH, MAGIC, OLD_MAGIC
from pydarknet.training.trained_dialect import trained_dialect

ORIGINAL, FORK = (0, 2, 0), (0, 2, 5)


@pytest.fixture
def wrote(tmp_path):
    """Return a function that writes weights, and a state beside them."""

    def write(name: str, version: tuple[int, int, int], text: str, magic: bytes = MAGIC) -> Path:
        weights = tmp_path / name
        weights.write_bytes(struct.pack("<3iQ", *version, 0))
        (tmp_path / "my.state").write_bytes(magic + LENGTH.pack(len(text)) + text.encode())
        return weights

    return write


def run_in(dialect: str) -> str:
    """Return the head of a state of a training in a dialect."""
    return f'{{"run": {{"dialect": "{dialect}"}}}}'


@pytest.mark.parametrize(
    "name", ["my.backup", "my_final.weights", "my_1000.weights", "my_last.weights", "my.previous"]
)
def test_the_state_beside_weights_names_their_dialect(wrote, name):
    assert trained_dialect(wrote(name, ORIGINAL, run_in("pjreddie"))) == "pjreddie"


def test_a_state_of_before_leaves_it_to_the_header(wrote):
    assert trained_dialect(wrote("my.weights", FORK, '{"run": {}}', OLD_MAGIC)) == "alexeyab"


def test_a_state_of_another_dialect_is_of_other_weights(wrote):
    assert trained_dialect(wrote("my_final.weights", FORK, run_in("pjreddie"))) is None


@pytest.mark.parametrize("name", ["yours_final.weights", "my.conv.15", "my_other.weights"])
def test_other_files_of_the_folder_are_not_known(wrote, name):
    assert trained_dialect(wrote(name, ORIGINAL, run_in("pjreddie"))) is None


@pytest.mark.parametrize("text", ["{", "[]", '{"run": 3}', ""])
def test_a_damaged_state_says_nothing(wrote, text):
    assert trained_dialect(wrote("my.backup", ORIGINAL, text)) is None


def test_a_file_of_that_name_that_is_no_state_says_nothing(wrote):
    assert trained_dialect(wrote("my.backup", ORIGINAL, run_in("pjreddie"), b"x" * 18)) is None
