"""A command's usage is the signature of its function."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest

from pydarknet.cli import verbs
from pydarknet.cli.verbs import Help, Run, Verb, parameters, verb


def look(
    run: Run,
    cfg: Annotated[Path, Help("the cfg")],
    n: Annotated[int | None, Help("how often")] = None,
    *images: Annotated[Path, Help("the images")],
    thresh: Annotated[float, Help("the least score", lineage="alexeyab")] = 0.5,
    print_: Annotated[bool, Help("print it")] = False,
) -> None:
    """Look at images.

    With both eyes.
    """


@pytest.fixture
def declared() -> Verb:
    """The command of that function."""
    return Verb(("probe", "look"), look, *parameters(look))


def test_positional_parameters_are_operands_and_others_flags(declared):
    assert [operand.name for operand in declared.operands] == ["cfg", "n", "images"]
    assert [flag.word for flag in declared.flags] == ["-thresh", "-print"]


def test_a_parameter_has_the_bare_type_of_its_annotation(declared):
    assert [operand.kind for operand in declared.operands] == [Path, int, Path]


def test_a_parameter_has_the_help_of_its_annotation(declared):
    assert declared.flags[0].help == Help("the least score", lineage="alexeyab")


def test_a_flag_that_is_no_switch_takes_the_next_word(declared):
    assert [flag.valued for flag in declared.flags] == [True, False]


def test_an_operand_without_a_default_must_be_given(declared):
    assert [operand.required for operand in declared.operands] == [True, False, False]


def test_usage_shows_what_must_be_given_and_what_may(declared):
    assert declared.usage == "usage: pydarknet probe look <cfg> [n] [images ...] [flags]"


def test_a_command_is_summed_up_by_the_first_line_of_its_docstring(declared):
    assert declared.summary == "Look at images."


def test_a_command_is_registered_by_its_words(monkeypatch):
    monkeypatch.setattr(verbs, "VERBS", {})

    assert verb("probe look", light=True)(look) is look
    assert verbs.VERBS["probe", "look"].light


def test_words_are_registered_once(monkeypatch):
    monkeypatch.setattr(verbs, "VERBS", {})
    verb("probe look")(look)

    with pytest.raises(ValueError, match="command probe look is registered twice"):
        verb("probe look")(look)
