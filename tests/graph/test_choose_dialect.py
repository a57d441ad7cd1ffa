"""How one of the two lineages is chosen."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

import pydarknet
from pydarknet.cfg.dialect import VARIABLE
from pydarknet.cfg.parser import sections_of
from pydarknet.cli.main import main
from pydarknet.errors import UsageError
from pydarknet.graph.choose_dialect import choose_dialect

NET = "[net]\nwidth=8\nheight=8\nchannels=3\n"
POOL = f"{NET}[maxpool]\nsize=2\nstride=2\n"
FORKS_WORD = f"{NET}[convolutional]\nactivation=mish\n"  # on line 6


@pytest.fixture(autouse=True)
def unsaid(monkeypatch):
    """Keep the environment of who runs the tests out of them."""
    monkeypatch.delenv(VARIABLE, raising=False)


def reason(text: str) -> str:
    """Return what the fork is inferred from in a cfg's text."""
    return choose_dialect(sections_of(text, "net.cfg")).reason


def file_of(folder: Path, text: str) -> Path:
    """Write a cfg file."""
    path = folder / "net.cfg"
    path.write_text(text)
    return path


def weights_of(folder: Path, *version: int) -> Path:
    """Write a weights file without an array."""
    path = folder / "net.weights"
    path.write_bytes(struct.pack("<3iQ", *version, 0))
    return path


# The order of choice


def test_the_original_is_the_default():
    choice = choose_dialect(sections_of(POOL, "net.cfg"))

    assert (choice.dialect.name, choice.reason) == ("pjreddie", "")


def test_what_only_the_fork_declares_is_seen():
    assert choose_dialect(sections_of(FORKS_WORD, "net.cfg")).dialect.name == "alexeyab"


def test_the_environment_stands_over_what_is_seen(monkeypatch):
    monkeypatch.setenv(VARIABLE, "pjreddie")

    assert choose_dialect(sections_of(FORKS_WORD, "net.cfg")).dialect.name == "pjreddie"


def test_what_is_said_stands_over_the_environment(monkeypatch):
    monkeypatch.setenv(VARIABLE, "pjreddie")

    assert choose_dialect([], given="alexeyab").dialect.name == "alexeyab"


def test_an_empty_environment_says_nothing(monkeypatch):
    monkeypatch.setenv(VARIABLE, "")

    assert choose_dialect([]).dialect.name == "pjreddie"


def test_the_command_line_is_seen_before_the_cfg():
    choice = choose_dialect(
        sections_of(FORKS_WORD, "net.cfg"), seen="-ext_output on the command line"
    )

    assert choice.reason == "-ext_output on the command line"


def test_the_cfg_is_seen_before_the_weights():
    choice = choose_dialect(sections_of(FORKS_WORD, "net.cfg"), version=(0, 2, 5))

    assert choice.reason == "net.cfg:6: activation=mish"


@pytest.mark.parametrize(
    ("version", "name"),
    [
        ((0, 2, 5), "alexeyab"),
        ((0, 2, 0), "pjreddie"),
        ((0, 1, 0), "pjreddie"),
        ((0, 2, 4), "pjreddie"),
        ((1, 2, 5), "pjreddie"),
    ],
)
def test_a_weights_file_is_the_forks_by_one_version_of_its_header(version, name):
    assert choose_dialect([], version=version).dialect.name == name


@pytest.mark.parametrize("name", ["pjreddie", "alexeyab"])
def test_what_is_said_has_no_reason(name):
    choice = choose_dialect(sections_of(FORKS_WORD, "net.cfg"), given=name)

    assert (choice.dialect.name, choice.reason) == (name, "")


