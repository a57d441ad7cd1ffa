"""The lines of docs/FIRST_HOUR.md run, and every form of labels that it names is read."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import HERE, SCRIPTS
from label_programs import HEIGHT, NAMES, PHOTOS, PROGRAMS, WIDTH, Box

from pydarknet.cfg.lineage import FORK
from pydarknet.cli.main import main
from pydarknet.dataset.files import DataFile, read_list, read_names
from pydarknet.evaluate.ground_truth import ground_truth_of

TEXT = (HERE.parent / "docs/FIRST_HOUR.md").read_text()
LINES = "".join(re.findall(r"^```sh\n(.*?)^```$", TEXT, re.DOTALL | re.M)).splitlines()
SHORTER = {"-max_batches 600": "-max_batches 200", " -map": " -map -seed 1 -workers 0"}
ROWS = re.findall(r"^\| ([^|`]+) \| ([^|`]+) \| (.*) \|$", TEXT, re.M)
FORMS = {(name, form): re.findall("`([^`]+)`", files) for name, form, files in ROWS if "`" in files}
PIXEL = 1.01  # by which boxes of XML may differ: some programs count pixels from 1


def run(line: str) -> None:
    """Run a line of the page, with what makes its training shorter and the same each time."""
    for long, short in SHORTER.items():
        line = line.replace(long, short)
    program, *words = shlex.split(line)
    if program == "python":
        file = SCRIPTS.parent / words[0]
        subprocess.run([sys.executable, str(file), *words[1:]], check=True, capture_output=True)
    else:
        assert main(words) == 0, line


def test_each_line_runs_and_the_detector_has_learned(tmp_path, monkeypatch, capfd):
    for name in ("matplotlib", "onnx", "onnxruntime"):
        pytest.importorskip(name)
    monkeypatch.chdir(tmp_path)
    told: dict[str, str] = {}

    for line in LINES:
        run(line)
        told[" ".join(line.split()[1:3])] = capfd.readouterr().out
    [example] = re.findall(r"^```python\n(.*?)^```$", TEXT, re.DOTALL | re.M)
    exec(example, {})

    [mean] = re.findall(r"mean average precision \(mAP@0\.50\) = (\S+),", told["detector map"])
    assert float(mean) > 0.3  # without training, it is 0
    assert "max_batches=200 is short" in told["detector check"]
    for file in ("looked/samples.jpg", "chart.png", "measured/confusion.png", "drawn/toy_008.jpg"):
        assert Path(file).is_file()
    [found] = json.loads(Path("found.json").read_text())
    names = [one["name"] for one in found["objects"]]
    assert set(names) & {"ball", "brick"}
    assert re.match(r"(ball|brick|star) 0\.\d+ \(", capfd.readouterr().out)


def test_the_page_has_a_line_for_every_step():
    steps = [" ".join(line.split()[1:3]) for line in LINES]

    assert steps[0] == "scripts/make_toys.py photos"
    assert steps[1:3] == ["new photos", "detector check"]
    assert steps[3:6] == ["detector train", "detector map", "detector test"]
    assert steps[6:] == ["export onnx", "detect toys.onnx"]


def test_the_page_names_the_forms_that_are_tried():
    assert set(FORMS) == set(PROGRAMS)
    assert "\n    pydarknet new set\n" in TEXT


def boxes_of(image: str, data: DataFile, names: list[str]) -> list[tuple[str, np.ndarray]]:
    """Return the names and boxes of an image as a training reads them: left, top, width, height."""
    truth = ground_truth_of(image, FORK, data.polygons)
    sides = np.array([WIDTH, HEIGHT, WIDTH, HEIGHT])
    boxes = truth.boxes * sides
    boxes[:, :2] -= boxes[:, 2:] / 2
    return [(names[kind], box) for kind, box in zip(truth.classes, boxes, strict=True)]


def number_of(image: str) -> int:
    """Return the number of a picture, which is in its name."""
    found = re.search(r"foto[ _](\d+)", image)
    assert found
    return int(found[1])


def check_boxes(found: list[tuple[str, np.ndarray]], truth: tuple[Box, ...]) -> None:
    """Compare names and boxes with those that the program was given."""
    assert [name for name, _ in found] == [NAMES[kind] for kind, *_ in truth]
    for (_, box), (_, *true) in zip(found, truth, strict=True):
        assert np.abs(box - true).max() < PIXEL


@pytest.mark.parametrize("program", PROGRAMS, ids=": ".join)
def test_what_a_program_exports_is_read_by_one_line(program, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    PROGRAMS[program](tmp_path / "set")
    for name in FORMS[program]:
        pattern = f"**/*{name}" if name.startswith(".") else name
        assert any((tmp_path / "set").glob(pattern)), name

    assert main(["new", "set", "-like", "toys"]) == 0

    data = DataFile.read("set.data")
    names = read_names("set.names")
    train, valid = (read_list(data.get_file(part, "")) for part in ("train", "valid"))
    split = program[0] == "Roboflow"
    assert sorted(names) == sorted(NAMES)
    assert {number_of(one) for one in valid} == {8, 9, 10} if split else len(valid) >= 1
    seen = {number_of(one) for one in [*train, *valid]}
    objects = {n for n, photo in enumerate(PHOTOS) if photo.boxes} - ({11} if split else set())
    assert seen >= objects
    for image in [*train, *valid]:
        check_boxes(boxes_of(image, data, names), PHOTOS[number_of(image)].boxes)
    assert main(["detector", "check", "set.data"]) == 0
