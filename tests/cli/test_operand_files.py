"""Files of a command line are recognised by their content."""

from __future__ import annotations

import struct
import sys

import pytest

from pydarknet.cli.operand_files import check_working_folder, content, words_in_order
from pydarknet.errors import UsageError

HEADER = struct.pack("<3iQ", 0, 2, 0, 0)
FILES = {
    "net.CFG": b"\xef\xbb\xbf# my network\r\n\r\n [ net ]\r\nwidth=8\r\n",
    "obj.txt": b"; mine\nclasses = 2\ntrain = list.txt\n",
    "net.bin": HEADER + b"\0" * 16,
    "photo": b"\xff\xd8\xff\xe0 and so on",
    "a.json": b'{"classes": 2}',
    "b.json": b"[1, 2]",
    "coco.yaml": b"train: images\nnc: 2\n",
    "obj.names": b"cat\ndog\n",
    "noted.data": b"data of my car park\nsee: my notes\nclasses = 1\n",
    "marked.data": b"// my data\n\nnames=x.names\n",
    "unmarked.cfg": b"my network\n[net]\nclasses=2\n",
    "empty": b"",
    "film": b"\0\0\0\x20ftypiso5\0\0\2\0",
    "net.onnx": b"\x08\x07\x12\x09pydarknet",
    "broken.onnx": b"<html>not found</html>",
    "empty.onnx": b"",
    "noise": b"\x01\x02\x03\x04\0\0\0\xff\xff\xff\xff\xff\xff",
}
NAMES = ("data", "cfg", "weights", "images")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Work in a folder of files whose names say little."""
    monkeypatch.chdir(tmp_path)
    for name, bytes_ in FILES.items():
        (tmp_path / name).write_bytes(bytes_)
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("net.CFG", "cfg"),
        ("obj.txt", "data"),
        ("net.bin", "weights"),
        ("photo", "image"),
        ("film", "film"),
        ("a.json", "json"),
        ("b.json", "json"),
        ("coco.yaml", "yaml"),
        ("obj.names", "text"),
        ("noted.data", "data"),
        ("marked.data", "data"),
        ("unmarked.cfg", "text"),
        ("net.onnx", "onnx"),
        ("missing.onnx", "onnx"),
        ("broken.onnx", "onnx"),
        ("empty.onnx", "onnx"),
        (".", "folder"),
        ("empty", ""),
        ("noise", ""),
        ("", ""),
        ("missing.jpg", ""),
        ("missing.cfg", "cfg"),
        ("missing.weights", "weights"),
        ("missing.data", "data"),
        ("yolov3-tiny.cfg", "cfg"),  # shipped
    ],
)
def test_a_file_is_what_it_begins_with(name, kind):
    assert content(name) == kind


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "words",
    [
        ["obj.txt", "net.CFG", "net.bin", "photo"],
        ["obj.txt", "net.CFG"],
        ["empty", "net.CFG", "noise", "obj.names"],
        ["obj.txt", "net.CFG", "", "photo"],
        [],
    ],
)
def test_files_that_may_be_right_stay_where_they_are(capsys, words):
    assert words_in_order(words, NAMES, "usage") == words
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("words", "order"),
    [
        (["net.CFG", "obj.txt", "net.bin", "photo"], [1, 0, 2, 3]),
        (["photo", "net.bin", "net.CFG", "obj.txt"], [3, 2, 1, 0]),
        (["net.CFG", "obj.txt"], [1, 0]),
    ],
)
def test_files_that_are_all_there_may_stand_in_any_order(capsys, words, order):
    assert words_in_order(words, NAMES, "usage") == [words[i] for i in order]
    assert "net.CFG is a cfg" in capsys.readouterr().err


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["obj.names", "net.CFG"], "obj.names is a text without key=value lines: expected a .data"),
        (["coco.yaml", "net.CFG"], "coco.yaml is YAML: expected a .data file there"),
        ([".", "net.CFG"], ". is a folder: expected a .data file there"),
        (["obj.txt", "photo"], "photo is an image: expected a cfg there"),
        (["obj.txt", "net.CFG", "film"], "film is a video: expected a weights file there"),
        (["obj.txt", "net.CFG", "photo"], "photo is an image: expected a weights file there"),
        (["obj.txt", "net.CFG", "net.bin", "net.CFG"], "net.CFG is a cfg: expected an image there"),
        (["net.CFG", "net.bin", "photo"], "net.CFG is a cfg: expected a .data file there"),
        (["obj.txt", "net.onnx"], "net.onnx is an ONNX model: expected a cfg there"),
    ],
)
def test_a_file_that_stands_for_another_is_told(words, told):
    with pytest.raises(UsageError) as error:
        words_in_order(words, NAMES, "how it is called")

    assert str(error.value).startswith(told)
    assert str(error.value).endswith("\n    hint: how it is called")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("words", "order"),
    [
        (["obj.txt", "net.onnx"], ["obj.txt", "net.onnx"]),
        (["obj.txt", "net.onnx", "photo"], ["obj.txt", "net.onnx", "", "photo"]),
        (["obj.txt", "net.onnx", "", "photo"], ["obj.txt", "net.onnx", "", "photo"]),
        (["net.onnx", "photo", "obj.txt"], ["obj.txt", "net.onnx", "", "photo"]),
    ],
)
def test_a_model_stands_for_cfg_and_weights(words, order):
    assert words_in_order(words, NAMES, "usage", onnx=True) == order


@pytest.mark.usefixtures("folder")
def test_a_model_has_no_weights_after_it():
    with pytest.raises(UsageError) as error:
        words_in_order(["obj.txt", "net.onnx", "net.bin"], NAMES, "how it is called", onnx=True)

    assert str(error.value) == (
        "net.onnx has its weights in itself: expected no net.bin\n    hint: how it is called"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps the working folder")
def test_a_working_folder_that_is_gone_is_told(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    check_working_folder()
    gone.rmdir()

    with pytest.raises(UsageError, match="the working folder cannot be read: No such file"):
        check_working_folder()
