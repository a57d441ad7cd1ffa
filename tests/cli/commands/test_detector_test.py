"""The commands that detect, as people and programs call them: prompts, lists, folders, mistakes."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import cv2
import pytest
from conftest import HERE

from pydarknet.cli.commands.detector_test import default_model
from pydarknet.cli.main import main
from pydarknet.cli.output import one_ahead
from pydarknet.system.resources import shipped

CASE = HERE / "reference" / "infer_pj_yolov3_a"
PROMPT = b"Enter Image Path: "
TEST = ["detector", "test", "net.data", "net.cfg", "net.weights"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Work in a copy of a recording's folder, without a display.

    Its weights were written by a header that says the fork, its texts by the original.
    """
    made = tmp_path / "case"
    shutil.copytree(CASE, made, ignore=shutil.ignore_patterns("cli*", "expected*", "predictions*"))
    monkeypatch.chdir(made)
    monkeypatch.setenv("PYDARKNET_DIALECT", "pjreddie")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    return made


def test_one_batch_is_computed_while_the_last_is_written():
    begun, release = [], threading.Event()

    def work(item: int) -> int:
        begun.append(item)
        if item == 2:
            release.wait(30)
        return 10 * item

    results = one_ahead(work, [1, 2, 3])

    assert next(results) == 10
    while begun != [1, 2]:
        time.sleep(0.001)
    release.set()
    assert list(results) == [20, 30]


def test_what_goes_wrong_ahead_is_raised():
    def work(item: int) -> float:
        return 1 / item

    results = one_ahead(work, [1, 0, 2])

    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        next(results)


def boxes(text: str) -> list[str]:
    """Return the lines of boxes of a text."""
    return [line for line in text.splitlines() if re.fullmatch(r"\S+: \d+%.*", line)]


DIGITS = ["0", "2", "4", "5", "5", "6"]  # in data/digits.png
RECORDED = boxes((CASE / "cli_stdout.txt").read_text())


# A live process


def started(*words: str, **streams: int) -> subprocess.Popen[bytes]:
    """Start the program without a buffer of ours."""
    command = [sys.executable, "-m", "pydarknet", *TEST, "-thresh", "0.25", *words]
    env = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    return subprocess.Popen(command, bufsize=0, env=env, **streams)


def upto_prompt(stream: int) -> bytes:
    """Read until the program asks for a path."""
    text = b""
    while not text.endswith(PROMPT):
        read = os.read(stream, 1)
        assert read, text
        text += read
    return text


def test_a_process_answers_each_path_before_it_asks_for_the_next():
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with started("-batchnorm", "cpu", **pipes) as process:
        assert upto_prompt(process.stdout.fileno()) == PROMPT

        process.stdin.write(b"input.png\n")
        first = upto_prompt(process.stdout.fileno())
        process.stdin.write(b"input.png\r\n")
        second = upto_prompt(process.stdout.fileno())

        process.stdin.close()
        assert boxes(first.decode()) == boxes(second.decode()) == RECORDED
        assert process.stdout.read() == b""
        assert process.wait() == 0


def test_a_process_on_a_terminal_answers_as_pexpect_waits_for_it():
    ours, theirs = pty.openpty()
    streams = {"stdin": theirs, "stdout": theirs, "stderr": subprocess.DEVNULL}
    with started("-batchnorm", "cpu", **streams) as process:
        upto_prompt(ours)

        os.write(ours, b"input.png\n")
        answer = upto_prompt(ours).decode().replace("\r\n", "\n")

        os.write(ours, b"\x04")  # ^D
        assert process.wait() == 0
    os.close(ours)
    os.close(theirs)
    assert boxes(answer) == RECORDED


def test_a_piped_list_is_answered_prompt_by_prompt():
    shutil.copy("input.png", "other.png")
    said = subprocess.run(
        [sys.executable, "-m", "pydarknet", *TEST, "-thresh", "0.25", "-batchnorm", "cpu"],
        input="input.png\nother.png",  # the last line has no end
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(HERE.parent)},
    )

    pieces = said.stdout.split("Enter Image Path: ")
    assert said.returncode == 0
    assert [piece.split(":")[0] for piece in pieces] == ["", "input.png", "other.png", ""]
    assert boxes(said.stdout) == RECORDED * 2


