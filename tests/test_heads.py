"""The heads in docs/HEADS.md that stand alone are read as they stand there."""

from __future__ import annotations

import re

import pytest
from conftest import HERE

PAGE = (HERE.parent / "docs" / "HEADS.md").read_text()
WRITTEN = re.findall(r"```ini\n(.*?)```", PAGE, re.S)
BLOCKS = [text for text in WRITTEN if text.count("[") == 1 and "layers" not in text]


def test_there_are_cfgs():
    assert len(BLOCKS) >= 4


@pytest.mark.parametrize("text", BLOCKS, ids=lambda text: text.splitlines()[-1])
def test_every_option_is_used(net, text, capsys):
    options = dict(re.findall(r"^(\w+) *= *(.*)$", text, re.M))
    count = len(options["mask"].split(",")) if "mask" in options else int(options["num"])

    net(text, c=count * (5 + int(options["classes"])), dialect="alexeyab")

    assert "Unused" not in capsys.readouterr().err
