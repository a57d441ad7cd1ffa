"""Reading cfgs and image files, drawing and printing work without torch."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import HERE, recording

import pydarknet
from pydarknet.cli.main import main

ROOMS = ("system", "cfg", "image", "charts", "runtime", "serving", "doctor", "cli")
FILES = [
    f"pydarknet.boxes.{name}"
    for name in (
        "box",
        "box_arrays",
        "box_columns",
        "draw",
        "opencv_scores",
        "origin",
        "settings",
        "suppression",
        "sweep",
    )
]
CODE = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
    assert not {"torch", "matplotlib"} & sys.modules.keys(), name
"""


def test_rooms_that_need_no_torch_import_none() -> None:
    files = [f for room in ROOMS for f in (HERE.parent / "pydarknet" / room).rglob("*.py")]
    modules = [".".join(file.relative_to(HERE.parent).with_suffix("").parts) for file in files]

    done = subprocess.run(
        [sys.executable, "-c", CODE, *modules, *FILES], capture_output=True, text=True, check=False
    )

    assert done.stderr == ""
    assert "pydarknet.cfg.parser" in modules


COMMANDS = """
import shutil, sys
from pydarknet.cli.main import main

def run(status, *words):
    assert main(words) == status, words
    assert not {"torch", "matplotlib"} & sys.modules.keys(), words

files = ["net.cfg", "net.weights"]
test = ["detector", "test", "net.data", *files, "input.png"]
run(0, *test)
run(0, *test, "-thresh", "0.1", "-out", "found.json", "-save_labels", "-out_dir", "drawn")
run(0, "detect", *files, "input.png")
run(0, "ops", "net.cfg")
run(0, "yolo", "test", "v1.cfg", "v1.weights", "input.png")
run(0, "classifier", "predict", "class.data", "class.cfg", "class.weights", "input.png")
run(1, *test, "-thresh", "50")
run(1, *test, "-backend", "none")
run(1, *test, "-dialect", "latin")
run(1, "detector", "test", "none.data", *files, "input.png")
run(1, "detector", "test", ".", *files, "input.png")
run(1, "detector", "test", "net.data", "none.cfg", "net.weights", "input.png")
run(1, "detector", "test", "net.data", "net.cfg", "none.weights", "input.png")
run(1, "detector", "test", "net.data", *files, "none.png")
run(1, "detector", "tset", "net.data", *files, "input.png")
run(1, "detector", "test", "net.data", "net.cfg", "net.cfg", "input.png")
shutil.move("net.names", "gone.names")
run(1, *test)

import pydarknet
pydarknet.load_network, pydarknet.RuntimeNetwork
run(0, "cache")
network = pydarknet.load_network(*files, dialect="pjreddie", backend="runtime")
assert len(network.detect("input.png", 0.05)) > 10
assert "torch" not in sys.modules
"""
CLASSIFIER = "[net]\nwidth=8\nheight=8\nchannels=3\n\n[connected]\noutput=4\n\n[softmax]\n"


def test_what_was_compiled_runs_without(tmp_path, monkeypatch, cache) -> None:
    pytest.importorskip("onnx")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYDARKNET_DIALECT", "pjreddie")
    for name, stem in (("infer_pj_yolov3_a", "net"), ("infer_pj_yolov1_a", "v1")):
        for ending in ("cfg", "weights"):
            shutil.copy(recording(name) / f"net.{ending}", tmp_path / f"{stem}.{ending}")
    for file in ("net.data", "net.names", "input.png"):
        shutil.copy(recording("infer_pj_yolov3_a") / file, tmp_path)
    Path("class.cfg").write_text(CLASSIFIER)
    Path("class.data").write_text("names=net.names\nclasses=4\n")
    network = pydarknet.load_network("class.cfg")
    network.save_weights("class.weights")
    for words in (
        ["detector", "test", "net.data", "net.cfg", "net.weights", "input.png"],
        ["detect", "net.cfg", "net.weights", "input.png"],
        ["yolo", "test", "v1.cfg", "v1.weights", "input.png"],
        ["classifier", "predict", "class.data", "class.cfg", "class.weights", "input.png"],
        ["ops", "net.cfg"],
    ):
        assert main([*words, "-compile"]) == 0
    pydarknet.load_network("net.cfg", "net.weights", dialect="pjreddie", backend="runtime")

    monkeypatch.delenv("ORT_DISABLE_TELEMETRY")

    done = subprocess.run(
        [sys.executable, "-c", COMMANDS], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    # onnxruntime, which else reports its use, keeps no data base for that
    assert [folder.name for folder in cache.parent.iterdir()] == ["pydarknet"]
