"""Published models on photographs give the recorded texts, and boxes and scores to 1e-3."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from conftest import SHARED, needs_shared
from texts import assert_same_text

from pydarknet.cli.main import main

pytestmark = needs_shared
LINEAGES = {"pj": "pjreddie", "ab": "alexeyab"}
RECORDED = sorted((SHARED / "golden").glob("infer_*_real_*"))
WITHOUT_TORCH = [
    "infer_ab_real_yolo-fastest-1.1",
    "infer_pj_real_yolo-lite-voc-trial3",
    "infer_ab_real_yolo-lite-voc-trial3",
    "infer_pj_real_mobilenetv2-yolov3-nano-voc",
]
CLASSIFIERS = {
    "infer_pj_real_cifar-minin3": "1000_truck.png",
    "infer_pj_real_mnist-lenet": "t_00001_c0.png",
    "infer_ab_real_cifar-minin3": "1000_truck.png",
    "infer_ab_real_mnist-lenet": "t_00001_c0.png",
}


class Photograph(NamedTuple):
    """A recorded run of a model on an image."""

    folder: Path
    image: str

    @property
    def model(self) -> Path:
        """The folder of the model."""
        return SHARED / "models" / self.folder.name.split("_", 3)[3]

    @property
    def flags(self) -> list[str]:
        """The dialect and the batch norm of the recording."""
        dialect = LINEAGES[self.folder.name.split("_")[1]]
        return ["-dialect", dialect, "-batchnorm", "cpu"]


PHOTOGRAPHS = [
    Photograph(folder, file.name.removesuffix("_stdout.txt"))
    for folder in RECORDED
    for file in sorted(folder.glob("*_stdout.txt"))
    if (folder / file.name.replace("stdout.txt", "result.json")).exists()
]


def words(photograph: Photograph, image: Path) -> list[str]:
    """Return the recorded command line for an image, in a folder with a .data file."""
    Path("model.data").write_text(f"names = {photograph.model}/model.names\n")
    files = [f"{photograph.model}/model.cfg", f"{photograph.model}/model.weights", str(image)]
    fork = ["-ext_output", "-dont_show"] if "_ab_" in photograph.folder.name else []
    return ["detector", "test", "model.data", *files, "-thresh", "0.25", *fork, *photograph.flags]


@pytest.mark.parametrize("photograph", PHOTOGRAPHS, ids=lambda p: f"{p.folder.name}-{p.image}")
def test_a_photograph_gives_the_recorded_text_and_boxes(photograph, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)

    assert_as_recorded(photograph, capfd)


@pytest.mark.parametrize("name", WITHOUT_TORCH)
def test_a_compiled_model_gives_the_same(name, tmp_path, monkeypatch, capfd, compiled):
    several = [one for one in PHOTOGRAPHS if one.folder.name == name]
    monkeypatch.chdir(tmp_path)
    image = SHARED / "images" / f"{several[0].image}.stb.png"
    assert main([*words(several[0], image), "-out", "found.json", "-compile"]) == 0

    compiled()
    capfd.readouterr()
    for photograph in several:
        assert_as_recorded(photograph, capfd)


@pytest.fixture
def compiled(tmp_path, monkeypatch):
    """Keep compiled forms in a test's own folder; return a function that lets torch run nothing."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PYDARKNET_CACHE_SIZE", "1G")

    def refuse(*given, **how):
        raise AssertionError("torch opens a network that was compiled")

    return lambda: monkeypatch.setattr("pydarknet.cli.open_any.open_by_torch", refuse)


def assert_as_recorded(photograph, capfd):
    """Find boxes in a photograph, and assert that the C printed and wrote the same."""
    image = SHARED / "images" / f"{photograph.image}.stb.png"

    status = main([*words(photograph, image), "-out", "found.json"])

    out = re.sub(r".*(?=: Predicted)", "IMAGE", capfd.readouterr().out)
    text = (photograph.folder / f"{photograph.image}_stdout.txt").read_text()
    assert status == 0
    assert_same_text(out, re.sub(r".*(?=: Predicted)", "IMAGE", text))
    recorded = json.loads((photograph.folder / f"{photograph.image}_result.json").read_text())
    ours, theirs = numbers(json.loads(Path("found.json").read_text())), numbers(recorded)
    np.testing.assert_allclose(ours, theirs, atol=1e-3, rtol=0)


def numbers(frames: list[dict]) -> np.ndarray:
    """Return class, box and score of each object of a JSON file, in order."""
    rows = [
        [found["class_id"], *found["relative_coordinates"].values(), found["confidence"]]
        for found in frames[0]["objects"]
    ]
    return np.array(rows).reshape(-1, 6)


@pytest.mark.parametrize("once", [True, False], ids=["by torch", "compiled"])
@pytest.mark.parametrize(("name", "image"), CLASSIFIERS.items())
def test_a_classifier_prints_the_recorded_text(
    name, image, once, tmp_path, monkeypatch, capfd, compiled
):
    photograph = Photograph(SHARED / "golden" / name, image)
    monkeypatch.chdir(photograph.folder)
    recorded = (photograph.folder / "first_stdout.txt").read_text()
    top = len(re.findall(r"^ ?\S+: \S+$|%", recorded, re.MULTILINE))
    classes = len((photograph.model / "model.names").read_text().splitlines())
    data = tmp_path / "model.data"
    data.write_text(f"names={photograph.model}/model.names\nclasses={classes}\ntop={top}\n")
    files = [str(photograph.model / "model.cfg"), str(photograph.model / "model.weights")]

    command = ["classifier", "predict", str(data), *files, image, *photograph.flags]
    if not once:
        main([*command, "-compile"])
        compiled()
        capfd.readouterr()

    status = main(command)

    assert status == 0
    assert_same_text(capfd.readouterr().out, recorded)
