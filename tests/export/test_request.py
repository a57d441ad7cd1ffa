"""What a command or a program asks of an export."""

from __future__ import annotations

import json

import pytest

from pydarknet.errors import DataError, UsageError
from pydarknet.export.request import Request, set_names

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


def test_the_lists_are_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cal.txt").write_text("a.jpg\n\nb.jpg\n")
    (tmp_path / "my.data").write_text("valid=valid.txt\n")
    (tmp_path / "valid.txt").write_text("c.jpg\n")
    request = Request(
        int8=True, calibrate=tmp_path / "cal.txt", data=tmp_path / "my.data", force=True
    )

    found = request.read_int8()

    assert (found.calibrate, found.valid, found.force) == (("a.jpg", "b.jpg"), ("c.jpg",), True)
    assert Request().read_int8() is None


def test_without_truth_it_is_said_that_no_loss_is_measured(tmp_path, capsys):
    (tmp_path / "cal.txt").write_text("a.jpg\n")

    found = Request(int8=True, calibrate=tmp_path / "cal.txt").read_int8()

    assert found.valid == ()
    assert (
        "no -data with a list `valid`: what int8 loses is not measured" in capsys.readouterr().err
    )


def test_wrong_flags_are_told(tmp_path):
    empty = tmp_path / "cal.txt"
    empty.write_text("\n")

    with pytest.raises(
        UsageError, match=r"^-int8: expected -calibrate LIST, a list of images such"
    ):
        Request(int8=True).read_int8()
    with pytest.raises(UsageError, match=r"^-calibrate: expected -int8 too$"):
        Request(calibrate=empty).read_int8()
    with pytest.raises(UsageError, match=r"^-force: expected -int8 too$"):
        Request(force=True).read_int8()
    with pytest.raises(DataError, match=r"cal\.txt: is empty: expected images for -int8$"):
        Request(int8=True, calibrate=empty).read_int8()


def test_the_file_is_as_asked(detector, tmp_path):
    path = tmp_path / "a.onnx"

    Request(half=True, thresh=0.5, letterbox=True).export(detector, path, None)

    keys = {prop.key: prop.value for prop in onnx.load(path).metadata_props}
    ours = json.loads(keys["pydarknet"])
    assert (ours["precision"], ours["thresh"], ours["letterbox"]) == ("half", 0.5, True)


def test_names_are_those_of_a_data_file(detector, tmp_path):
    (tmp_path / "my.data").write_text(f"labels={tmp_path / 'my.names'}\n")
    (tmp_path / "my.names").write_text("cat\ndog\ncow\n")

    set_names(detector, tmp_path / "my.data")

    assert detector.names == ("cat", "dog")
