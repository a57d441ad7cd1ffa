"""The command statistics."""

from __future__ import annotations

import pytest
from conftest import HERE

from pydarknet.cli.main import main

TOOLS = HERE / "reference" / "tools"
CONV = [f"{TOOLS}/conv.cfg", f"{TOOLS}/conv.weights"]
GATES = [f"{TOOLS}/gates.cfg", f"{TOOLS}/gates.weights"]


@pytest.mark.parametrize(
    ("files", "dialect", "recorded"),
    [
        (CONV, "pjreddie", "conv.statistics.pj.txt"),
        (GATES, "alexeyab", "gates.statistics.ab.txt"),
    ],
)
def test_statistics_are_the_c_programs(capsys, files, dialect, recorded):
    assert main(["statistics", *files, "-dialect", dialect]) == 0

    told = (TOOLS / recorded).read_text().removeprefix(" GPU isn't used \n")
    assert capsys.readouterr().out == told
