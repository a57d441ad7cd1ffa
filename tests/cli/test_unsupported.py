"""Commands that are not here: one line says so, and what is instead."""

from __future__ import annotations

import pytest

from pydarknet.cli.main import main
from pydarknet.cli.unsupported import UNSUPPORTED
from pydarknet.cli.verbs import VERBS


@pytest.mark.parametrize("command", UNSUPPORTED)
def test_a_command_that_is_not_here_says_what_is_instead(capsys, command):
    assert main([*command.split(), "a.cfg", "-foo", "7"]) == 1

    told = f"{command} is not supported: {UNSUPPORTED[command]}\n"
    assert capsys.readouterr() == ("", told)


def test_none_of_them_is_here():
    assert not {tuple(command.split()) for command in UNSUPPORTED} & set(VERBS)


def test_another_command_of_the_family_is_not_meant(capsys):
    assert main(["rnn", "valid"]) == 1

    usage = "usage: pydarknet rnn valid <cfg> [weights] [flags]"
    assert capsys.readouterr().err == f"cfg is missing: {usage}\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["-fullscreen"], "-fullscreen is ignored: a window is as large as its image\n"),
        (["--log", "out.txt"], "-log is ignored: the shell's `> FILE` does it\n"),
    ],
)
def test_a_flag_that_is_not_needed_is_told_and_dropped_with_its_value(capsys, words, told):
    assert main(["ops", *words]) == 1

    assert capsys.readouterr().err == f"{told}cfg is missing: usage: pydarknet ops <cfg>\n"
