"""Flags that other commands know."""

from __future__ import annotations

import re

import pytest
from conftest import HERE

from pydarknet.cli.main import main

CASE = HERE / "reference" / "infer_pj_yolov3_a"


pytestmark = pytest.mark.usefixtures("folder")
TEST = ["detector", "test", "net.data", "net.cfg", "net.weights"]


def boxes(text: str) -> list[str]:
    """Return the lines of boxes of a text."""
    return [line for line in text.splitlines() if re.fullmatch(r"\S+: \d+%.*", line)]


RECORDED = boxes((CASE / "cli_stdout.txt").read_text())


@pytest.mark.parametrize("flag", [["-clear"], ["-c", "0"], ["-gpus", "0,1"], ["-prefix", "x"]])
def test_flags_of_other_commands_are_taken_out_with_their_values(flag, capfd):
    main([*TEST[:2], *flag, *TEST[2:], "input.png", "-thresh", "0.25", "-batchnorm", "cpu"])

    told = capfd.readouterr()
    assert boxes(told.out) == RECORDED
    assert f"{flag[0]} means nothing to detector test: ignored" in told.err
