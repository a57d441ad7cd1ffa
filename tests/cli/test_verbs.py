"""A command's usage is the signature of its function."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pytest

from pydarknet.cli import verbs
from pydarknet.cli.verbs import NO_NETWORK, VERBS, Help, Run, Verb, groups, parameters, verb


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

    assert verb("probe look", uses=NO_NETWORK)(look) is look
    assert not verbs.VERBS["probe", "look"].needs_torch


def test_words_are_registered_once(monkeypatch):
    monkeypatch.setattr(verbs, "VERBS", {})
    verb("probe look")(look)

    with pytest.raises(ValueError, match="command probe look is registered twice"):
        verb("probe look")(look)


# Flags that several commands share


@dataclass(frozen=True)
class Flags:
    """Two flags that commands share."""

    thresh: Annotated[float, Help("the least score")] = 0.5
    out: Annotated[Path | None, Help("where to")] = None


def command(run: Run, image: Path, *, flags: Flags, n: Annotated[int, Help("how often")] = 1):
    """Note how it is called."""
    CALLS.append((image, flags, n))


CALLS: list[Any] = []


@pytest.fixture
def made():
    """Declare the command, which was not called yet."""
    CALLS.clear()
    operands, flags = parameters(command)
    return Verb(("look",), command, operands, flags, groups=groups(command))


def test_fields_of_a_dataclass_are_flags(made):
    assert [(flag.word, flag.kind, flag.default) for flag in made.flags] == [
        ("-thresh", float, 0.5),
        ("-out", Path, None),
        ("-n", int, 1),
    ]
    assert [operand.name for operand in made.operands] == ["image"]


def test_flags_that_are_given_go_into_the_dataclass(made):
    made.call(Run(), [Path("a.jpg")], {"thresh": 0.25, "n": 3})

    assert [(Path("a.jpg"), Flags(thresh=0.25), 3)] == CALLS


def test_flags_that_are_not_given_have_their_defaults(made):
    made.call(Run(), [Path("a.jpg")], {})

    assert [(Path("a.jpg"), Flags(), 1)] == CALLS


def test_every_command_that_opens_a_network_reads_a_cfg_by_flags():
    assert {v.uses[:3] for v in VERBS.values() if v.needs_torch} == {
        ("dialect", "batchnorm", "lenient")
    }


def test_every_training_of_images_may_be_told_not_to_tune():
    trainings = {words: one for words, one in VERBS.items() if words[-1] == "train"}

    assert {words[0] for words, one in trainings.items() if "tune" in one.uses} == {
        *("detector", "classifier", "yolo", "coco"),
    }
    assert len(trainings) == 5  # and that of texts
