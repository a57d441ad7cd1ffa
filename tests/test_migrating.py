"""The examples of docs/MIGRATING.md run as they stand, and find the digits."""

from __future__ import annotations

import importlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from conftest import HERE

import pydarknet
from pydarknet.cli.main import main

HOME = HERE.parent
TEXT = (HOME / "docs/MIGRATING.md").read_text()
FOUND = ["0", "2", "4", "5", "5", "6"]  # what is in digits.png


@dataclass(frozen=True)
class Example:
    """A block of the document, after the lines of its section that a shell runs."""

    section: str
    language: str
    code: str
    shell: str


def examples(*languages: str) -> Iterator[Example]:
    """Yield the blocks of some languages."""
    shell = ""
    for section in re.split(r"^## ", TEXT, flags=re.MULTILINE):
        for language, code in re.findall(r"^```(\w+)\n(.*?)^```$", section, re.DOTALL | re.M):
            if language == "sh":
                shell = code
            elif language in languages:
                yield Example(section.partition("\n")[0], language, code, shell)


PYTHON = list(examples("python"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with the built-in model and its image, in which the test stands."""
    for name in ("cfg/digits.cfg", "weights/digits.weights", "data/digits.names"):
        shutil.copy(HOME / name, tmp_path)
    shutil.copy(HOME / "data/digits.png", tmp_path)
    (tmp_path / "digits.data").write_text("classes=10\nnames=digits.names\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run_shell(code: str) -> None:
    """Run the lines of a block."""
    for line in code.splitlines():
        program, *words = shlex.split(line)
        if program == "pydarknet":
            assert main(words) == 0, line
        elif found := shutil.which(program):
            subprocess.run([found, *words], check=True, capture_output=True)
        else:
            pytest.skip(f"needs the program {program}")


def needs(code: str) -> None:
    """Skip the test if a package that the code imports is missing."""
    for name in re.findall(r"^(?:from|import) (\w+)", code, re.MULTILINE):
        try:
            importlib.import_module(name)
        except ImportError:
            pytest.skip(f"needs the package {name}")


def check_lines(text: str) -> None:
    """Compare lines of name, score, x1, y1, x2, y2 with our network's boxes."""
    network = pydarknet.load_network("digits.cfg", "digits.weights", dialect="alexeyab")
    boxes = network.detect("digits.png", thresh=0.25).xyxy(320, 240).numpy()
    lines = [line.split() for line in text.splitlines() if re.match(r"\d [\d.]+ ", line)]
    found = np.array([[float(word) for word in line[2:]] for line in lines])
    if found.max() <= 1.5:  # in 0..1
        found *= [320, 240, 320, 240]

    assert sorted(name for name, *_ in lines) == FOUND
    assert min(float(score) for _, score, *_ in lines) > 0.8
    for box in found:  # images are fitted to the network in other ways
        assert np.abs(boxes - box).max(1).min() < 4


def test_the_document_has_examples() -> None:
    assert len(PYTHON) == 7
    assert all(example.shell.startswith("pydarknet export onnx ") for example in PYTHON)


@pytest.mark.parametrize("example", PYTHON, ids=lambda e: re.sub(r"\W+", "-", e.section))
def test_the_example_in_python_runs(
    example: Example, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    needs(example.code)
    run_shell(example.shell)
    capfd.readouterr()
    names: dict[str, object] = {}

    exec(example.code, names)

    if "confs" in names:  # as pytorch-YOLOv4 names its outputs
        boxes, confs = np.asarray(names["boxes"]), np.asarray(names["confs"])
        best = confs[0].argmax(1)[confs[0].max(1) > 0.9]
        assert boxes.shape == (1, confs.shape[1], 1, 4)
        assert confs.shape[2] == 10
        assert sorted(set(best)) == [0, 2, 4, 5, 6]
        assert boxes[0, confs[0].max(1) > 0.9].max() < 1
    else:
        check_lines(capfd.readouterr().out)


def test_the_module_for_browsers_runs_under_node(folder: Path) -> None:
    modules = os.environ.get("NODE_PATH", "")
    if not Path(modules, "onnxruntime-web").is_dir():
        pytest.skip("needs node and NODE_PATH with the package onnxruntime-web")
    [example] = examples("js")
    run_shell(example.shell)
    (folder / "detect.mjs").write_text(example.code)
    from pydarknet.image.files import load_image
    from pydarknet.modules.transforms import pixels, resize

    image = resize(pixels(load_image("digits.png", 3)), 224, 160) * 255
    rgba = np.concatenate([image.numpy(), np.full((1, 160, 224), 255)]).transpose(1, 2, 0)
    (folder / "rgba.bin").write_bytes(rgba.round().astype(np.uint8).tobytes())
    (folder / "run.mjs").write_text("""
        import { createRequire } from "module";
        import fs from "fs";
        import { detect } from "./detect.mjs";
        const ort = createRequire(process.env.NODE_PATH + "/x.js")("onnxruntime-web");
        const session = await ort.InferenceSession.create(fs.readFileSync("digits.onnx"));
        const found = await detect(ort, session, fs.readFileSync("rgba.bin"), 224, 160);
        console.log(JSON.stringify(found));
    """)

    done = subprocess.run(["node", "run.mjs"], capture_output=True, text=True, check=True)

    rows = json.loads(done.stdout)
    scale = np.array([320 / 224, 240 / 160] * 2)
    lines = [
        f"{row['kind']} {row['score']} " + " ".join(map(str, row["box"] * scale)) for row in rows
    ]
    check_lines("\n".join(lines))


def test_the_configurations_fit_the_file() -> None:
    [frigate, zoneminder] = examples("yaml")
    [deepstream] = examples("ini")

    assert "  width: 224\n  height: 160\n" in frigate.code
    assert "model_width: 224\n        model_height: 160\n" in zoneminder.code
    assert "num-detected-classes=10\n" in deepstream.code
    assert "-layout deepstream" in deepstream.shell


def test_every_flag_and_layout_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    main(["export", "onnx", "--help"])

    known = capsys.readouterr().out
    flags = set(re.findall(r"^pydarknet export onnx .*", TEXT, re.MULTILINE))
    assert {flag for line in flags for flag in re.findall(r" (-\w+)", line)} <= set(
        re.findall(r"-\w+", known)
    )
    assert sys.version_info >= (3, 10)
