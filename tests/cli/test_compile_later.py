"""When a network is compiled, and that what fails harms nothing."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from pydarknet.cli import compile_later as module
from pydarknet.cli.compile_later import Compilation, compile_later, compile_pending, forget_pending
from pydarknet.cli.main import main
from pydarknet.compiled import Wanted
from pydarknet.errors import DataError
from pydarknet.runtime.forms import forms

TEST = ["detector", "test", "net.data", "net.cfg", "net.weights", "input.png"]


class Sized:
    """A network of so many numbers."""

    def __init__(self, floats):
        self.floats = floats

    def state_dict(self):
        return {"weights": self}

    def numel(self):
        return self.floats


def of_bytes(size, paid=False):
    """Return the compilation of a network of so many bytes."""
    wanted = Wanted(cfg=Path("net.cfg"))
    return Compilation(wanted, Sized(size // 4), None, boxes=True, paid=paid)


def test_it_pays_for_small_networks_and_long_runs(monkeypatch):
    monkeypatch.setattr(module, "STARTED", time.monotonic() - 2)
    assert of_bytes(25_000_000).pays  # 0.4 s and 0.5 s, less than a second
    assert not of_bytes(50_000_000).pays  # 1.4 s
    assert of_bytes(50_000_000, paid=True).pays

    monkeypatch.setattr(module, "STARTED", time.monotonic() - 5)
    assert of_bytes(50_000_000).pays  # 30 % of 5 s are more


def test_a_large_network_is_compiled_by_the_second_call(folder, cache, monkeypatch, capfd):
    monkeypatch.setattr(module, "FIRST_SECONDS", 1000)

    main(TEST)
    assert list(forms()) == []
    assert "compiled" not in capfd.readouterr().err

    main(TEST)
    assert len(list(forms())) == 1
    assert "the next calls start without torch, by onnxruntime (" in capfd.readouterr().err


def test_or_by_the_first_that_asks_for_it(folder, cache, monkeypatch):
    monkeypatch.setattr(module, "FIRST_SECONDS", 1000)

    main([*TEST, "-compile"])

    assert len(list(forms())) == 1


def test_what_fails_is_told_and_the_answer_stands(folder, cache, monkeypatch, capfd):
    def fail(*given):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pydarknet.compiled.write_form", fail)

    assert main(TEST) == 0

    told = capfd.readouterr()
    assert "Predicted in" in told.out
    assert told.err.count("not compiled for the next call: No space left on device") == 1


def test_a_file_that_changed_meanwhile_is_not_compiled(folder, cache, monkeypatch):
    def change(self):
        raise AssertionError("it is not asked whether it pays")

    monkeypatch.setattr(module, "compile_pending", lambda: None)
    monkeypatch.setattr("pydarknet.cli.main.compile_pending", lambda: None)
    main(TEST)
    [one] = module.PENDING
    weights = bytearray(Path("net.weights").read_bytes())
    weights[-1] ^= 1
    Path("net.weights").write_bytes(weights)
    monkeypatch.setattr(module.Compilation, "pays", property(change))

    module.compile_one(one)

    assert list(forms()) == []
    forget_pending()


def test_what_is_forgotten_is_not_compiled(monkeypatch):
    compile_later(replace(of_bytes(8)))
    forget_pending()
    monkeypatch.setattr(module, "compile_one", pytest.fail)

    compile_pending()


def test_what_has_no_form_is_tried_once(folder, cache, monkeypatch, capfd):
    def fail(*given):
        raise DataError("largest difference 1: expected at most 0.001")

    monkeypatch.setattr("pydarknet.export.compile.compile_network", fail)

    main(TEST)
    assert "not compiled for the next call: largest difference 1" in capfd.readouterr().err
    main(TEST)
    assert "compiled" not in capfd.readouterr().err
