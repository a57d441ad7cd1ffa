"""The command export onnx."""

from __future__ import annotations

import json

import pytest

from pydarknet.cli.main import main

onnx = pytest.importorskip("onnx")
WORDS = ["export", "onnx", "digits.cfg", "digits.weights"]


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)


def keys(path: str) -> dict[str, str]:
    """Return the metadata of a file."""
    return {prop.key: prop.value for prop in onnx.load(path).metadata_props}


def test_the_shipped_network_is_exported(tmp_path, capsys):
    assert main(WORDS) == 0

    out = capsys.readouterr().out
    assert "checked by onnxruntime: largest difference " in out
    assert f"digits.onnx: layout merged, {(tmp_path / 'digits.onnx').stat().st_size} bytes" in out
    assert json.loads(keys("digits.onnx")["pydarknet"])["layout"] == "merged"


def test_labels_stand_beside_the_file(tmp_path, capsys):
    (tmp_path / "out").mkdir()

    assert main([*WORDS, "out/my.onnx", "-labels", "-data", "digits.data"]) == 0

    assert (tmp_path / "out/labels.txt").read_text() == "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n"
    assert "out/labels.txt: 10 names\n" in capsys.readouterr().out


def test_the_form_is_as_asked(tmp_path):
    (tmp_path / "my.data").write_text("names=digits.names\n")
    words = ["-layout", "rows", "-batch", "dynamic", "-size", "96x64", "-opset", "17"]

    assert main([*WORDS, "my.onnx", *words, "-data", "my.data"]) == 0

    model = onnx.load("my.onnx")
    dims = model.graph.input[0].type.tensor_type.shape.dim
    assert [dim.dim_param or dim.dim_value for dim in dims] == ["batch", 3, 64, 96]
    assert model.opset_import[0].version == 17
    assert "'0'" in keys("my.onnx")["names"] or "zero" in keys("my.onnx")["names"]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["-size", "96"], "-size 96: expected WxH, such as 416x416"),
        (["-batch", "0"], "-batch 0: expected a number of at least 1, or dynamic"),
        (["-opset", "9"], "opset 9: expected 12 to "),
        (["-layout", "yolo"], "layout yolo: expected one of merged, rows, deepstream, "),
    ],
)
def test_wrong_words_are_told(words, problem, capsys, tmp_path):
    assert main([*WORDS, *words]) == 1

    assert problem in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
