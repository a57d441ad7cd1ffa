"""Flags that do nothing in a command."""

from __future__ import annotations

import re

import pytest
from conftest import HERE

from pydarknet.cli.ignored_flags import ignored_flags
from pydarknet.cli.main import main

CASE = HERE / "reference" / "infer_pj_yolov3_a"


pytestmark = pytest.mark.usefixtures("folder")
TEST = ["detector", "test", "net.data", "net.cfg", "net.weights"]


def boxes(text: str) -> list[str]:
    """Return the lines of boxes of a text."""
    return [line for line in text.splitlines() if re.fullmatch(r"\S+: \d+%.*", line)]


RECORDED = boxes((CASE / "cli_stdout.txt").read_text())


@pytest.mark.parametrize("flag", [["-clear"], ["-gpus", "0,1"], ["-c", "0"], ["-prefix", "x"]])
def test_flags_of_other_commands_are_taken_out_with_their_values(flag, capfd):
    main([*TEST[:2], *flag, *TEST[2:], "input.png", "-thresh", "0.25", "-batchnorm", "cpu"])

    told = capfd.readouterr()
    assert boxes(told.out) == RECORDED
    assert f"{flag[0]} means nothing to detector test: ignored" in told.err


@pytest.mark.parametrize(
    ("flag", "reason"),
    [
        (["-json_file_output", "x"], "only the demos write it: `-out NAME.json`"),
        (["-heatmaps"], "no heatmap is drawn"),
        (["-benchmark"], "`speed` times the whole network"),
    ],
)
def test_flags_of_what_is_not_here_are_ignored_with_the_reason(flag, reason, capfd):
    main([*TEST[:2], *flag, *TEST[2:], "input.png", "-thresh", "0.25", "-batchnorm", "cpu"])

    told = capfd.readouterr()
    assert boxes(told.out) == RECORDED
    assert f"{flag[0]} is ignored: {reason}\n" in told.err


def test_a_family_has_a_reason_of_its_own():
    assert ignored_flags("detect")["map"].reason == "only `detector train` uses it"
    assert "map" not in ignored_flags("detector")


# Flags of the whole program


@pytest.mark.parametrize("flag", [["-backend", "onnxruntime"], ["-precision", "half"]])
@pytest.mark.parametrize(
    "command",
    [
        ["detector", "train", "none.data", "none.cfg"],
        ["classifier", "train", "none.data", "none.cfg"],
        ["rnn", "generate", "none.cfg"],
        ["nightmare", "none.cfg", "none.weights", "input.png", "1"],
        ["rescale", "none.cfg", "none.weights", "out.weights"],
        ["ops", "none.cfg"],
        ["detector", "calc_anchors", "none.data"],
    ],
)
def test_how_to_compute_means_nothing_to_commands_that_do_not_detect(flag, command, capsys):
    main([*command, *flag])

    name = " ".join(words for words in command[:2] if not words.endswith(".cfg"))
    assert f"{flag[0]} means nothing to {name}: ignored\n" in capsys.readouterr().err


@pytest.mark.parametrize("flag", ["-backend", "-precision"])
def test_a_wrong_choice_that_means_nothing_is_ignored_too(flag, capsys):
    main(["ops", "net.cfg", flag, "wrong"])

    assert f"{flag} means nothing to ops: ignored\n" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["-dialect", "alexeyab"], ["-batchnorm", "cpu"], ["-lenient"]])
def test_how_to_read_a_cfg_means_nothing_without_a_network(words, capsys, tmp_path):
    assert main(["install-shim", str(tmp_path / "shim"), *words]) == 0

    assert capsys.readouterr().err == f"{words[0]} means nothing to install-shim: ignored\n"


def test_how_to_compute_is_used_by_detection(capfd):
    main([*TEST, "input.png", "-precision", "float"])

    assert "means nothing" not in capfd.readouterr().err
