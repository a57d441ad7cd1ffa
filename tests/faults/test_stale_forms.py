"""A compiled network never gives the answer of other files, however their change is hidden."""

from __future__ import annotations

import pytest
from conftest import BENCHMARKS

from pydarknet.cli import compile_later
from pydarknet.system import identity

pytest.importorskip("onnx")
REST = 0.1  # seconds, in which a disk's clock moves on


def test_no_change_goes_unseen(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)
    import stale_forms

    monkeypatch.setattr(identity, "SETTLED", int(REST * 1e9 / 2))
    monkeypatch.setattr(compile_later, "FIRST_SECONDS", 1000)  # so that only what must be is
    names = list(stale_forms.KINDS)

    tally = stale_forms.run_attempts(tmp_path, names, [1] * len(names), REST, again=False)

    assert tally.wrong == []
    assert all(tally.answers[name] for name in names)
    assert tally.by_form["thresholds"] == tally.answers["thresholds"]  # which are of the call
