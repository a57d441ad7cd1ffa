"""Flags that several commands share."""

from __future__ import annotations

import pytest

from pydarknet.cli.operands import DetectFlags, TrainFlags
from pydarknet.cli.verbs import VERBS, fields_as_flags


@pytest.mark.parametrize(
    ("command", "group"),
    [
        (("detector", "test"), DetectFlags),
        (("detect",), DetectFlags),
        (("detector", "train"), TrainFlags),
        (("classifier", "train"), TrainFlags),
        (("yolo", "train"), TrainFlags),
        (("coco", "train"), TrainFlags),
    ],
)
def test_commands_of_a_kind_have_its_flags(command, group):
    import pydarknet.cli.main  # noqa: F401  # which registers the commands

    assert set(fields_as_flags(group)) <= set(VERBS[command].flags)


@pytest.mark.parametrize("group", [DetectFlags, TrainFlags])
def test_every_flag_has_a_help_text_and_a_default(group):
    assert all(flag.help.text for flag in fields_as_flags(group))
    assert group()
