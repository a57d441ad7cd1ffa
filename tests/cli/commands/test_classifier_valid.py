"""The commands that say of a list of images what each is: classifier label and test."""

from __future__ import annotations

import shutil

import pytest
from conftest import recording
from exports import exported

from pydarknet.cli.main import main
from pydarknet.inference.predict import network_input
from pydarknet.load import load_network
from pydarknet.modules.transforms import load_image


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Work in a copy of a recorded classifier, with a list of three images, one of them missing."""
    shutil.copytree(recording("infer_pj_classifier_crop_cost"), tmp_path / "run")
    monkeypatch.chdir(tmp_path / "run")
    monkeypatch.setenv("PYDARKNET_DIALECT", "pjreddie")
    outputs = load_network("net.cfg", "net.weights", device="cpu").nodes[-1].inputs[0].outputs
    (tmp_path / "run/names").write_text("".join(f"kind {index}\n" for index in range(outputs)))
    (tmp_path / "run/list").write_text("input.png\nnone.png\ninput.png\n")
    (tmp_path / "run/a.data").write_text(f"classes={outputs}\nnames=names\ntest=list\n")
    return tmp_path / "run"


def test_label_prints_the_best_class_of_each_image(folder, capsys):
    assert main(["classifier", "label", "a.data", "net.cfg", "net.weights"]) == 1

    out, err = capsys.readouterr()
    first, second, third = out.split("\n")[:3]
    assert first.startswith("kind ")
    assert (second, third) == ("", first)
    assert 'Cannot load image "none.png"' in err


def test_test_prints_the_scores_of_each_image_of_the_last_batch_too(folder, capsys):
    assert main(["classifier", "test", "a.data", "net.cfg", "net.weights"]) == 1

    out, err = capsys.readouterr()
    rows = [row.split("\t") for row in out.rstrip("\n").split("\n")]
    network = load_network("net.cfg", "net.weights", device="cpu")
    stretched = network_input(network, load_image("input.png"), letterboxed=False)
    expected = network.trace(stretched[None])[network.result].flatten().tolist()
    assert [row[0] for row in rows] == ["input.png", "none.png", "input.png"]
    assert len(rows[0]) == 1 + len((folder / "names").read_text().split("\n")[:-1])
    assert rows[0] == rows[2]
    assert len(rows[1]) == 1
    assert [float(word) for word in rows[0][1:]] == pytest.approx(expected, rel=1e-4)
    assert err.endswith("seconds, 3 images, 3 total\n")


def test_an_exported_classifier_has_the_same_scores(folder, capsys):
    pytest.importorskip("onnxruntime")
    exported(load_network("net.cfg", "net.weights", device="cpu"), folder / "net.onnx")

    assert main(["classifier", "test", "a.data", "net.cfg", "net.weights"]) == 1
    ours = capsys.readouterr().out.split()
    assert main(["classifier", "test", "a.data", "net.onnx"]) == 1
    theirs = capsys.readouterr().out.split()

    assert len(theirs) == len(ours)
    assert theirs[0] == ours[0] == "input.png"
    assert float(theirs[1]) == pytest.approx(float(ours[1]), rel=1e-3)


@pytest.mark.parametrize("dialect", ["pjreddie", "alexeyab"])
def test_parts_of_valid_become_what_one_process_prints(folder, capsys, dialect):
    (folder / "names").write_text("none\ninput\n")
    (folder / "a.data").write_text("classes=2\nlabels=names\nvalid=list\n")
    words = ["classifier", "valid", "a.data", "net.cfg", "net.weights", "-dialect", dialect]
    assert main(words) == 1, "an image is missing"
    expected = capsys.readouterr()

    for number in (1, 2):
        main([*words, "-shard", f"{number}/2"])
    capsys.readouterr()
    assert main([*words, "-merge"]) == 1

    found = capsys.readouterr()
    assert found.out == expected.out
    assert "2: top 1: " in found.out
    assert sorted(found.err) == sorted(expected.err)