def test_a_path_at_the_prompt_that_is_no_image_is_told_and_the_next_is_answered():
    said = subprocess.run(
        [sys.executable, "-m", "pydarknet", *TEST, "-thresh", "0.25", "-batchnorm", "cpu"],
        input="\nmissing.png\nnet.cfg\ninput.png\n",
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(HERE.parent)},
    )

    assert said.returncode == 0
    assert boxes(said.stdout) == RECORDED
    assert said.stdout.count("Predicted in") == 1
    assert said.stderr.count("Cannot load image") == 3
    assert Path("bad.list").read_text() == "\nmissing.png\nnet.cfg\n"


# Several images


@pytest.fixture
def several(folder):
    """Lay two pictures into a folder, and list them."""
    (folder / "many").mkdir()
    for name in ("a.png", "b.png"):
        shutil.copy("input.png", folder / "many" / name)
    (folder / "list.txt").write_text("many/a.png\nmany/b.png\n")


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize(
    "words", [["many/a.png", "many/b.png"], ["many"], ["many/*.png"], ["list.txt"]]
)
def test_images_are_operands_a_folder_a_pattern_or_a_list(words, capfd):
    status = main([*TEST, *words, "-thresh", "0.25", "-batchnorm", "cpu", "-out_dir", "drawn"])

    out = capfd.readouterr().out
    assert status == 0
    assert re.findall(r"^(\S+): Predicted", out, re.MULTILINE) == ["many/a.png", "many/b.png"]
    assert boxes(out) == RECORDED * 2
    assert sorted(path.name for path in Path("drawn").iterdir()) == ["a.jpg", "b.jpg"]
    assert not Path("predictions.jpg").exists()


@pytest.mark.usefixtures("several")
def test_json_holds_a_frame_an_image(capfd):
    main([*TEST, "many", "-thresh", "0.25", "-out", "found.json"])

    frames = json.loads(Path("found.json").read_text())
    assert [(frame["frame_id"], frame["filename"]) for frame in frames] == [
        (1, "many/a.png"),
        (2, "many/b.png"),
    ]


def test_an_image_of_a_list_that_cannot_be_read_is_passed_over(capfd):
    Path("list.txt").write_text("missing.png\ninput.png\n")

    status = main([*TEST, "list.txt", "-thresh", "0.25", "-batchnorm", "cpu"])

    told = capfd.readouterr()
    assert status == 0
    assert boxes(told.out) == RECORDED
    assert 'Cannot load image "missing.png": No such file or directory' in told.err


# What is written


def test_the_picture_is_drawn_without_a_display():
    assert main([*TEST, "input.png", "-thresh", "0.25"]) == 0

    assert cv2.imread("predictions.jpg").shape == cv2.imread("input.png").shape


def test_out_names_the_picture():
    main([*TEST, "input.png", "-out", "mine"])

    assert Path("mine.jpg").exists()
    assert not Path("predictions.jpg").exists()


def test_labels_are_written_beside_the_image():
    main([*TEST, "input.png", "-thresh", "0.25", "-save_labels", "-batchnorm", "cpu"])

    rows = [line.split() for line in Path("input.txt").read_text().splitlines()]
    assert all(re.fullmatch(r"\d+( -?\d+\.\d{4}){4}", " ".join(row)) for row in rows)
    assert len(rows) > 0


def test_flags_stand_anywhere(capfd):
    main(["-thresh", "0.25", "detector", "-batchnorm", "cpu", "test", *TEST[2:], "input.png"])

    assert boxes(capfd.readouterr().out) == RECORDED


@pytest.mark.parametrize("flag", [["-clear"], ["-c", "0"], ["-gpus", "0,1"], ["-prefix", "x"]])
def test_flags_of_other_commands_are_taken_out_with_their_values(flag, capfd):
    main([*TEST[:2], *flag, *TEST[2:], "input.png", "-thresh", "0.25", "-batchnorm", "cpu"])

    told = capfd.readouterr()
    assert boxes(told.out) == RECORDED
    assert f"{flag[0]} means nothing to detector test: ignored" in told.err


# Mistakes: one line, status 1


def mistake(words: list[str], capfd) -> str:
    """Return the last line of stderr of a command that ends with status 1, and prints no box."""
    assert main(words) == 1
    told = capfd.readouterr()
    assert boxes(told.out) == []
    return told.err.rstrip("\n").split("\n")[-1]