# What the fork is inferred from


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("[net]\nletter_box=1", "net.cfg:2: letter_box=1"),
        ("[network]\nmosaic=0", "net.cfg:2: mosaic=0"),
        ("[net]\npolicy=sgdr", "net.cfg:2: policy=sgdr"),
        ("[net]\n[convolutional]\nactivation=swish", "net.cfg:3: activation=swish"),
        ("[net]\n[conv]\nsize=3\ndilation=2", "net.cfg:4: dilation=2"),
        ("[net]\n[route]\nlayers=-1\ngroups=2", "net.cfg:4: groups=2"),
        ("[net]\n[yolo]\nscale_x_y=1.05", "net.cfg:3: scale_x_y=1.05"),
        ("[net]\n[yolo]\nnms_kind=diounms", "net.cfg:3: nms_kind=diounms"),
        ("[net]\n[yolo]\nnms_kind=softnms\nbeta_nms=.6", "net.cfg:4: beta_nms=.6"),
        ("[net]\n[maxpool]\n[sam]\nfrom=-2", "net.cfg:3: [sam]"),
        ("[net]\n[Gaussian_yolo]", "net.cfg:2: [Gaussian_yolo]"),
        ("[net]\n[empty]", "net.cfg:2: [empty]"),
    ],
)
def test_the_fork_is_seen_by_a_section_an_option_or_a_word(text, seen):
    assert reason(text) == seen


@pytest.mark.parametrize(
    "text",
    [
        "[net]\nbatch=1\npolicy=steps",
        "[net]\nnonsense=1",
        "[net]\n[convolutional]\nactivation=leaky",
        "[net]\n[convolutional]\nactivation=nonsense",
        "[net]\n[convolutional]\ngroups=2",  # a convolution has groups in both
        "[net]\n[route]\nlayers=-1",
        "[net]\n[yolo]\nmask=0,1",
        "[net]\n[nonsense]\nscale_x_y=1",
        "[net]\n[yolo]\nnms_kind=softnms",  # of neither, and read in both
        "[net]\n[region]\nnms_kind=none\nsigma_nms=.5\nnms_agnostic=1",
        "[net]\n[yolo]\nassign=simota\nradius=2\nl1=1",
        "[net]\n[logistic]",  # the original's
        "[net]\n[deconvolutional]",  # the original's, and read in both
    ],
)
def test_what_both_know_or_neither_is_the_originals(text):
    assert reason(text) == ""


# Telling


def test_the_reason_is_told_once(tmp_path, capsys):
    cfg = file_of(tmp_path, FORKS_WORD)

    pydarknet.load_network(cfg, device="cpu")

    told = f"dialect alexeyab: inferred from {cfg}:6: activation=mish\n"
    assert capsys.readouterr().err.count(told) == 1


def test_a_choice_by_the_weights_is_told(tmp_path, capsys):
    cfg, weights = file_of(tmp_path, POOL), weights_of(tmp_path, 0, 2, 5)

    network = pydarknet.load_network(cfg, weights, device="cpu")

    assert network.dialect.name == "alexeyab"
    told = capsys.readouterr().err
    assert told.startswith(
        "dialect alexeyab: inferred from version 0.2.5 in the weights file's header"
    )
    assert told.count("0.2.5") == 1


def test_a_choice_by_the_weights_is_told_on_the_command_line(tmp_path, capsys):
    cfg, weights = file_of(tmp_path, POOL), weights_of(tmp_path, 0, 2, 5)

    main(["partial", str(cfg), str(weights), str(tmp_path / "out.weights"), "1"])

    assert capsys.readouterr().err.count("dialect alexeyab: inferred from") == 1


@pytest.mark.parametrize("name", ["pjreddie", "alexeyab"])
def test_a_choice_that_is_said_is_not_told(tmp_path, capsys, name):
    pydarknet.load_network(file_of(tmp_path, POOL), dialect=name, device="cpu")

    assert "dialect" not in capsys.readouterr().err


def test_the_default_is_not_told(tmp_path, capsys):
    pydarknet.load_network(file_of(tmp_path, POOL), device="cpu")

    assert "dialect" not in capsys.readouterr().err


def test_an_unknown_name_in_the_environment_is_told(monkeypatch):
    monkeypatch.setenv(VARIABLE, "fork")

    with pytest.raises(UsageError, match="dialect fork: expected one of"):
        choose_dialect([])


def test_a_wrong_word_in_the_environment_is_told_with_the_variable(monkeypatch):
    monkeypatch.setenv(VARIABLE, "darknet")

    with pytest.raises(UsageError, match="PYDARKNET_DIALECT: dialect darknet: expected one of"):
        choose_dialect([])
