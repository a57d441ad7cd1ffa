"""The commands that detect, as people and programs call them: prompts, lists, folders, mistakes."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import subprocess
from pathlib import Path

import forked
import pytest
from conftest import HERE
from exports import both

from pydarknet.cli.main import main
from pydarknet.system.resources import shipped_file

CASE = HERE / "reference" / "infer_pj_yolov3_a"
PROMPT = b"Enter Image Path: "
pytestmark = pytest.mark.usefixtures("folder")
TEST = ["detector", "test", "net.data", "net.cfg", "net.weights"]


def boxes(text: str) -> list[str]:
    """Return the lines of boxes of a text."""
    return [line for line in text.splitlines() if re.fullmatch(r"\S+: \d+%.*", line)]


RECORDED = boxes((CASE / "cli_stdout.txt").read_text())


# A live process


def started(*words: str, **streams: int) -> forked.Program:
    """Start the program without a buffer of ours."""
    command = ["-m", "pydarknet", *TEST, "-thresh", "0.25", *words]
    env = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    return forked.Program(*command, bufsize=0, env=env, **streams)


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
    said = forked.run(
        *("-m", "pydarknet", *TEST, "-thresh", "0.25", "-batchnorm", "cpu"),
        input="input.png\nother.png",  # the last line has no end
        env={**os.environ, "PYTHONPATH": str(HERE.parent)},
    )

    pieces = said.stdout.split("Enter Image Path: ")
    assert said.returncode == 0
    assert [piece.split(":")[0] for piece in pieces] == ["", "input.png", "other.png", ""]
    assert boxes(said.stdout) == RECORDED * 2


def test_a_path_at_the_prompt_that_is_no_image_is_told_and_the_next_is_answered():
    said = forked.run(
        *("-m", "pydarknet", *TEST, "-thresh", "0.25", "-batchnorm", "cpu"),
        input="\nmissing.png\nnet.cfg\ninput.png\n",
        env={**os.environ, "PYTHONPATH": str(HERE.parent)},
    )

    assert said.returncode == 1
    assert boxes(said.stdout) == RECORDED
    assert said.stdout.count("Predicted in") == 1
    assert said.stderr.count("Cannot load image") == 2
    assert not Path("bad.list").exists()


# Several images


# What is written


def test_flags_stand_anywhere(capfd):
    main(["-thresh", "0.25", "detector", "-batchnorm", "cpu", "test", *TEST[2:], "input.png"])

    assert boxes(capfd.readouterr().out) == RECORDED


# Mistakes: one line, status 1


def mistake(words: list[str], capfd) -> str:
    """Return the last line of stderr of a command that ends with status 1, and prints no box."""
    assert main(words) == 1
    told = capfd.readouterr()
    assert boxes(told.out) == []
    return told.err.rstrip("\n").split("\n")[-1]


def test_missing_names_are_an_error(capfd):
    Path("net.data").write_text("names = missing.names\n")

    assert "missing.names" in mistake([*TEST, "input.png"], capfd)


def test_a_missing_data_file_is_an_error(capfd):
    line = mistake(["detector", "test", "missing.data", *TEST[3:], "input.png"], capfd)

    assert line.startswith("Couldn't open file: missing.data")


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
    assert (
        f"yolov3-tiny.cfg is not here, using the shipped {shipped_file('yolov3-tiny.cfg')}" in told
    )


# An exported network


@pytest.mark.parametrize("layout", ["merged", "rows", "raw"])
def test_an_exported_network_prints_the_recorded_boxes(capfd, layout):
    pytest.importorskip("onnxruntime")
    both(CASE, Path("net.onnx"), layout, batchnorm="cpu")

    assert main(["detector", "test", "net.data", "net.onnx", "input.png", "-thresh", "0.25"]) == 0

    out, err = capfd.readouterr()
    assert boxes(out) == RECORDED
    assert f"Loading weights from net.onnx...Done!\nlayout {layout}, run by onnxruntime" in err


def test_boxes_that_were_suppressed_inside_are_told(capfd):
    pytest.importorskip("onnxruntime")
    both(CASE, Path("net.onnx"), "nms", batchnorm="cpu", thresh=0.25)

    assert main(["detector", "test", "net.data", "net.onnx", "input.png", "-nms", "0.1"]) == 0

    out, err = capfd.readouterr()
    assert sorted(boxes(out)) == sorted(RECORDED)
    assert "suppressed inside: of scores above 0.25 and by an overlap of 0.45, whatever -nms" in err


def test_opencv_runs_what_is_exported(capfd):
    pytest.importorskip("cv2")
    both(CASE, Path("net.onnx"), "rows", batchnorm="cpu")
    words = ["net.onnx", "input.png", "-thresh", "0.25", "-backend", "opencv"]

    assert main(["detector", "test", "net.data", *words]) == 0

    out, err = capfd.readouterr()
    assert boxes(out) == RECORDED
    assert "layout rows, run by OpenCV on the CPU\n" in err


def test_opencv_does_not_run_a_cfg(capfd):
    assert main([*TEST, "input.png", "-backend", "opencv"]) == 1

    assert "backend opencv: expected an exported .onnx, or onnxruntime" in capfd.readouterr().err


@pytest.mark.parametrize("words", [["missing.png"], ["missing.png", "input.png", "missing.png"]])
@pytest.mark.parametrize(("dialect", "listed"), [("pjreddie", []), ("alexeyab", ["missing.png"])])
def test_the_fork_lists_images_that_cannot_be_read(words, dialect, listed):
    assert main([*TEST, *words, "-dialect", dialect, "-dont_show"]) == 1

    lists = [path.read_text().splitlines() for path in Path().glob("bad.list")]
    assert lists == ([listed] if listed else [])


def test_an_image_that_cannot_be_read_is_a_frame_of_the_json_without_objects():
    words = ["input.png", "missing.png", "input.png", "-dialect", "alexeyab", "-dont_show"]

    assert main([*TEST, *words, "-out", "found.json"]) == 1

    frames = json.loads(Path("found.json").read_text())
    assert [frame["frame_id"] for frame in frames] == [1, 2, 3]
    assert frames[1]["filename"] == "missing.png"
    assert [bool(frame["objects"]) for frame in frames] == [True, False, True]
