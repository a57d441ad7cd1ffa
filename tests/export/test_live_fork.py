"""What of a cfg the live fork reads: recorded lists of the options that its source asks for."""

from __future__ import annotations

import json

import pytest
from conftest import HERE

from pydarknet.cfg.lineage import FORK
from pydarknet.cfg.parser import sections_of
from pydarknet.errors import CfgError
from pydarknet.export.live_fork import boxless, live_text
from pydarknet.graph.choose_dialect import typed_options
from pydarknet.layers import layer_class, section_names

CFGS = HERE.parent / "cfg"
READS = json.loads((HERE / "reference" / "live_fork_keys.json").read_text())
WORDS = json.loads((HERE / "reference" / "live_fork_words.json").read_text())
SIZE = "[net]\nwidth=64\nheight=96\n"
IOU = "[yolo]\niou_loss=iou2\nnms_kind=softnms\n"


def live(text: str) -> str:
    """Return the copy of a cfg, below a [net] with the size of its input."""
    copy = live_text(SIZE + text, "my.cfg")[0]
    assert copy.startswith(SIZE)
    return copy.removeprefix(SIZE)


@pytest.mark.parametrize("name", section_names(FORK))
def test_sections_and_options_are_declared_as_its_source_has_them(name):
    cls = layer_class(name, FORK)
    declared = {key for key, (option, _) in typed_options(name, FORK).items() if option.live}

    assert cls.live == (name in READS)
    if cls.live:
        assert declared == set(READS[name])


@pytest.mark.parametrize("name", [*READS, "net"])
def test_its_words_are_declared_as_its_source_has_them(name):
    options = typed_options(name, FORK)
    choices = {key: one for key, (one, _) in options.items() if one.live and one.choices}

    for key, one in choices.items():
        assert {one.live_words.get(word, word) for word in one.choices(FORK)} <= {*WORDS[key]}
        assert set(one.choices(FORK)) - {*WORDS[key]} == set(one.live_words)


def test_options_of_net_are_declared_as_its_source_has_them():
    declared = {key for key, (option, _) in typed_options("net", FORK).items() if option.live}

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
        ("policy=steps\nsteps=1\nstep=1\n", "policy=steps\nsteps=1\n"),
        ("steps=1\nadam=1\nB1=.9\n", "adam=1\nB1=.9\n"),
        (
            "[shortcut]\nfrom=-2\nweights_type=per_layer\n",
            "[shortcut]\nfrom=-2\nweights_type=per_feature\n",
        ),
        ("[convolutional]\nactivation=nosuch\n", "[convolutional]\nactivation=relu\n"),
        ("decay=4e-5\n", "decay=0.00004\n"),  # it reads no exponents
        ("decay = +.5 # half\n", "decay=0.5\n"),
        ("decay = .5 # half\n", "decay = .5 # half\n"),
        ("policy=steps\nscales=.1, 1e-1\n", "policy=steps\nscales=.1,0.1\n"),
        ("policy=steps\nsteps=4.0,5\n", "policy=steps\nsteps=4,5\n"),
        ("[yolo]\nanchors = 1,2,  3.5,4\n", "[yolo]\nanchors = 1,2,  3.5,4\n"),
        ("[yolo]\nanchors=1,,3,4\n", "[yolo]\nanchors=1,0,3,4\n"),  # it passes over nothing
        ("max_batches = 500 200\n", "max_batches=500200\n"),
        ("max _batches=5\n", "max_batches=5\n"),
        ("[ yolo ]\nmax=3\n", "[yolo]\nmax=3\n"),
        (";batch=2\n; batch=3\n#batch=4\n", "; batch=3\n#batch=4\n"),
        ("B1=.9\npolicy=sgdr\nsteps=1\n", "policy=sgdr\nsteps=1\n"),
    ],
)
def test_a_copy_has_what_it_reads(given, wanted):
    assert live(given) == wanted


def test_a_section_that_it_does_not_have_is_told():
    with pytest.raises(CfgError, match=r"my.cfg:4: \[gru\] is unknown to the live fork: expected"):
        live("[gru]\noutput=3\n")


def test_each_line_that_says_nothing_here_but_there_is_told():
    told = live_text(f"{SIZE}[yolo]\nmax=3\n;max=2\n", "my.cfg")[1]

    assert told == ["my.cfg:6: ;max=2: left out, the live fork takes it for no comment"]


@pytest.mark.parametrize("last", ["yolo", "region"])
def test_an_input_of_a_size_that_it_stops_at_is_told(last):
    with pytest.raises(CfgError) as error:
        live_text(f"[net]\nwidth=64\nheight=100\n[{last}]\n", "my.cfg")

    assert str(error.value) == (
        "my.cfg:3: [net] height = 100: the live fork stops at it where"
        f" [{last}] is last: expected a multiple of 32"
    )


@pytest.mark.parametrize("last", ["Gaussian_yolo", "softmax", "convolutional"])
def test_other_networks_may_have_any_size(last):
    text = f"[net]\nwidth=64\nheight=100\n[{last}]\n"

    assert live_text(text, "my.cfg") == (text, [])


def test_a_network_over_no_image_is_told():
    with pytest.raises(CfgError) as error:
        live_text("[net]\ninputs=256\n[rnn]\n", "my.cfg")

    assert str(error.value) == (
        "my.cfg:1: [net] width is missing: the live fork stops at networks without an image"
    )


@pytest.mark.parametrize(("last", "count"), [("region", 1), ("Gaussian_yolo", 1), ("yolo", 0)])
def test_heads_whose_boxes_it_does_not_find_are_told(last, count):
    told = boxless(f"{SIZE}[{last}]\n", "my.cfg")

    what = f"my.cfg:4: [{last}] is read by the live fork, which finds no boxes with it"
    assert told == [what] * count
