"""The flags of export onnx about files of 8-bit integers."""

from __future__ import annotations

import pytest

from pydarknet.cli import int8_flags
from pydarknet.cli.int8_flags import Int8Flags, processor, read_int8, tell
from pydarknet.errors import DataError, UsageError
from pydarknet.export.int8 import Costs

pytest.importorskip("onnxruntime")


def test_the_lists_are_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cal.txt").write_text("a.jpg\n\nb.jpg\n")
    (tmp_path / "my.data").write_text("valid=valid.txt\n")
    (tmp_path / "valid.txt").write_text("c.jpg\n")
    flags = Int8Flags(int8=True, calibrate=tmp_path / "cal.txt", force=True)

    found = read_int8(flags, False, 13, tmp_path / "my.data")

    assert (found.calibrate, found.valid, found.force) == (("a.jpg", "b.jpg"), ("c.jpg",), True)
    assert read_int8(Int8Flags(), False, 13, None) is None


def test_without_truth_it_is_said_that_no_map_is_measured(tmp_path, capsys):
    (tmp_path / "cal.txt").write_text("a.jpg\n")

    found = read_int8(Int8Flags(int8=True, calibrate=tmp_path / "cal.txt"), False, 13, None)

    assert found.valid == ()
    assert (
        "no -data with a list `valid`: the mAP of int8 is not measured" in capsys.readouterr().err
    )


def test_wrong_flags_are_told(tmp_path):
    empty = tmp_path / "cal.txt"
    empty.write_text("\n")

    with pytest.raises(
        UsageError, match=r"^-int8: expected -calibrate LIST, a list of images such"
    ):
        read_int8(Int8Flags(int8=True), False, 13, None)
    with pytest.raises(UsageError, match=r"^-calibrate: expected -int8 too$"):
        read_int8(Int8Flags(calibrate=empty), False, 13, None)
    with pytest.raises(UsageError, match=r"^-force: expected -int8 too$"):
        read_int8(Int8Flags(force=True), False, 13, None)
    with pytest.raises(DataError, match=r"cal\.txt: is empty: expected images for -int8$"):
        read_int8(Int8Flags(int8=True, calibrate=empty), False, 13, None)


def test_a_file_that_is_not_faster_is_warned_of(capsys, monkeypatch):
    monkeypatch.setattr(int8_flags, "processor", lambda: "Acme 1")

    tell(Costs(times=(2.0, 1.0), maps=None))
    assert not capsys.readouterr().err
    tell(Costs(times=(1.0, 1.5), maps=None))

    out, err = capsys.readouterr()
    assert out == "a run: 1.0 ms in float, 1.5 ms in int8\n"
    assert "int8 is not faster than float on this machine: 1.5 ms beside 1.0 ms (Acme 1)" in err


def test_a_processor_has_a_name():
    assert processor()
