"""A small data set in a folder of the test, and what a survey of it finds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from pydarknet.checks import Finding, findings_of
from pydarknet.checks.plan import read_plan
from pydarknet.checks.survey import Survey, survey_of
from pydarknet.dataset.files import DataFile

CFG = """[net]
width=64
height=64
channels=3
batch=64
subdivisions=16
max_batches=6000
policy=steps
steps=4800,5400
scales=.1,.1

[convolutional]
filters=14
size=16
stride=16
activation=linear

[yolo]
mask=0,1
anchors=16,16, 32,32
classes=2
num=2
"""


def write_images(names: str) -> None:
    """Write an image of noise, 40 x 30 pixels, for each letter: `a.png`."""
    for name in names:
        pixels = np.random.default_rng(ord(name)).integers(0, 256, (30, 40, 3), np.uint8)
        cv2.imwrite(f"{name}.png", pixels)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder with four images to train on, and two to validate, of two classes."""
    monkeypatch.chdir(tmp_path)
    write_images("abcdvw")
    for place, name in enumerate("abcdvw"):
        Path(f"{name}.txt").write_text(
            "".join(f"{k} 0.5 0.{3 + place} 0.{2 + k} 0.4\n" for k in (0, 1))
        )
    Path("train.txt").write_text("a.png\nb.png\nc.png\nd.png\n")
    Path("valid.txt").write_text("v.png\nw.png\n")
    Path("my.names").write_text("cat\ndog\n")
    Path("my.data").write_text("classes=2\ntrain=train.txt\nvalid=valid.txt\nnames=my.names\n")
    Path("my.cfg").write_text(CFG)


@pytest.fixture
def survey(data: None) -> Callable[..., Survey]:
    """Return a function that reads the data set as it is now, with or without its cfg."""

    def read(*, cfg: bool = True, decode: bool = False, exif: bool = True) -> Survey:
        plan = read_plan(Path("my.cfg"), "alexeyab") if cfg else None
        options = DataFile.read("my.data")
        classes = plan.classes if plan else 2
        return survey_of(options, plan, classes, exif=exif).read(decode=decode)

    return read


@pytest.fixture
def found(survey: Callable[..., Survey]) -> Callable[..., dict[str, Finding]]:
    """Return a function that returns what is found now, by its text, apart from few boxes."""

    def find(**how: bool) -> dict[str, Finding]:
        findings = findings_of(survey(**how))
        return {one.text: one for one in findings if not one.text.startswith("few boxes")}

    return find
