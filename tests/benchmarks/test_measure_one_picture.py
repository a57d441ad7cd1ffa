"""Whole commands on one picture take turns, and a table has a row of each."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import BENCHMARKS, HERE, recording
from darknet_standin import stand_in

import pydarknet
from pydarknet.inference.predict import network_input
from pydarknet.modules.transforms import load_image

OURS = """
import importlib.util, json, os, pathlib, sys
if "--help" in sys.argv:
    print("  -nocache  ")
    sys.exit()
cache = pathlib.Path(os.environ["XDG_CACHE_HOME"])
engine = importlib.util.find_spec("onnxruntime") is not None
with open({log!r}, "a") as log:
    log.write(json.dumps(["-nocache" in sys.argv, cache.exists(), engine]) + "\\n")
cache.mkdir(exist_ok=True)
print("picture.png: Predicted in 0.1 seconds.\\ndog: 99%\\nblue car: 7%")
"""
COCO = """[net]
width=32
height=32
channels=3
[convolutional]
batch_normalize=1
filters=8
size=3
stride=2
pad=1
activation=leaky
[convolutional]
filters=255
activation=linear
[yolo]
mask=0,1,2
anchors=4,8, 8,4, 8,8
classes=80
num=3
"""


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch):
    """Return the script as a module."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import measure_one_picture

    return measure_one_picture


@pytest.fixture
def darknet(tmp_path: Path) -> Path:
    """Return a program that answers as a C program did."""
    (tmp_path / "c").mkdir()
    return stand_in(recording("infer_pj_yolov3_a"), tmp_path / "c")


def test_every_command_has_a_row_and_finds_the_cache_that_it_should(
    script, darknet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
):
    pytest.importorskip("onnxruntime")
    ours, log = tmp_path / "ours.py", tmp_path / "log.jsonl"
    ours.write_text(OURS.format(log=str(log)))
    monkeypatch.setattr(script, "PYDARKNET", [sys.executable, str(ours)])
    model = str(recording("infer_pj_yolov3_a"))
    words = ["--darknet", str(darknet), "--runs", "1", "--models", model, "--threads", "1"]
    monkeypatch.setattr(sys, "argv", ["measure_one_picture.py", *words])

    script.main()

    lines = capsys.readouterr().out.splitlines()
    assert ", 1 threads, " in lines[0]
    assert (lines[1], lines[3]) == ("", "|---|---|---|---|---|---|---|---|---|")
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[4:]]
    names = ["-nocache", ", first call", ", second call", ", second call, OpenCV alone"]
    assert [row[1].removeprefix("pydarknet").strip(" ") for row in cells] == ["darknet", *names]
    assert {(row[0], len(row)) for row in cells} == {("infer_pj_yolov3_a", 9)}
    assert [cells[0][column] for column in (3, 5, 7)] == ["1.00"] * 3
    assert [row[8] for row in cells] == ["31", "2", "2", "2", "2"]
    found = [json.loads(line) for line in log.read_text().splitlines()]
    assert len(found) == 4 * 3  # two turns did not count
    assert [flag for flag, _, _ in found[8:]] == [True, False, False, False]
    assert [cache for _, cache, _ in found[9:]] == [False, True, True]
    assert [engine for _, _, engine in found[8:]] == [True, True, True, False]


def test_ratios_are_those_of_medians(script):
    mebi = 2**20
    theirs = [script.Run(s, 0.4, 50 * mebi, 3) for s in (0.5, 0.4, 9.0)]
    ours = [script.Run(s, 0.3, 200 * mebi, 3) for s in (1.0, 0.1, 2.0)]

    assert script.rows("a", {"darknet": theirs, "ours": ours}) == [
        "| a | darknet | 0.50 | 1.00 | 0.40 | 1.00 | 50 | 1.00 | 3 |",
        "| a | ours | 1.00 | 2.00 | 0.30 | 0.75 | 200 | 4.00 | 3 |",
    ]


def test_a_command_that_fails_ends_the_run(script, darknet: Path, tmp_path: Path):
    (darknet.parent / "answers" / "broken").write_text("no memory\n")

    with pytest.raises(SystemExit, match="exit status 7: no memory"):
        script.run(script.Command([str(darknet), "test"], {}), tmp_path)


def test_memory_is_that_of_the_command_and_not_of_the_script(tmp_path: Path):
    code = (
        "import pathlib, sys; sys.path.insert(0, sys.argv[1]); import measure_one_picture as m;"
        "words = ['sh', '-c', 'echo Predicted in 1 second'];"
        "print(m.run(m.Command(words, {}), pathlib.Path(sys.argv[2])).peak)"
    )
    command = [sys.executable, "-c", code, str(BENCHMARKS), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert 2**19 < int(done.stdout) < 40 * 2**20  # torch alone needs 200 MiB


def test_weights_that_are_made_find_twelve_boxes(script, tmp_path: Path):
    cfg, weights = tmp_path / "net.cfg", tmp_path / "net.weights"
    cfg.write_text(COCO)
    picture = HERE.parent / "data" / "digits.png"
    script.write_weights(cfg, weights, picture, "alexeyab")

    network = pydarknet.load_network(cfg, weights, dialect="alexeyab", device="cpu")
    inputs = network_input(network, load_image(picture), letterboxed=False)[None]
    raw = network.trace(inputs)[-2][0].unflatten(0, (3, 85))  # 3, 85, 16, 16
    found = raw[:, 4] > 0  # the logistic of 0 is 0.5
    assert found.sum() == 12
    assert (raw.movedim(1, -1)[found][:, 5:] > 0).sum() == 12
