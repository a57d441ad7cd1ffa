"""The command export onnx."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from pydarknet.cli.main import main
from pydarknet.export import int8
from pydarknet.modules.transforms import save_image
from pydarknet.system.resources import shipped_file

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
        (["-batch", "0"], "batch 0: expected a number of at least 1, or dynamic"),
        (["-opset", "9"], "opset 9: expected 12 to "),
        (["-layout", "yolo"], "layout yolo: expected one of merged, rows, deepstream, "),
    ],
)
def test_wrong_words_are_told(words, problem, capsys, tmp_path):
    assert main([*WORDS, *words]) == 1

    assert problem in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_no_input_is_written_over(tmp_path, capsys):
    """The file's name follows from that of the weights, where a link may lead to them."""
    weights = shipped_file("digits.weights").read_bytes()
    (tmp_path / "my.weights").write_bytes(weights)
    (tmp_path / "my.onnx").symlink_to("my.weights")

    assert main(["export", "onnx", "digits.cfg", "my.weights"]) == 1
    assert "my.onnx is read by this command: expected another file" in capsys.readouterr().err
    assert main(["export", "onnx", "digits.cfg", "my.weights", "my.weights"]) == 1

    assert (tmp_path / "my.weights").read_bytes() == weights


def test_an_image_in_the_place_of_the_file_stays(tmp_path, capsys):
    image = shipped_file("digits.png").read_bytes()
    (tmp_path / "photo.png").write_bytes(image)

    assert main([*WORDS, "photo.png"]) == 1

    assert "photo.png is no name of an ONNX file: expected one that" in capsys.readouterr().err
    assert (tmp_path / "photo.png").read_bytes() == image


def test_labels_that_are_the_names_stay(tmp_path, capsys):
    (tmp_path / "my.data").write_text("names=labels.txt\n")
    (tmp_path / "labels.txt").write_text("a\n" * 12)

    assert main([*WORDS, "-data", "my.data", "-labels"]) == 1

    assert "labels.txt is read by this command: expected another" in capsys.readouterr().err
    assert not (tmp_path / "digits.onnx").exists()


def test_too_few_names_are_refused(tmp_path, capsys):
    (tmp_path / "my.data").write_text("names=my.names\n")
    (tmp_path / "my.names").write_text("a\nb\n")

    assert main([*WORDS, "-data", "my.data"]) == 1

    assert "my.names: 2 labels: expected 10, one per class" in capsys.readouterr().err


def test_odd_names_are_text_in_the_file(tmp_path):
    names = [b"it's", b'"q"', b"a\\b", b"x\xffy", b"{1}", b"a:b", b",", b"1", b"2", b"3", b"more"]
    (tmp_path / "my.data").write_text("names=my.names\n")
    (tmp_path / "my.names").write_bytes(b"\n".join(names))

    assert main([*WORDS, "-data", "my.data", "-labels"]) == 0

    found = ast.literal_eval(keys("digits.onnx")["names"])
    assert [found[k] for k in range(7)] == ["it's", '"q"', "a\\b", "x\ufffdy", "{1}", "a:b", ","]
    assert (tmp_path / "labels.txt").read_text("utf-8").splitlines()[3] == "x\ufffdy"


def test_the_letterbox_is_told_in_the_file():
    assert main([*WORDS, "-letter_box"]) == 0

    assert keys("digits.onnx")["model_info resize_type"] == "fit_to_window_letterbox"


def test_images_may_be_a_list(tmp_path, capsys):
    (tmp_path / "a.png").write_bytes(shipped_file("digits.png").read_bytes())
    (tmp_path / "list.txt").write_text("a.png\n")

    assert main([*WORDS, "my.onnx", "list.txt"]) == 0
    assert main([*WORDS, "other.onnx", "my.onnx"]) == 1

    assert "is an ONNX model: expected an image there" in capsys.readouterr().err
    assert not (tmp_path / "other.onnx").exists()


def test_two_exports_are_the_same_bytes(tmp_path):
    assert main([*WORDS, "a.onnx"]) == main([*WORDS, "b.onnx"]) == 0

    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()


@pytest.mark.parametrize("opset", [12, 14, 18, 23])
def test_each_opset_is_read_by_onnxruntime(opset):
    pytest.importorskip("onnxruntime")

    assert main([*WORDS, "-opset", str(opset)]) == 0

    assert onnx.load("digits.onnx").opset_import[0].version == opset


@pytest.fixture
def colours(net, monkeypatch):
    """Write a classifier of three colours, a bright image of each, a dark one, and lists of them.

    Its two convolutions pass the colours on.
    """
    pytest.importorskip("onnxruntime")
    monkeypatch.setattr(int8, "SECONDS", 0)
    body = "[convolutional]\nfilters=3\nsize=1\nstride=1\nactivation=linear\n"
    text = body + body + "[avgpool]\n[softmax]\n"
    network = net(text, h=4, w=4)
    network.initialize()
    for name, value in network.state_dict().items():
        value.copy_(torch.eye(3)[..., None, None] if name.endswith("weights") else value * 0)
    Path("net.cfg").write_text("[net]\nwidth=4\nheight=4\nchannels=3\n" + text)
    network.save_weights("net.weights")
    for place, name in enumerate(("red", "green", "blue", "dark")):
        pixel = [1 if name == "dark" else 255 - 55 * (place != channel) for channel in range(3)]
        save_image(np.full((4, 4, 3), pixel, np.uint8), f"{name}.png")
    Path("valid.txt").write_text("red.png\ngreen.png\nblue.png\n")
    Path("dark.txt").write_text("dark.png\n")
    Path("labels.txt").write_text("red\ngreen\nblue\n")
    Path("my.data").write_text("classes=3\ntop=2\nlabels=labels.txt\nvalid=valid.txt\n")


@pytest.mark.usefixtures("colours")
def test_a_classifier_in_8_bits_is_measured(capsys):
    words = ["export", "onnx", "net.cfg", "net.weights", "-data", "my.data", "-int8", "-calibrate"]

    assert main([*words, "valid.txt"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert "top 1: 100.00% in float, 100.00% in int8: 0.00 points lost" in lines
    assert "top 2: 100.00% in float, 100.00% in int8: 0.00 points lost" in lines
    Path("net.onnx").unlink()

    assert main([*words, "dark.txt"]) == 1  # in the ranges of a dark image, bright ones are level

    said = "net.onnx: int8 loses 66.67 points of top 1, 100.00% to 33.33%: expected at most 2\n"
    assert said in capsys.readouterr().err
    assert not Path("net.onnx").exists()
    assert main([*words, "dark.txt", "-force"]) == 0
    assert "top 1: 100.00% in float, 33.33% in int8: 66.67 points" in capsys.readouterr().out
