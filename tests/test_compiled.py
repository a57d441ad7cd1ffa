"""Compiled networks: found by what opening them depends on, made once, told again."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from functools import partial

import pytest
from conftest import recording

import pydarknet
from pydarknet.compiled import (
    Wanted,
    compile_opened,
    open_before,
    open_compiled,
    record_opening,
)
from pydarknet.load import load_network
from pydarknet.runtime.forms import forms
from pydarknet.system import identity
from pydarknet.system.identity import Identity
from pydarknet.system.inputs import is_input, keep_inputs

pytest.importorskip("onnx")
pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture
def wanted(tmp_path, monkeypatch):
    """Return what is wanted of the network of a recording, in a folder of the test."""
    monkeypatch.chdir(tmp_path)
    for name in ("net.cfg", "net.weights"):
        shutil.copy(recording("infer_pj_yolov3_a") / name, tmp_path / name)
    return Wanted(cfg=tmp_path / "net.cfg", weights=tmp_path / "net.weights", dialect="pjreddie")


def load(wanted):
    """Open what is wanted by torch."""
    return load_network(wanted.cfg, wanted.weights, dialect=wanted.dialect, device="cpu")


def refuse():
    """Fail as soon as torch is asked."""
    raise AssertionError("torch opens a network that was compiled")


def test_it_is_compiled_once(wanted):
    first = open_compiled(wanted, partial(load, wanted))
    second = open_compiled(wanted, refuse)

    assert first.about == second.about
    assert second.traits.place[0] == str(wanted.cfg)
    assert len(list(forms())) == 1


def test_what_was_told_is_told_again(wanted, capfd):
    wanted.cfg.write_text(wanted.cfg.read_text().replace("[net]", "[net]\nodd=1", 1))
    other = replace(wanted, dialect=None)
    open_compiled(other, partial(load, other))
    told = capfd.readouterr()
    assert told.err

    open_compiled(other, refuse)

    assert capfd.readouterr() == told


def test_its_files_are_kept_as_inputs(wanted):
    open_compiled(wanted, partial(load, wanted))

    with keep_inputs():
        open_compiled(wanted, refuse)
        assert is_input(wanted.cfg)
        assert is_input(wanted.weights)


@pytest.mark.parametrize(
    "change",
    [
        {"dialect": "alexeyab"},
        {"dialect": None},
        {"seen": "-letter_box"},
        {"shown": "-ext_output"},
        {"batchnorm": "cpu"},
        {"precision": "float"},
        {"strict": False},
        {"device": "cpu"},
        {"how": ("boxes",)},
    ],
)
def test_all_that_decides_it_is_in_the_key(wanted, change):
    assert replace(wanted, **change).key != wanted.key
    assert replace(wanted).key == wanted.key


def test_a_form_is_of_bytes_and_not_of_names(wanted, tmp_path):
    _, opening = record_opening(wanted, partial(load, wanted))
    other = replace(wanted, cfg=tmp_path / "other.cfg", weights=tmp_path / "other.weights")
    os.rename(wanted.cfg, other.cfg)
    os.rename(wanted.weights, other.weights)
    _, renamed = record_opening(other, partial(load, other))
    assert other.form_key(renamed) == wanted.form_key(opening)

    other.cfg.write_text(other.cfg.read_text() + "\n")
    _, edited = record_opening(other, partial(load, other))
    assert other.form_key(edited) != wanted.form_key(opening)


@pytest.mark.parametrize("change", [{"batchnorm": "cpu"}, {"strict": False}])
def test_a_form_is_of_what_changes_numbers(wanted, change):
    _, opening = record_opening(wanted, partial(load, wanted))

    assert replace(wanted, **change).form_key(opening) != wanted.form_key(opening)
    other = replace(opening, dialect="alexeyab")
    assert wanted.form_key(other) != wanted.form_key(opening)


def test_a_form_is_not_of_files_that_are_missing(wanted, tmp_path):
    _, opening = record_opening(wanted, partial(load, wanted))
    missing = Identity.of(tmp_path / "net.state")  # which commands look for

    other = replace(opening, files=[*opening.files, missing])

    assert wanted.form_key(other) == wanted.form_key(opening)


def test_a_form_of_large_weights_is_of_their_times(wanted, monkeypatch):
    clock = identity.time.time_ns
    monkeypatch.setattr(identity, "SMALL", 1000)  # bytes
    monkeypatch.setattr(identity.time, "time_ns", lambda: clock() + 10**10)
    _, opening = record_opening(wanted, partial(load, wanted))
    _, again = record_opening(wanted, partial(load, wanted))
    assert wanted.form_key(again) == wanted.form_key(opening)

    os.utime(wanted.weights)

    _, later = record_opening(wanted, partial(load, wanted))
    assert not opening.holds()
    assert wanted.form_key(later) != wanted.form_key(opening)


def test_a_form_that_cannot_be_is_not_tried_again(wanted, monkeypatch):
    def fail(*given):
        raise pydarknet.DataError("largest difference 1: expected at most 0.001")

    monkeypatch.setattr("pydarknet.export.compile.compile_network", fail)
    network, opening = record_opening(wanted, partial(load, wanted))
    with pytest.raises(pydarknet.DataError, match="largest difference"):
        compile_opened(wanted, network, opening)

    before, compiled = open_before(wanted)

    assert before
    assert before.form == ""
    assert compiled is None


def test_where_none_can_be_kept_that_is_told(wanted, tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))

    with pytest.raises(pydarknet.UsageError, match="cannot be kept"):
        open_compiled(wanted, partial(load, wanted))


def test_wrong_files_are_told_before_anything_is_read(wanted, tmp_path):
    with pytest.raises(pydarknet.CfgError, match=r"Couldn't open file: .*none\.cfg"):
        open_compiled(replace(wanted, cfg=tmp_path / "none.cfg"), refuse)
    with pytest.raises(pydarknet.UsageError, match="dialect latin"):
        open_compiled(replace(wanted, dialect="latin"), refuse)
