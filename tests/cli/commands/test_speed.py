"""The command speed."""

from __future__ import annotations

import re

import pytest
from conftest import recording
from exports import both

from pydarknet.cli.main import main

NET = "[net]\nwidth=16\nheight=16\nchannels=4\n"
# 2 + 2 * 4 = 10 floats, none, 3 + 3 * 2 = 9 floats
THREE = (
    f"{NET}[convolutional]\nfilters=2\n[maxpool]\nsize=2\nstride=2\n[convolutional]\nfilters=3\n"
)


@pytest.fixture
def cfg(tmp_path):
    """Write a cfg file and return its name."""

    def make(text: str) -> str:
        (tmp_path / "net.cfg").write_text(text)
        return str(tmp_path / "net.cfg")

    return make


# speed


@pytest.mark.parametrize(
    ("words", "count"), [(["2"], 2), ([], 1000), (["0"], 1000)], ids=["two", "unsaid", "none"]
)
def test_speed_times_images_one_by_one(cfg, capsys, words, count):
    assert main(["speed", cfg("[net]\ninputs=2\n[connected]\noutput=1"), *words, "-nogpu"]) == 0

    number = r"\d+\.\d+"
    told = re.fullmatch(
        rf"\n{count} evals, ({number}) Seconds\n"
        r"Floating Point Operations: 0\.00 Bn\n"
        rf"FLOPS: {number} Bn\n"
        rf"Speed: {number} sec/eval\n"
        rf"Speed: ({number}) Hz\n",
        capsys.readouterr().out,
    )
    assert told
    assert float(told[2]) == pytest.approx(count / float(told[1]), rel=0.05)


def test_speed_of_the_fork_tells_no_operations(cfg, capsys):
    assert main(["speed", cfg(THREE), "1", "-nogpu", "-dialect", "alexeyab"]) == 0

    lines = capsys.readouterr().out.split("\n")
    assert [line.split(":")[0].split(",")[0] for line in lines[-5:]] == [
        "",
        "1 evals",
        "Speed",
        "Speed",
        "",
    ]


def test_speed_takes_at_least_one_image(cfg, capsys):
    assert main(["speed", cfg(THREE), "-3"]) == 1

    assert capsys.readouterr().err.endswith("speed -3: expected at least 1, or 0 for 1000\n")


def test_speed_times_an_exported_network(tmp_path, capsys):
    pytest.importorskip("onnxruntime")
    both(recording("infer_pj_yolov3_a"), tmp_path / "net.onnx")

    assert main(["speed", str(tmp_path / "net.onnx"), "2"]) == 0

    told = capsys.readouterr()
    assert "2 evals, " in told.out
    assert told.err.endswith("Done!\nlayout merged, run by onnxruntime on the CPU\n")
