"""The command download."""

from __future__ import annotations

import hashlib
import re

import pytest
from file_server import serve_files, whole

from pydarknet.cli.main import main
from pydarknet.downloads import published
from pydarknet.downloads.published import PublishedFile

CONTENT = b"weights" * 1000


@pytest.fixture
def net(tmp_path, monkeypatch):
    """Return a file that alone can be downloaded, into a folder in which the test works."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with serve_files(tmp_path) as server:
        server.pages["/net"] = whole(CONTENT)
        digest = hashlib.sha256(CONTENT).hexdigest()
        urls = (f"{server.url}/net",)
        file = PublishedFile("net.weights", len(CONTENT), digest, "https://source", urls)
        monkeypatch.setattr(published, "PUBLISHED", (file,))
        yield file


@pytest.mark.parametrize("folder", ["", "new/weights"])
def test_a_file_is_brought_and_its_source_is_told(net, tmp_path, capsys, folder):
    assert main(["download", "net.weights", *folder.split()]) == 0

    assert (tmp_path / folder / "net.weights").read_bytes() == CONTENT
    out, err = capsys.readouterr()
    path = f"{folder}/net.weights".lstrip("/")
    assert out == (f"{path}: 7000 bytes, SHA-256 {net.sha256}, as published by https://source\n")
    assert err == f"{net.mirrors[0]}\n"


def test_without_a_name_all_are_listed(capsys):
    assert main(["download"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 11
    assert all(re.fullmatch(r"\S+ +\d+\.\d MB  [0-9a-f]{64}", line) for line in lines)


def test_another_name_is_told(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert main(["download", "yolov4-tinny.weights"]) == 1

    first, hint = capsys.readouterr().err.splitlines()
    assert first.startswith("download yolov4-tinny.weights: expected yolov4-tiny.weights, ")
    assert hint == "    hint: pydarknet download lists all files whose SHA-256 is published"


def test_a_failure_is_two_lines_and_status_one(net, capsys):
    object.__setattr__(net, "sha256", "0" * 64)

    assert main(["download", "net.weights"]) == 1

    asked, problem, last = capsys.readouterr().err.splitlines()
    assert asked == net.mirrors[0]
    assert problem.endswith(f"sends another file: its SHA-256 is not {'0' * 64}")
    assert last == "net.weights: no server gives the file"


def test_an_interrupt_says_how_it_continues(net, capsys, monkeypatch):
    def interrupt(file, folder, tell, show):
        raise KeyboardInterrupt

    monkeypatch.setattr("pydarknet.downloads.download.download", interrupt)

    assert main(["download", "net.weights"]) == 130

    assert capsys.readouterr().err == "stopped: the same command continues\n"


def test_a_file_of_its_name_is_an_image(folder, capfd):
    (folder / "input.png").rename(folder / "download")

    assert main(["detector", "test", "net.data", "net.cfg", "net.weights", "download"]) == 0

    assert "download: Predicted in" in capfd.readouterr().out
