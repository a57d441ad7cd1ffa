"""Commands print the recorded texts of the C programs, each on its stream."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import HERE, SHARED, recording
from texts import assert_same_notes, assert_same_text

from pydarknet.cli.main import main

LINEAGES = {"pj": "pjreddie", "ab": "alexeyab"}
# The fork's program crashes when it draws on one channel: its stderr is cut off.
ABORTED = {"infer_ab_grayscale"}
# The fork's `detector test` misreads the boxes of a [detection].
NONSENSE = {"infer_ab_yolov1_a", "infer_ab_yolov1_b"}


class Case(NamedTuple):
    """A recorded command line in a folder, and the name of its texts."""

    folder: str
    words: str
    texts: str


def cases(word: str = "") -> list[Case]:
    """Return every recorded command line with a word in it, here and in ../shared."""
    folders = {f.name: f for f in (SHARED / "golden").glob("infer_*")}
    folders |= {f.name: f for f in (HERE / "reference").glob("infer_*")}
    found = []
    for name, folder in sorted(folders.items()):
        text = (folder / "README.txt").read_text() if (folder / "README.txt").exists() else ""
        for words in re.findall(r"^  \./darknet (.*?)(?:   \(exit.*)?$", text, re.MULTILINE):
            suffix = re.search(r"input(\w*)\.png", words)
            verb = "_yolo" if words.startswith("yolo") else suffix.group(1) if suffix else ""
            if word in words and not (name in NONSENSE and words.startswith("detector")):
                found.append(Case(name, words, f"cli{verb}"))
    return found


@pytest.fixture
def run(tmp_path, monkeypatch, capfd):
    """Run a recorded command line in a copy of its folder; return status, stdout and stderr."""

    def call(case: Case) -> tuple[int, str, str, Path]:
        folder = tmp_path / "case"
        shutil.copytree(recording(case.folder), folder, ignore=shutil.ignore_patterns("cli*"))
        monkeypatch.chdir(folder)
        dialect = LINEAGES[case.folder.split("_")[1]]
        status = main([*case.words.split(), "-dialect", dialect, "-batchnorm", "cpu"])
        out, err = capfd.readouterr()
        return status, out, err, folder

    return call


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case.folder}-{case.texts}")
def test_a_command_prints_the_recorded_text(run, case):
    status, out, err, folder = run(case)

    recorded = recording(case.folder)
    assert status == 0
    assert_same_text(out, (recorded / f"{case.texts}_stdout.txt").read_text())
    if case.folder not in ABORTED:
        assert_same_notes(err, (recorded / f"{case.texts}_stderr.txt").read_text())
    assert "classifier" in case.words or (folder / "predictions.jpg").stat().st_size > 0


@pytest.mark.parametrize("case", cases("-out"), ids=lambda case: f"{case.folder}-{case.texts}")
def test_a_command_writes_the_recorded_json(run, case):
    file = case.words.split("-out ")[1].split()[0]
    recorded = recording(case.folder) / file
    if not recorded.exists():
        pytest.skip("the C program ended before it wrote the file")

    _, _, _, folder = run(case)

    assert_same_text((folder / file).read_text(), recorded.read_text())