def test_a_missing_image_is_an_error(capfd):
    line = mistake([*TEST, "missing.png"], capfd)

    assert line == 'Cannot load image "missing.png": No such file or directory'


def test_a_file_that_is_no_image_is_an_error(capfd):
    line = mistake([*TEST, "net.cfg"], capfd)

    assert line == 'Cannot load image "net.cfg": unknown image type, or damaged'


def test_an_empty_list_is_an_error(capfd):
    Path("list.txt").write_text("")

    assert mistake([*TEST, "list.txt"], capfd) == "list.txt: expected an image, found none"


def test_a_folder_without_images_is_an_error(capfd):
    Path("empty").mkdir()

    assert mistake([*TEST, "empty"], capfd) == "empty: expected an image, found none"


def test_missing_names_are_an_error(capfd):
    Path("net.data").write_text("names = missing.names\n")

    assert "missing.names" in mistake([*TEST, "input.png"], capfd)


def test_a_missing_data_file_is_an_error(capfd):
    line = mistake(["detector", "test", "missing.data", *TEST[3:], "input.png"], capfd)

    assert line.startswith("Couldn't open file: missing.data")


def test_fewer_names_than_classes_are_told_and_numbers_stand_for_the_others(capfd):
    Path("net.names").write_text("first\n")

    status = main([*TEST, "input.png", "-thresh", "0.25", "-batchnorm", "cpu"])

    told = capfd.readouterr()
    assert status == 0
    assert "number of names 1 that isn't equal to classes=" in told.err
    assert len(boxes(told.out.replace("class ", "class"))) == len(RECORDED)


def test_a_classifier_is_no_detector(capfd):
    Path("class.cfg").write_text("[net]\nwidth=8\nheight=8\nchannels=3\n[avgpool]\n[softmax]\n")

    assert main(["detector", "test", "net.data", "class.cfg", "", "input.png"]) == 1

    told = capfd.readouterr().err
    assert "class.cfg:1: [net] the network has no detection head: expected a detector" in told
    assert "hint: a classifier is used by: pydarknet classifier predict" in told


# Found by name


def test_names_and_cfgs_that_are_not_here_are_found_among_the_shipped(capfd):
    words = ["detector", "test", "voc.data", "yolov2-tiny-voc.cfg", "missing.weights", "input.png"]

    line = mistake(words, capfd)

    assert line.startswith("Couldn't open file: missing.weights")


def test_the_shipped_file_that_is_used_is_told(capfd):
    assert main(["ops", "yolov3-tiny.cfg"]) == 0

    told = capfd.readouterr().err
    assert f"yolov3-tiny.cfg is not here, using the shipped {shipped('yolov3-tiny.cfg')}" in told


def test_detect_needs_the_coco_data_of_nobody(capfd):
    Path("small.cfg").write_text(
        "[net]\nwidth=32\nheight=32\nchannels=3\n"
        "[convolutional]\nfilters=255\nstride=32\nactivation=linear\n"
        "[yolo]\nmask=0,1,2\nnum=3\nclasses=80\nanchors=10,10,20,20,30,30\n"
    )

    assert main(["detect", "small.cfg", "", "input.png", "-thresh", "0.99"]) == 0

    assert "coco.names is not here, using the shipped" in capfd.readouterr().err


def test_an_image_alone_is_searched_by_the_built_in_model(capfd, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))

    assert main(["detect", str(shipped("digits.png")), "-dont_show"]) == 0

    out, err = capfd.readouterr()
    assert sorted(re.findall(r"^(\d): \d+%$", out, re.MULTILINE)) == DIGITS
    assert "model: the built-in digits.cfg with digits.weights, which finds handwritten d" in err
    assert "for the 80 classes of COCO put https://" in err
    assert Path("predictions.jpg").stat().st_size > 0


@pytest.mark.parametrize("folder", [".", "weights", "home/.cache/pydarknet"])
def test_yolov3_goes_before_the_built_in_model(capfd, monkeypatch, tmp_path, folder):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    weights = Path(folder) / "yolov3.weights"
    weights.parent.mkdir(parents=True, exist_ok=True)
    weights.write_bytes(b"")

    data, cfg, found = default_model()

    assert (data, cfg, Path(found).resolve()) == ("cfg/coco.data", "yolov3.cfg", weights.resolve())
    assert "model: yolov3.cfg with " in capfd.readouterr().err
