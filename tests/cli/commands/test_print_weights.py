"""The command print."""

from __future__ import annotations

import pytest
from conftest import HERE

from pydarknet.cli.main import main

TOOLS = HERE / "reference" / "tools"
CONV = [f"{TOOLS}/conv.cfg", f"{TOOLS}/conv.weights"]


def test_print_is_the_c_programs(capsys):
    assert main(["print", *CONV, "0"]) == 0

    assert capsys.readouterr().out == (TOOLS / "conv.print.pj.txt").read_text()


@pytest.mark.parametrize("layer", ["3", "99", "-1"])
def test_print_wants_a_convolution(capsys, layer):
    assert main(["print", *CONV, layer]) == 1

    told = f"layer {layer} is not a convolution: expected 0, 1, 2\n"
    assert capsys.readouterr().err.endswith(told)
