"""A file that comes from a server, or not."""

from __future__ import annotations

import os
import resource
import shutil
import stat
from collections import namedtuple

import pytest
from file_server import CONTENT, cut, elsewhere, ranged, send, whole

from pydarknet.downloads.download import download
from pydarknet.errors import DataError
from pydarknet.system.files import lock

WRONG = CONTENT[:-1] + b"?"


@pytest.fixture
def bring(tmp_path):
    """Return a function that downloads a file here, and keeps what is told and shown."""

    def call(file):
        call.told, call.shown = [], []
        return download(file, tmp_path, call.told.append, call.shown.append)

    return call


def test_a_file_has_its_name_and_its_bytes(server, published, bring, tmp_path):
    server.pages["/net"] = whole(CONTENT)

    assert bring(published("/net")) == tmp_path / "net.weights"

    assert (tmp_path / "net.weights").read_bytes() == CONTENT
    assert os.listdir(tmp_path) == ["net.weights"]
    assert bring.shown[-1] == len(CONTENT)
    assert bring.told == [f"{server.url}/net"]


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600)])
def test_a_file_has_the_rights_that_its_owner_wants(server, published, bring, umask, mode):
    server.pages["/net"] = whole(CONTENT)
    before = os.umask(umask)
    try:
        path = bring(published("/net"))
    finally:
        os.umask(before)

    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_download_that_broke_is_continued(server, published, bring, tmp_path):
    server.pages["/net"] = cut(CONTENT, 1000)

    with pytest.raises(
        DataError, match=r"no server gives the file\n.*1000 of 256000 bytes: the same"
    ):
        bring(published("/net"))
    assert os.listdir(tmp_path) == ["net.weights.part"]

    server.pages["/net"] = ranged(CONTENT)
    assert bring(published("/net")).read_bytes() == CONTENT
    assert server.asked == [("/net", None), ("/net", "bytes=1000-")]
    assert os.listdir(tmp_path) == ["net.weights"]


def test_the_next_server_sends_the_rest(server, published, bring):
    server.pages["/net"] = cut(CONTENT, 1000)
    server.pages["/other"] = ranged(CONTENT)

    assert bring(published("/net", "/other")).read_bytes() == CONTENT

    assert server.asked == [("/net", None), ("/other", "bytes=1000-")]
    host = server.url.removeprefix("https://")
    assert bring.told[1] == f"{host}: ended after 1000 of 256000 bytes"


def test_a_server_that_cannot_continue_begins_anew(server, published, bring, tmp_path):
    (tmp_path / "net.weights.part").write_bytes(CONTENT[:1000])
    server.pages["/net"] = whole(CONTENT)

    assert bring(published("/net")).read_bytes() == CONTENT


@pytest.mark.parametrize("left", [b"nonsense", WRONG, CONTENT + b"more"])
def test_what_another_file_left_does_no_harm(server, published, bring, tmp_path, left):
    (tmp_path / "net.weights.part").write_bytes(left)
    server.pages["/net"] = ranged(CONTENT)

    assert bring(published("/net")).read_bytes() == CONTENT


def test_a_file_of_another_sum_gets_no_name(server, published, bring, tmp_path):
    server.pages["/net"] = whole(WRONG)

    with pytest.raises(DataError, match=r"^net.weights: no server gives the file$"):
        bring(published("/net"))

    assert "sends another file: its SHA-256 is not " in bring.told[-1]
    assert not (tmp_path / "net.weights").exists()
    assert (tmp_path / "net.weights.part").stat().st_size == 0


def test_a_web_page_is_told_and_the_next_server_is_asked(server, published, bring):
    page = b"<!DOCTYPE html>" + bytes(len(CONTENT) - 15)
    server.pages["/net"] = lambda request: send(request, page, Content_Type="application/binary")
    server.pages["/other"] = whole(CONTENT)

    assert bring(published("/net", "/other")).read_bytes() == CONTENT

    assert "answers with a web page (HTML), not with the file" in bring.told[1]


def test_no_more_is_written_than_the_file_has(server, published, bring, tmp_path):
    def endless(request) -> None:
        request.send_response(200)
        request.end_headers()
        request.wfile.write(CONTENT + b"more")

    server.pages["/net"] = endless

    with pytest.raises(DataError, match="no server gives"):
        bring(published("/net"))

    assert "sends more than the 256000 bytes" in bring.told[-1]
    assert (tmp_path / "net.weights.part").stat().st_size <= len(CONTENT)


def test_a_way_over_http_is_told_and_the_next_server_is_asked(server, published, bring):
    server.pages["/net"] = elsewhere("http://127.0.0.1/net")
    server.pages["/other"] = whole(CONTENT)

    assert bring(published("http://127.0.0.1/net", "/net", "/other")).read_bytes() == CONTENT

    assert [line for line in bring.told if "expected https" in line] == [
        "127.0.0.1: leads to http://127.0.0.1/net: expected https",
        f"{server.url.removeprefix('https://')}: leads to http://127.0.0.1/net: expected https",
    ]


def test_a_whole_file_that_is_there_is_not_downloaded_again(server, published, bring, tmp_path):
    (tmp_path / "net.weights").write_bytes(CONTENT)

    assert bring(published("/net")) == tmp_path / "net.weights"
    assert server.asked == []


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_what_has_the_name_is_not_written_over(server, published, bring, tmp_path, kind):
    target = tmp_path / "net.weights"
    {
        "file": lambda: target.write_bytes(b"mine"),
        "folder": target.mkdir,
        "link": lambda: target.symlink_to("nowhere"),
    }[kind]()

    with pytest.raises(DataError, match=r"net.weights: is there, and is another file"):
        bring(published("/net"))

    assert server.asked == []
    assert os.listdir(tmp_path) == ["net.weights"]


def test_a_link_in_the_place_of_the_part_is_not_followed(server, published, bring, tmp_path):
    (tmp_path / "mine").write_bytes(b"mine")
    (tmp_path / "net.weights.part").symlink_to("mine")

    with pytest.raises(DataError, match=r"net.weights.part: cannot be written: "):
        bring(published("/net"))

    assert (tmp_path / "mine").read_bytes() == b"mine"


def test_two_do_not_write_one_file(server, published, bring, tmp_path):
    with open(tmp_path / "net.weights.part", "wb") as part:
        lock(part)

        with pytest.raises(DataError, match=r"net.weights.part: another process is downloading it"):
            bring(published("/net"))


def test_a_full_disk_is_a_line_and_the_part_stays(server, published, bring, tmp_path):
    server.pages["/net"] = ranged(CONTENT)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(
            DataError, match=r"^\S*net.weights.part: cannot be written: File too la"
        ):
            bring(published("/net"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    kept = (tmp_path / "net.weights.part").read_bytes()
    assert CONTENT.startswith(kept)

    assert bring(published("/net")).read_bytes() == CONTENT
    assert server.asked[-1] == ("/net", f"bytes={len(kept)}-")


def test_a_disk_without_room_is_told_before(server, published, bring, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(9, 9, 1000))

    with pytest.raises(DataError, match="has 1000 bytes left: expected 256000"):
        bring(published("/net"))
    assert server.asked == []


def test_an_interrupt_leaves_the_part(server, published, bring, tmp_path):
    server.pages["/net"] = ranged(CONTENT)

    def interrupt(there: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(published("/net"), tmp_path, str, interrupt)

    kept = (tmp_path / "net.weights.part").read_bytes()
    assert len(kept) > 0
    assert bring(published("/net")).read_bytes() == CONTENT
    assert server.asked[-1] == ("/net", f"bytes={len(kept)}-")
