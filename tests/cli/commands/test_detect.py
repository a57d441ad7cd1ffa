"""The command detect."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import HERE
from exports import exported

from pydarknet.cli.commands.detect import default_model
from pydarknet.cli.main import main
from pydarknet.load import load_network
from pydarknet.system.resources import shipped_file

CASE = HERE / "reference" / "infer_pj_yolov3_a"


pytestmark = pytest.mark.usefixtures("folder")


DIGITS = ["0", "2", "4", "5", "5", "6"]  # in data/digits.png


def test_detect_needs_the_coco_data_of_nobody(capfd):
    Path("small.cfg").write_text(
        "[net]\nwidth=32\nheight=32\nchannels=3\n"
        "[convolutional]\nfilters=255\nstride=32\nactivation=linear\n"
        "[yolo]\nmask=0,1,2\nnum=3\nclasses=80\nanchors=10,10,20,20,30,30\n"
    )

    assert main(["detect", "small.cfg", "", "input.png", "-thresh", "0.99"]) == 0

    assert "coco.names is not here, using " in capfd.readouterr().err


def test_an_image_alone_is_searched_by_the_built_in_model(capfd, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))

    assert main(["detect", str(shipped_file("digits.png")), "-dont_show"]) == 0

    out, err = capfd.readouterr()
    assert sorted(re.findall(r"^(\d): \d+%$", out, re.MULTILINE)) == DIGITS
    assert "model: the built-in digits.cfg with digits.weights, which finds handwritten d" in err
    assert "for the 80 classes of COCO: pydarknet download yolov3.weights" in err
    assert Path("predictions.jpg").stat().st_size > 0


@pytest.mark.parametrize("folder", [".", "weights", "home/.cache/pydarknet"])
def test_yolov3_goes_before_the_built_in_model(capfd, monkeypatch, tmp_path, folder):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    weights = Path(folder) / "yolov3.weights"
    weights.parent.mkdir(parents=True, exist_ok=True)
    weights.write_bytes(b"")

    data, cfg, found = default_model()

    assert (data, cfg, Path(found).resolve()) == ("cfg/coco.data", "yolov3.cfg", weights.resolve())
    assert "model: yolov3.cfg with " in capfd.readouterr().err


def test_an_exported_network_names_its_classes(capfd, tmp_path):
    pytest.importorskip("onnxruntime")
    network = load_network("net.cfg", "net.weights", device="cpu", names="net.names")
    exported(network, tmp_path / "net.onnx", thresh=0.05)

    assert main(["detect", str(tmp_path / "net.onnx"), "input.png"]) == 0

    out, err = capfd.readouterr()
    names = {name.split(":")[0] for name in re.findall(r"^\S+: \d+%", out, re.MULTILINE)}
    assert names
    assert names <= set(Path("net.names").read_text().split())
    assert "coco" not in err
