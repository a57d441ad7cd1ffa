"""A disk that is full, or that cannot be written: the last good file stays, and a line says so.

The disk is a small one of its own where this process may mount one; else no file may grow.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import cv2
import numpy as np
import pytest

from pydarknet.training.learner import Learner

pytestmark = pytest.mark.usefixtures("one_thread")
COMMON = Path(__file__).parent / "inputs" / "training" / "common"
FULL = re.compile("No space left on device|File too large|disk is nearly full")
TEST = "detector test obj.data my.cfg my.weights obj/i0.jpg -dont_show -thresh .01"
TRAIN = "detector train obj.data my.cfg -nogpu -workers 0 -seed 1"


class Disk:
    """A disk that can be full; `mounted` if it is one of its own."""

    def __init__(self, path: Path) -> None:
        self.path, self.mounted = path, False
        words = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(path)]
        with suppress(OSError):
            done = subprocess.run(words, capture_output=True)
            self.mounted = done.returncode == 0

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """Let nothing be written in this block, nor made or removed."""
        if self.mounted:
            subprocess.run(["mount", "-o", "remount,ro", str(self.path)], check=True)
        else:
            self.path.chmod(0o500)
        try:
            yield
        finally:
            if self.mounted:
                subprocess.run(["mount", "-o", "remount,rw", str(self.path)], check=True)
            else:
                self.path.chmod(0o700)

    @contextmanager
    def full(self) -> Iterator[None]:
        """Let nothing more be written in this block."""
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        if self.mounted:
            with suppress(OSError), open(self.path / "filler", "wb", buffering=0) as filler:
                while True:
                    filler.write(bytes(4096))
        else:
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            (self.path / "filler").unlink(missing_ok=True)

    def close(self) -> None:
        """Give the disk back."""
        if self.mounted:
            subprocess.run(["umount", "-l", str(self.path)], check=True)


@pytest.fixture
def disk(tmp_path, monkeypatch) -> Iterator[Disk]:
    """Return a disk with a network and images on it, in which the test works."""
    made = Disk(tmp_path)
    shutil.copytree(COMMON, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    yield made
    monkeypatch.undo()
    made.close()


def names() -> set[str]:
    """Return what there is below the working folder."""
    return {str(path) for path in Path().rglob("*")} - {"filler"}


def write_film() -> None:
    """Write a film of five frames."""
    film = cv2.VideoWriter("in.avi", cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 64))
    for brightness in range(0, 100, 20):
        film.write(np.full((64, 64, 3), brightness, np.uint8))
    film.release()


@pytest.mark.parametrize(
    ("file", "line", "told"),
    [
        ("predictions.jpg", TEST, "Failed to write image predictions.jpg: "),
        ("d/i0.jpg", f"{TEST} -out_dir d", "Failed to write image d/i0.jpg: "),
        ("x.json", f"{TEST} -no_draw -out x.json", "x.json: cannot be written: "),
        (
            "obj/i0.txt",
            f"{TEST} -no_draw -save_labels",
            "obj/i0.jpg: Couldn't open file: obj/i0.txt",
        ),
        ("r.json", "detector map obj.data my.cfg my.weights -json r.json", "r.json: cannot be wri"),
        (
            "results/comp4_det_test_red.txt",
            "detector valid obj.data my.cfg my.weights",
            "results: cannot be written: ",
        ),
        ("c.json", "detector check obj.data my.cfg -json c.json", "c.json: cannot be written: "),
        ("out.onnx", "export onnx my.cfg my.weights out.onnx", "out.onnx: cannot be written: "),
        ("out.cfg", "export cfg my.cfg out.cfg", "out.cfg: cannot be written: "),
        ("out.weights", "partial my.cfg my.weights out.weights 2", "Couldn't open file: out.weigh"),
        ("shim/darknet.py", "install-shim shim -force", "shim: "),
        (
            "film.avi",
            "detector demo obj.data my.cfg my.weights in.avi -dont_show -out_filename film.avi",
            "film.avi: ",
        ),
        (
            "counters_per_class.txt",
            "detector calc_anchors obj.data -num_of_clusters 2 -width 64 -height 64",
            "counters_per_class.txt: cannot be written: ",
        ),
    ],
)
def test_a_full_disk_leaves_the_file_that_is_there(disk, answer, file, line, told):
    if file == "film.avi" and not disk.mounted:
        pytest.skip("needs a disk of its own, whose room can be asked for")
    write_film()
    Path(file).parent.mkdir(exist_ok=True)
    if not Path(file).exists():
        Path(file).write_bytes(b"old")
    before, there = Path(file).read_bytes(), names()

    with disk.full():
        ended = answer(line)

    said = [line for line in ended.err.splitlines() if FULL.search(line)]
    assert ended.status == 1
    assert len(said) == 1
    assert said[0].startswith(told)
    assert "Traceback" not in ended.err
    assert Path(file).read_bytes() == before
    assert names() == there


@pytest.fixture
def full_from(monkeypatch, disk):
    """Return a function of a block in which the disk is full from a batch of a training on."""
    learn = Learner.learn

    @contextmanager
    def full(batch: int) -> Iterator[None]:
        with ExitStack() as filled, monkeypatch.context() as patch:

            def learn_and_fill(self, *values):
                step = learn(self, *values)
                if step.batch == batch:
                    filled.enter_context(disk.full())
                return step

            patch.setattr(Learner, "learn", learn_and_fill)
            yield

    return full


@pytest.mark.parametrize("batch", [1, 3, 6])
def test_a_training_whose_disk_is_full_resumes_with_the_same_weights(
    disk, answer, full_from, batch
):
    with open("obj.data", "a") as data:
        data.write("savelast=1\n")
    answer(TRAIN)
    whole = Path("backup/my_final.weights").read_bytes()
    shutil.rmtree("backup")

    with full_from(batch):
        ended = answer(TRAIN)
    again = answer(TRAIN)

    assert ended.status == 1
    assert FULL.search(ended.err)
    assert "Traceback" not in ended.err
    assert again.status == 0
    assert Path("backup/my_final.weights").read_bytes() == whole
    assert not [name for name in names() if name.endswith(".tmp")]


REFUSED = re.compile("Read-only file system|Permission denied")


@pytest.mark.parametrize(
    ("line", "status", "told", "shown"),
    [
        (TEST, 1, "Failed to write image predictions.jpg: ", "Predicted in"),
        (f"{TEST} -no_draw", 0, "", "Predicted in"),
        (f"{TEST} -no_draw -out x.json", 1, "x.json: cannot be written: ", ""),
        (f"{TEST} -no_draw nope.jpg", 1, "bad.list: cannot be written: ", "Predicted in"),
        ("detector map obj.data my.cfg my.weights", 0, "", "mean average precision"),
        ("detector valid obj.data my.cfg my.weights", 1, "results/comp4_det_test_red.txt: ", ""),
        ("detector recall obj.data my.cfg my.weights", 0, "", "Recall:"),
        ("export onnx my.cfg my.weights out.onnx", 1, "out.onnx: cannot be written: ", ""),
        (TRAIN, 1, "backup = backup: ", ""),
    ],
)
def test_what_needs_no_disk_is_answered_where_none_can_be_written(
    disk, answer, line, status, told, shown
):
    if not disk.mounted and os.geteuid() == 0:
        pytest.skip("needs a disk of its own, or a user to whom something is refused")
    there = names()

    with disk.read_only():
        ended = answer(line)

    said = [line for line in ended.err.splitlines() if REFUSED.search(line)]
    assert ended.status == status
    assert len(said) == bool(told)
    assert all(line.startswith(told) for line in said)
    assert shown in ended.out + ended.err
    assert "Traceback" not in ended.err
    assert names() == there
