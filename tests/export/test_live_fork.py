"""What of a cfg the live fork reads: recorded lists of the options that its source asks for."""

from __future__ import annotations

import json

import pytest
from conftest import HERE

from pydarknet.cfg.lineage import FORK
from pydarknet.cfg.parser import sections_of
from pydarknet.errors import CfgError
from pydarknet.export.live_fork import live_text
from pydarknet.graph.choose_dialect import declared_options
from pydarknet.layers import layer_class, section_names

CFGS = HERE.parent / "cfg"
READS = json.loads((HERE / "reference" / "live_fork_keys.json").read_text())
IOU = "[yolo]\niou_loss=iou2\nnms_kind=softnms\n"


def live(text: str) -> str:
    return live_text(text, "my.cfg")[0]


@pytest.mark.parametrize("name", section_names(FORK))
def test_sections_and_options_are_declared_as_its_source_has_them(name):
    cls = layer_class(name, FORK)
    declared = {key for key, option in declared_options(name, FORK).items() if option.live}

    assert cls.live == (name in READS)
    if cls.live:
        assert declared == set(READS[name])


def test_options_of_net_are_declared_as_its_source_has_them():
    declared = {key for key, option in declared_options("net", FORK).items() if option.live}

    assert declared == set(READS["net"])


def test_the_shipped_net_without_anchors_loses_what_is_ours_alone():
    text = (CFGS / "yolo-free-tiny.cfg").read_text()

    copy, told = live_text(text, "cfg/yolo-free-tiny.cfg")

    assert copy == text.replace("assign=simota\n", "")
    assert len(told) == 3
    assert told[0].endswith("[yolo] assign=simota: left out, the live fork does not read it")
    for section in sections_of(copy, "copy.cfg"):
        assert {entry.key for entry in section.entries} <= set(READS[section.name])


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (IOU, "[yolo]\niou_loss=iou\nnms_kind=default\n"),
        ("[yolo]\niou_loss = ciou # no\n", "[yolo]\niou_loss = ciou # no\n"),
        ("[yolo]\nnum=3\nnum=4\n", "[yolo]\nnum=3\n"),  # it stops at the second
        ("[yolo]\n# radius\nradius=2\nfoo=1\nbar\n\nl1=1\n", "[yolo]\n# radius\n\n"),
        ("[net]\npolicy=steps\nsteps=1\nstep=1\n", "[net]\npolicy=steps\nsteps=1\n"),
        ("[net]\nsteps=1\nadam=1\nB1=.9\n", "[net]\nadam=1\nB1=.9\n"),
        ("[net]\nB1=.9\npolicy=sgdr\nsteps=1\n", "[net]\npolicy=sgdr\nsteps=1\n"),
    ],
)
def test_a_copy_has_what_it_reads(given, wanted):
    assert live(given) == wanted


def test_a_section_that_it_does_not_have_is_told():
    with pytest.raises(CfgError, match=r"my.cfg:2: \[gru\] is unknown to the live fork: expected"):
        live("[net]\n[gru]\noutput=3\n")
