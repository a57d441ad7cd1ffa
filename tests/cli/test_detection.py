"""Lists of images: found by several threads, written in their order."""

from __future__ import annotations

import io
import json
import re
import shutil
import sys
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from conftest import HERE

from pydarknet.boxes.draw import draw
from pydarknet.cli.main import main
from pydarknet.network import Network

CASE = HERE / "reference" / "infer_pj_yolov3_a"
TEST = ["detector", "test", "net.data", "net.cfg", "net.weights"]
SHOWN = ["-thresh", "0.25", "-batchnorm", "cpu", "-dont_show"]

pytestmark = pytest.mark.usefixtures("folder")


@pytest.fixture
def threads():
    """Let torch have two threads, however many cores there are."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def write_list(count: int) -> list[str]:
    """Write images that differ and their list, and return their names."""
    picture = cv2.imread("input.png")
    names = [f"{index:02d}.png" for index in range(count)]
    for index, name in enumerate(names):
        cv2.imwrite(name, cv2.flip(picture, 1) if index % 3 else picture[index:, :])
    Path("list.txt").write_text("\n".join(names))
    return names


def said(text: str) -> str:
    """Return a text without the seconds in it."""
    return re.sub(r"Predicted in [\d.]+", "Predicted in", text)


def drawn() -> dict[str, bytes]:
    """Return the drawn images, and remove them."""
    found = {path.name: path.read_bytes() for path in Path("drawn").iterdir()}
    shutil.rmtree("drawn")
    return found


@pytest.mark.usefixtures("threads")
def test_several_threads_say_and_draw_what_one_does(capfd, monkeypatch):
    names = write_list(30)  # the crews take turns up to the 28th
    words = [*TEST, "list.txt", *SHOWN, "-out_dir", "drawn", "-out", "found.json"]

    assert main(words) == 0
    several, pictures, json = said(capfd.readouterr().out), drawn(), Path("found.json").read_text()
    monkeypatch.setattr(Network, "crews", lambda network, images: ())
    assert main(words) == 0

    assert several == said(capfd.readouterr().out)
    assert pictures == drawn()
    assert json == Path("found.json").read_text()
    assert re.findall(r"^(\S+): Predicted", several, re.MULTILINE) == names
    assert torch.get_num_threads() == 2


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("flags", [[], ["-out_dir", "drawn"]], ids=["one file", "a folder"])
def test_a_drawing_that_the_next_one_replaces_unseen_is_not_made(monkeypatch, flags):
    names, made = write_list(10), []

    def draws(*given, **how):
        made.append(given)
        return draw(*given, **how)

    monkeypatch.setattr("pydarknet.cli.output.draw", draws)
    assert main([*TEST, "list.txt", *SHOWN, *flags]) == 0
    assert len(made) == (len(names) if flags else 3), "a group has four images, the last one two"

    if not flags:
        last = Path("predictions.jpg").read_bytes()
        assert main([*TEST, names[-1], *SHOWN]) == 0
        assert Path("predictions.jpg").read_bytes() == last


@pytest.mark.usefixtures("threads")
def test_an_image_that_cannot_be_read_is_told_in_its_place(monkeypatch):
    names = write_list(22)
    Path(names[9]).write_text("a text")
    lines: list[str] = []
    monkeypatch.setattr("pydarknet.cli.output.say", lambda text: lines.append(text.split(":")[0]))
    monkeypatch.setattr("pydarknet.system.problems.note_once", lines.append)

    assert main([*TEST, "list.txt", *SHOWN]) == 1

    assert [line for line in lines if line in names or line.startswith("Cannot")] == [
        *names[:9],
        'Cannot load image "09.png": not an image: expected JPEG, PNG, GIF, BMP, WebP, TIFF or'
        " Targa",
        *names[10:],
    ]


def pixels(text: str) -> list[tuple[str, int, int]]:
    """Return the names and the places of boxes that -ext_output prints, sorted."""
    found = re.findall(r"^(\S+): \d+%\t\(left_x: +(-?\d+) +top_y: +(-?\d+)", text, re.MULTILINE)
    return sorted((name, int(left), int(top)) for name, left, top in found)


@pytest.mark.parametrize("backend", [[], ["-backend", "onnxruntime"]])
def test_tiles_give_boxes_json_labels_and_a_drawing_of_the_whole_image(capfd, backend):
    if backend:
        pytest.importorskip("onnxruntime")
    small = cv2.imread(str(HERE.parent / "data" / "digits.png"))  # 320 x 240, with six digits
    large = np.zeros((1200, 1600, 3), np.uint8) + 170
    places = [(0, 0), (641, 130), (1280, 480), (100, 960)]
    for left, top in places:
        large[top : top + 240, left : left + 320] = small
    cv2.imwrite("large.png", large)
    cv2.imwrite("small.png", small)
    words = ["detect", "-dialect", "alexeyab", "-ext_output", "-out", "x.json", *backend]
    assert main([*words, "small.png", "-no_draw"]) == 0
    once = pixels(capfd.readouterr().out)

    assert main([*words, "large.png", "-tile", "320x240", "-save_labels"]) == 0

    found = pixels(capfd.readouterr().out)
    moved = sorted((name, x + left, y + top) for left, top in places for name, x, y in once)
    assert len(once) == 6
    assert [name for name, _, _ in found] == [name for name, _, _ in moved]
    for one, other in zip(found, moved, strict=True):
        assert np.allclose(one[1:], other[1:], atol=4)  # a tile lies elsewhere
    objects = json.loads(Path("x.json").read_text())[0]["objects"]
    assert sorted(one["name"] for one in objects) == [name for name, _, _ in moved]
    assert len(Path("large.txt").read_text().splitlines()) == 24
    assert cv2.imread("predictions.jpg").shape == large.shape


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (["-tile", "big"], "-tile big: expected WIDTHxHEIGHT in pixels, such as 640x480"),
        (["-tile", "8x8"], "tiles of 8 x 8 pixels: expected sides of 32 and more"),
        (["-overlap", "0.95"], "-overlap 0.95: expected at most 0.9"),
    ],
)
def test_tiles_that_make_no_sense_are_an_error(capfd, flags, problem):
    assert main([*TEST, "input.png", *flags]) == 1

    assert capfd.readouterr().err.splitlines()[-1].startswith(problem)


@pytest.mark.usefixtures("threads")
def test_a_file_on_stdin_is_answered_as_a_pipe_and_by_several_threads(capfd, monkeypatch):
    names = write_list(12)
    lines = "\n".join([*names[:5], "", "missing.png", *names[5:], "", ""])
    Path("list.txt").write_text(lines)
    answers = []
    works: set[str] = set()
    find = Network.find_boxes

    def find_boxes(*given, **how):
        works.add(threading.current_thread().name)
        return find(*given, **how)

    monkeypatch.setattr(Network, "find_boxes", find_boxes)
    with open("list.txt") as file:
        for stdin in (io.StringIO(lines), file):
            works.clear()
            monkeypatch.setattr(sys, "stdin", stdin)
            status = main([*TEST, *SHOWN, "-out", "found.json"])
            told = capfd.readouterr()
            answers.append((status, said(told.out), told.err.count("missing.png")))
            answers[-1] += (json.loads(Path("found.json").read_text()),)
    assert answers[0] == answers[1]
    assert answers[1][0] == 1
    assert answers[1][1].count("Enter Image Path: ") == 13 + 2 + 1  # images, empty lines, the end
    assert len(works) > 1, "of the file"
