"""What is told of a file of 8-bit integers."""

from __future__ import annotations

from pydarknet.cli.int8_flags import tell
from pydarknet.export.costs import Costs
from pydarknet.system import processor


def test_a_file_that_is_not_faster_is_warned_of(capsys, monkeypatch):
    monkeypatch.setattr(processor, "name", lambda: "Acme 1")

    tell(Costs(times=(2.0, 1.0)))
    assert not capsys.readouterr().err
    tell(Costs(times=(1.0, 1.5)))

    out, err = capsys.readouterr()
    assert out == "a run: 1.0 ms in float, 1.5 ms in int8\n"
    assert "int8 is not faster than float on this machine: 1.5 ms beside 1.0 ms (Acme 1)" in err
