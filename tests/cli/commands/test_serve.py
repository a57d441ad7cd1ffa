"""The command serve, as a process and as a call."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from conftest import HERE

from pydarknet.cli.main import main

FILES = ("net.cfg", "net.weights")


@pytest.mark.skipif(os.name != "posix", reason="ends a process by a signal")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_as_detector_test_does_until_it_is_stopped(
    folder: Path, number: int, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["serve", *FILES, "-data", "net.data", "-port", "0", "-thresh", "0.3", "-nogpu"]
    command = [sys.executable, "-m", "pydarknet", *words]
    env = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=env, **pipes) as server:
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
