"""Files that change or vanish between their listing and their reading: one is lost, and told."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pydarknet.image import files

pytestmark = pytest.mark.usefixtures("one_thread")
TEST = "detector test obj.data my.cfg my.weights valid.txt -no_draw -out x.json"
TRAIN = "detector train obj.data my.cfg -nogpu -workers 0 -seed 1"
VICTIM = Path("obj/i3.jpg")


def garble(path: Path) -> None:
    """Change all of a file behind its header."""
    content = path.read_bytes()
    path.write_bytes(content[:400] + bytes(255 - byte for byte in content[400:]))


FAULTS: dict[str, Callable[[Path], object]] = {
    "gone": Path.unlink,
    "empty": lambda path: path.write_bytes(b""),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "a pipe": lambda path: (path.unlink(), os.mkfifo(path)),
    "a circle of links": lambda path: (path.unlink(), path.symlink_to(path.name)),
    "its header alone": lambda path: path.write_bytes(path.read_bytes()[:30]),
    "garbled": garble,
    "a text": lambda path: path.write_text("no image\n" * 9),
}


@pytest.fixture
def meanwhile(monkeypatch):
    """Return a function that lets a fault happen while the first image is read."""

    def let(fault: Callable[[Path], object]) -> None:
        read, lock, faults = files.file_bytes, threading.Lock(), [fault]

        def read_meanwhile(path: str | Path) -> bytes:
            with lock:  # of the threads that read ahead
                if faults:
                    faults.pop()(VICTIM)
            return read(path)

        monkeypatch.setattr(files, "file_bytes", read_meanwhile)

    return let


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (TEST, "obj/i7.jpg: Predicted in"),
        ("detector valid obj.data my.cfg my.weights", "Total Detection Time"),
        ("detector map obj.data my.cfg my.weights", "mean average precision"),
    ],
)
def test_an_image_that_changes_meanwhile_is_told_and_the_rest_goes_on(
    fault, answer, meanwhile, kind, line, shown
):
    fault("training/blank_line_in_list")
    meanwhile(FAULTS[kind])

    ended = answer(line)

    told = [line for line in ended.err.splitlines() if str(VICTIM) in line]
    assert ended.status == 1
    assert len(told) == 1
    assert told[0].startswith(f'Cannot load image "{VICTIM}": ')
    assert shown in ended.out + ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("kind", ["gone", "its header alone", "garbled"])
def test_a_training_does_without_an_image_that_changes_meanwhile(fault, answer, meanwhile, kind):
    fault("training/blank_line_in_list")
    meanwhile(FAULTS[kind])

    ended = answer(TRAIN)

    assert ended.status == 0
    assert str(VICTIM) in ended.err
    assert Path("backup/my_final.weights").is_file()
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    "line",
    ["detector map obj.data my.cfg my.weights", "detector recall obj.data my.cfg my.weights"],
)
def test_a_label_that_vanishes_meanwhile_counts_as_none(fault, answer, meanwhile, line):
    fault("training/blank_line_in_list")
    meanwhile(lambda path: path.with_suffix(".txt").unlink())

    ended = answer(line)

    assert ended.status == 0
    assert "Traceback" not in ended.err


def test_weights_that_vanish_after_their_opening_are_used_to_the_end(fault, answer, meanwhile):
    fault("training/blank_line_in_list")
    meanwhile(lambda _: Path("my.weights").unlink())

    ended = answer(TEST)

    assert ended.status == 0
    assert ended.out.count("Predicted in") == 8
