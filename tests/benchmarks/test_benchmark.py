"""Programs run the same network by turns; results are kept, and the same command goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import BENCHMARKS
from forked import Program

CFG = """[net]
batch=64
width=64
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
filters=18
activation=linear
[yolo]
mask=0,1,2
anchors=4,8, 8,4, 8,8
classes=1
num=3
"""
DARKNET = """#!/bin/sh
echo "$OMP_NUM_THREADS $PWD $@" > {log}
while read path; do [ -f "$path" ] && echo "$path: Predicted in 400.0 milli-seconds."; done
"""
OURS = """
import sys
print("ready", flush=True)
for line in sys.stdin:
    print(0.002, flush=True)
"""


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., int]:
    """Return a function that runs the script in this process, and returns its exit status."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import benchmark

    monkeypatch.setattr(benchmark, "busy", lambda: 0.5)
    monkeypatch.setattr(benchmark.Watch, "share", lambda self: 0.05)
    monkeypatch.setattr(benchmark, "found_versions", lambda options: {"pydarknet": "abc"})
    (tmp_path / "small.cfg").write_text(CFG)

    def run(*words: str) -> int:
        given = [str(tmp_path / "small.cfg"), "--results", str(tmp_path / "a.json"), *words]
        monkeypatch.setattr(sys, "argv", ["benchmark.py", *given])
        try:
            benchmark.main()
        except SystemExit as end:
            if isinstance(end.code, str):
                raise
            return end.code
        return 0

    return run


@pytest.fixture
def quick(benchmark, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a process without torch, which starts at once, answer for our network; export nothing."""
    import benchmark as module
    from programs import Peer

    real = module.start

    def start(name: str, *values: object) -> Peer:
        if name != module.OURS:
            return real(name, *values)
        return Peer(name, [sys.executable, "-c", OURS], {})

    monkeypatch.setattr(module, "start", start)
    monkeypatch.setattr(module, "export", lambda folder, batch: None)


@pytest.mark.usefixtures("quick")
def test_programs_are_measured_and_the_command_goes_on(benchmark, tmp_path: Path, capsys):
    program, log = tmp_path / "darknet", tmp_path / "log"
    program.write_text(DARKNET.format(log=log))
    program.chmod(0o755)
    (tmp_path / "cv2.py").write_text("raise ImportError('no OpenCV here')\n")
    words = ["--programs", "OpenCV", "darknet", "--darknet", str(program), "--threads", "1"]
    words += ["--opencv", str(tmp_path), "--batch", "1"]

    assert benchmark(*words, "--rounds", "3", "--seconds", "0") == 75
    [case] = json.loads((tmp_path / "a.json").read_text())["cases"]
    assert len(case["seconds"]["pydarknet"]) == 1
    assert "the same command goes on" in capsys.readouterr().out
    assert benchmark(*words, "--rounds", "2") == 0

    content = json.loads((tmp_path / "a.json").read_text())
    [case] = content["cases"]
    assert (case["network"], case["batch"], case["threads"]) == ("small 64 x 32", 1, 1)
    assert {name: len(taken) for name, taken in case["seconds"].items()} == {
        "pydarknet": 2,
        "darknet": 2,
    }
    assert (case["ms"]["darknet"], len(content["loads"])) == (400, 2)
    assert case["missing"] == {"OpenCV": "ImportError: no OpenCV here"}
    assert log.read_text().startswith("1 /")
    assert "detector test net.data net.cfg net.weights -dont_show" in log.read_text()
    log.unlink()
    assert benchmark(*words, "--rounds", "2") == 0
    assert not log.exists()  # nothing was missing

    out = capsys.readouterr().out
    assert "OpenCV                   cannot run: ImportError: no OpenCV here" in out
    assert "others take 50% of the cores" in out


@pytest.mark.usefixtures("quick")
def test_a_round_that_others_disturb_is_not_kept(benchmark, tmp_path: Path, monkeypatch, capsys):
    from machine import Watch

    shares = iter([0.4, 0.01, 0.051, 0.9, 0.02])  # while it starts, twice, and in three rounds
    monkeypatch.setattr(Watch, "share", lambda self: next(shares))

    words = ["--programs", "pydarknet", "--threads", "1", "--batch", "1", "--rounds", "1"]
    assert benchmark(*words) == 0

    out = capsys.readouterr().out
    assert out.count("this round is not kept") == 2
    assert out.count("others took 40% of the cores: pydarknet starts again") == 1
    assert "others took 90% of the cores" in out
    [case] = json.loads((tmp_path / "a.json").read_text())["cases"]
    assert len(case["seconds"]["pydarknet"]) == 1


@pytest.fixture
def forks(benchmark, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let programs start with torch, whose import would take most of their time."""
    import programs

    def start(command: list[str], **options: object) -> Program:
        return Program(*command[1:], **options)

    monkeypatch.setattr(programs, "subprocess", SimpleNamespace(Popen=start, PIPE=subprocess.PIPE))


@pytest.mark.usefixtures("forks")
def test_programs_of_files_run_the_exported_one(benchmark, tmp_path: Path, capsys):
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")

    words = ["--programs", "onnxruntime", "--threads", "1", "--rounds", "1", "--batch", "2"]
    assert benchmark(*words) == 0

    [case] = json.loads((tmp_path / "a.json").read_text())["cases"]
    assert {*case["ms"]} == {"pydarknet", "onnxruntime"}
    assert case["batch"] == 2


def test_a_cfg_that_is_not_there_is_told(benchmark):
    from benchmark import network_of

    with pytest.raises(SystemExit, match=r"^no\.cfg: no such file, nor in cfg/: expected a cfg$"):
        network_of("no.cfg:64@1,8", [1])


@pytest.mark.parametrize(
    ("word", "side", "batches"),
    [("tiny.cfg", None, [1, 8]), ("tiny.cfg:96", 96, [1, 8]), ("tiny.cfg:96@1,4", 96, [1, 4])],
)
def test_a_word_names_a_network_its_side_and_batches(benchmark, word, side, batches):
    from benchmark import network_of

    assert network_of(word, [1, 8])[1:] == (side, batches)


def test_every_program_says_what_it_is(benchmark):
    from programs import FORMS, PROGRAMS

    assert set(FORMS) < set(PROGRAMS)
    assert [name for name, load in PROGRAMS.items() if not load.__doc__] == []
