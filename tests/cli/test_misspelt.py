"""What is said of a command that does not exist."""

from __future__ import annotations

import pytest

from pydarknet.cli import commands  # noqa: F401  # importing it registers the commands
from pydarknet.cli.misspelt import family_of, no_verb
from pydarknet.errors import UsageError


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("detecter", "did you mean `pydarknet detector`?"),
        ("Detector", "did you mean `pydarknet detector`?"),
        ("train", "did you mean `pydarknet detector train` or `pydarknet classifier train`?"),
        ("predict", "did you mean `pydarknet classifier predict`?"),
        ("foo", "pydarknet --help lists the commands"),
    ],
)
def test_the_command_that_was_meant_is_asked_for(word, hint):
    with pytest.raises(UsageError) as error:
        family_of(word)

    assert str(error.value) == f"Not an option: {word}\n    hint: {hint}"


def test_a_family_is_its_commands():
    assert {verb.words[1] for verb in family_of("classifier")} >= {"predict", "train", "valid"}


def test_a_family_lists_its_usage_below_the_line():
    told = str(no_verb(["detector", "tets"], family_of("detector"))).split("\n")

    assert told[0] == "detector has no tets, did you mean `pydarknet detector test`?"
    assert "usage: pydarknet detector map <data> <cfg> [weights] [flags]" in told
