"""The command serve, as a process and as a call."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import urllib.request
from pathlib import Path

import pytest
from conftest import HERE
from exports import both
from forked import Program

from pydarknet.boxes.settings import settings
from pydarknet.cli.commands.serve import find
from pydarknet.cli.main import main
from pydarknet.image.files import load_image
from pydarknet.load import load_network

CASE = HERE / "reference" / "infer_pj_yolov3_a"

FILES = ("net.cfg", "net.weights")


@pytest.mark.skipif(os.name != "posix", reason="ends a process by a signal")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_as_detector_test_does_until_it_is_stopped(
    folder: Path, number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["serve", *FILES, "-data", "net.data", "-port", "0", "-thresh", "0.3", "-nogpu"]
    env = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with Program("-m", "pydarknet", *words, env=env, **pipes) as server:
        assert server.stdout
        line = server.stdout.readline().decode()
        url = line.split()[2]
        request = urllib.request.Request(f"{url}detect", data=Path("input.png").read_bytes())
        with urllib.request.urlopen(request, timeout=30) as answer:
            served = json.load(answer)
        server.send_signal(number)
        out, err = server.communicate(timeout=30)
    test = ["detector", "test", "net.data", *FILES, "input.png", "-thresh", "0.3", "-nogpu"]
    main([*test, "-out", "found.json"])
    [expected] = json.loads(Path("found.json").read_text())

    assert line.startswith("Serving at http://127.0.0.1:")
    assert served["objects"] == expected["objects"]
    assert served["objects"]
    assert server.returncode == 0
    assert out == b""
    assert err.decode().endswith("Stopped.\n")


def test_a_port_that_is_taken_is_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        status = main(["serve", *FILES, "-data", "net.data", "-port", str(port)])

    assert status == 1
    assert f"-port {port}: another program listens there\n" in capsys.readouterr().err


def test_a_network_without_boxes_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("class.cfg").write_text("[net]\nwidth=4\nheight=4\nchannels=3\n[avgpool]\n[softmax]\n")

    assert main(["serve", "class.cfg", "-port", "0"]) == 1
    assert "no detection head" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "the classes have no names: -names FILE or -data FILE gives them some\n"),
        (["-names", "few.names"], "in the file few.names number of names 1 that isn't equal to"),
        (["-names", "net.names", "-data", "none.data"], ""),
    ],
)
def test_it_says_what_is_odd_about_names(
    folder: Path, words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("few.names").write_text("one\n")
    with socket.create_server(("127.0.0.1", 0)) as other:  # so that it ends
        main(["serve", *FILES, "-port", str(other.getsockname()[1]), *words])

    err = capsys.readouterr().err
    assert told in err
    assert ("names" in err) is bool(told)


def test_a_network_of_80_classes_has_the_names_of_coco(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = "[net]\nwidth=32\nheight=32\nchannels=3\n[convolutional]\nfilters=85\nsize=1\n"
    Path("coco.cfg").write_text(f"{head}[yolo]\nmask=0\nanchors=8,8\nnum=1\nclasses=80\n")
    with socket.create_server(("127.0.0.1", 0)) as other:
        main(["serve", "coco.cfg", "-port", str(other.getsockname()[1])])

    assert "the 80 classes have the names of COCO" in capsys.readouterr().err


def test_an_exported_file_finds_the_same_boxes(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    network, file = both(CASE, tmp_path / "net.onnx")
    image = load_image(CASE / "input.png")

    boxes, again = (find(one, settings(one), [image], 0.3)[0].kept() for one in (network, file))

    assert len(boxes) == len(again) > 0
    assert boxes.probabilities == pytest.approx(again.probabilities, abs=1e-4)
    assert boxes.boxes == pytest.approx(again.boxes, abs=1e-4)


def test_the_threshold_of_a_request_is_used() -> None:
    network = load_network(CASE / "net.cfg", CASE / "net.weights", device="cpu")
    image = load_image(CASE / "input.png")

    [few] = find(network, settings(network), [image], 0.8)
    [many] = find(network, settings(network), [image], 0.1)

    assert 0 < len(few.kept()) < len(many.kept())
    assert few.kept().scores.min() > 0.8
