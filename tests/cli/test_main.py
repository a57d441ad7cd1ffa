"""The words of a command line: commands, flags wherever they stand, help, and the exit status."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import forked
import pytest
from conftest import HERE
from probe import Probe

import pydarknet
from pydarknet.cli import main as main_module
from pydarknet.cli.main import main
from pydarknet.cli.verbs import VERBS
from pydarknet.system.problems import tell_failure

POOL = "[net]\nwidth=4\nheight=4\nchannels=3\n[maxpool]\nsize=2\nstride=2\n"


@pytest.fixture
def probe(monkeypatch):
    """Register the commands of a probe while a test runs."""
    made = Probe()
    for verb in made.verbs():
        monkeypatch.setitem(VERBS, verb.words, verb)
    return made


@pytest.fixture
def cfg(tmp_path):
    """Write a cfg of one pooling layer."""
    path = tmp_path / "net.cfg"
    path.write_text(POOL)
    return str(path)


# Finding the command


def test_no_words_are_answered_by_usage(capsys):
    assert main([]) == 0

    told = capsys.readouterr()
    assert told.err.startswith("usage: pydarknet <command>")
    assert told.out == ""


@pytest.mark.parametrize(
    ("words", "unknown"),
    [
        (["foo"], "foo"),
        (["foo", "x.cfg"], "foo"),
        (["Ops"], "Ops"),
        (["-foo"], "-foo"),
        (["-i", "0", "foo"], "foo"),
    ],
)
def test_an_unknown_command_is_told(capsys, words, unknown):
    assert main(words) == 1

    out, err = capsys.readouterr()
    assert (out, err.split("\n")[0]) == ("", f"Not an option: {unknown}")


@pytest.mark.parametrize("word", ["--version", "-version"])
def test_the_version_is_printed(capsys, word):
    assert main([word]) == 0

    assert capsys.readouterr().out == f"pydarknet {pydarknet.__version__}\n"


@pytest.mark.parametrize("word", ["--help", "-h", "help"])
def test_help_lists_the_commands_and_the_flags_of_all(capsys, word):
    assert main([word]) == 0

    told = capsys.readouterr().out
    assert told.startswith("usage: pydarknet <command> [words] [flags]\n")
    assert "Write the weights of the first n layers, as darknet53.conv.74 is made." in told
    assert "\n  -i N             the GPU to use, by number; -1 is the CPU (0)\n" in told


@pytest.mark.parametrize(
    "words",
    [
        ["ops", "--help"],
        ["--lenient", "ops", "-h"],
        ["ops", "x", "-h"],
        ["help", "ops"],
        ["--help", "ops"],
    ],
)
def test_a_command_has_help_of_its_own(capsys, words):
    assert main(words) == 0

    assert capsys.readouterr().out == (
        "usage: pydarknet ops <cfg>\n"
        "  Print how many floating point operations one image takes.\n"
        "  <cfg>            the network: a Darknet .cfg\n"
    )


@pytest.mark.parametrize("words", [["probe", "--help"], ["probe", "-h"]])
def test_a_family_is_answered_by_the_help_of_each(probe, capsys, words):
    assert main(words) == 0

    assert capsys.readouterr().out == (
        "usage: pydarknet probe look <image> [n] [flags]\n"
        "  Look at an image.\n"
        "  <image>          the image\n"
        "  [n]              how often\n"
        "  -thresh X        the least score (0.5)\n"
        "  -dont_show       open no window\n"
        "  -ext_output      tell places\n"
        "\n"
        "usage: pydarknet probe away [flags]\n"
        "  Look away.\n"
        "  -out TEXT        where to\n"
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["probe"], "probe needs one more word: expected one of away, look"),
        (["probe", "nonsense"], "probe has no nonsense: expected one of away, look"),
        (["probe", "lok", "a.jpg"], "probe has no lok, did you mean `pydarknet probe look`?"),
    ],
)
def test_a_family_without_a_command_is_told_in_one_line_and_usage(probe, capsys, words, told):
    assert main(words) == 1

    assert capsys.readouterr().err == (
        f"{told}\n"
        "usage: pydarknet probe look <image> [n] [flags]\n"
        "usage: pydarknet probe away [flags]\n"
    )


def test_one_of_a_family_has_help_of_its_own(probe, capsys):
    main(["probe", "away", "--help"])

    assert capsys.readouterr().out.startswith("usage: pydarknet probe away [flags]\n")


# Operands


def test_operands_stand_in_order(probe):
    assert main(["probe", "look", "a.jpg", "3"]) == 0

    [(_, operands, _)] = probe.calls
    assert operands == [Path("a.jpg"), 3]


def test_an_operand_may_be_left_out_if_it_may(probe):
    main(["probe", "look", "a.jpg"])

    assert probe.calls[0][1] == [Path("a.jpg"), 1]


def test_an_operand_that_is_missing_is_told_in_one_line(capsys):
    assert main(["partial", "a.cfg"]) == 1

    usage = "usage: pydarknet partial <cfg> <weights> <out> <n>"
    assert capsys.readouterr().err == f"weights is missing: {usage}\n"


def test_words_too_many_are_told_and_ignored(probe, capsys):
    assert main(["probe", "look", "a.jpg", "3", "b.jpg", "c.jpg"]) == 0

    assert capsys.readouterr().err == "too many words: b.jpg c.jpg: ignored\n"
    assert probe.calls[0][1] == [Path("a.jpg"), 3]


def test_a_number_is_the_digits_a_word_begins_with(probe):
    main(["probe", "look", "a.jpg", "3x"])

    assert probe.calls[0][1] == [Path("a.jpg"), 3]


def test_a_word_that_is_no_number_is_told(probe, capsys):
    assert main(["probe", "look", "a.jpg", "three"]) == 1

    assert capsys.readouterr().err == "n three: expected an integer\n"


def test_a_negative_number_is_no_flag(probe):
    main(["probe", "look", "a.jpg", "-1"])

    assert probe.calls[0][1] == [Path("a.jpg"), -1]


def test_a_negative_fraction_is_no_flag(probe, capsys):
    main(["probe", "look", "a.jpg", "-.5"])

    assert capsys.readouterr().err == "n -.5: expected an integer\n"


@pytest.mark.parametrize("end", ["\r", "\n", "\t", "\r\n"])
def test_line_ends_vanish_from_words(probe, end):
    main([f"probe{end}", f"look{end}", f"a.jpg{end}", f"-dont_show{end}"])

    [(_, operands, flags)] = probe.calls
    assert operands == [Path("a.jpg"), 1]
    assert flags["dont_show"]


def test_a_tab_inside_a_word_vanishes_and_that_is_told(probe, capsys):
    main(["probe", "look", "a\tb.jpg", "\r\n"])

    [(_, operands, _)] = probe.calls
    assert operands[0] == Path("ab.jpg")
    assert "a?b.jpg is read as ab.jpg: tabs and line ends vanish\n" in capsys.readouterr().err


def test_a_file_whose_name_has_a_tab_is_read_as_it_was_typed(probe, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a\tb.jpg").write_text("")

    main(["probe", "look", "a\tb.jpg"])

    [(_, operands, _)] = probe.calls
    assert operands[0] == Path("a\tb.jpg")
    assert capsys.readouterr().err == ""


# Errors


def test_an_error_is_one_line_and_a_status(probe, capsys):
    assert main(["probe", "away"]) == 1

    assert capsys.readouterr() == ("", "somewhere: there is nothing to see\n")


@pytest.mark.parametrize(("as_darknet", "status"), [(False, 1), (True, 0)])
def test_an_item_that_failed_is_a_status_except_to_scripts_of_the_c(
    probe, monkeypatch, as_darknet, status
):
    monkeypatch.setattr(
        probe, "calls", type("Calls", (), {"append": lambda *_: tell_failure("a.jpg: bad")})()
    )

    assert main(["probe", "look", "a.jpg"], as_darknet=as_darknet) == status


def test_an_error_of_the_whole_command_is_a_status_to_scripts_of_the_c_too(probe):
    assert main(["probe", "away"], as_darknet=True) == 1


def test_a_file_that_is_missing_is_told_in_darknets_words(capsys, tmp_path):
    assert main(["ops", f"{tmp_path}/none.cfg"]) == 1

    told = f"Couldn't open file: {tmp_path}/none.cfg (No such file or directory)\n"
    assert capsys.readouterr() == ("", told)


def test_an_interrupt_is_a_status_without_a_trace(probe, monkeypatch, capsys):
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(probe, "calls", type("Calls", (), {"append": interrupted})())

    assert main(["probe", "look", "a.jpg"]) == 130
    assert capsys.readouterr().err == ""


def test_the_program_runs_as_a_module(cfg):
    done = forked.run("-m", "pydarknet", "ops", cfg, "-dialect", "pjreddie", cwd=HERE.parent)

    assert done.returncode == 0
    assert done.stdout == "Floating Point Operations: 0\nFloating Point Operations: 0.00 Bn\n"
    assert "    0 max          2 x 2 / 2     4 x   4 x   3   ->     2 x   2 x   3\n" in done.stderr


@pytest.mark.parametrize(
    "words",
    [["detector", "calc_anchors", "my.data", "-width", "416", "-height", "416"], ["version"]],
)
def test_a_command_without_a_network_does_not_wait_for_torch(tmp_path, words):
    (tmp_path / "my.data").write_text("train = train.txt\nclasses = 1\n")
    (tmp_path / "train.txt").write_text("a.jpg\nb.jpg\n")
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("0 .5 .5 .2 .3\n0 .5 .5 .4 .1\n0 .5 .5 .3 .3\n" * 2)
    code = (
        "import sys; from pydarknet.cli.main import main; main(sys.argv[1:]); print(*sys.modules)"
    )
    command = [sys.executable, "-c", code, *words]

    place = {**os.environ, "PYTHONPATH": str(HERE.parent)}

    said = subprocess.run(
        command, cwd=tmp_path, env=place, capture_output=True, text=True, check=True
    ).stdout

    assert len(said.splitlines()) > 1
    assert "torch" not in said.splitlines()[-1].split()


def test_a_command_of_networks_lets_the_collector_work_again():
    code = (
        "import gc; from pydarknet.cli.main import main;"
        "main(['ops', 'none.cfg']); print(gc.isenabled())"
    )

    said = forked.run("-c", code).stdout

    assert said.splitlines()[-1] == "True"


def test_help_does_not_wait_for_torch():
    code = "import sys; from pydarknet.cli.main import main; main(['--help']); print(*sys.modules)"

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout

    assert not {"torch", "cv2", "numpy"} & set(said.splitlines()[-1].split())


@pytest.mark.parametrize(
    ("words", "weights"),
    [
        (["detector", "map", "a.data", "b.cfg", "c.weights"], Path("c.weights")),
        (["detector", "map", "a.data", "b.cfg"], None),
        (["detector", "train", "a.data", "b.cfg", "c.weights"], None),
    ],
)
def test_a_network_that_sees_many_images_gets_memory_while_torch_is_imported(
    words, weights, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    asked = []
    monkeypatch.setattr(main_module, "import_networks", asked.append)

    assert main(words) == 1  # there is no such file

    assert asked == [weights]
