"""What a server may answer."""

from __future__ import annotations

import pytest
from file_server import elsewhere, ranged, send, serve_files, whole

from pydarknet.downloads import mirror
from pydarknet.downloads.mirror import WrongAnswer, ask_for, check_beginning

CONTENT = b"0123456789"


def received(url: str, start: int = 0) -> tuple[int, bytes]:
    """Return where an answer begins, and its bytes."""
    with ask_for(url, start, len(CONTENT)) as answer:
        return answer.start, b"".join(answer.blocks())


def test_a_file_is_received_whole(server):
    server.pages["/net"] = whole(CONTENT)

    assert received(f"{server.url}/net") == (0, CONTENT)
    assert server.asked == [("/net", None)]


def test_the_rest_alone_is_asked_for(server):
    server.pages["/net"] = ranged(CONTENT)

    assert received(f"{server.url}/net", 4) == (4, CONTENT[4:])
    assert server.asked == [("/net", "bytes=4-")]


def test_a_server_may_begin_anew(server):
    server.pages["/net"] = whole(CONTENT)

    assert received(f"{server.url}/net", 4) == (0, CONTENT)


def test_it_is_followed_to_another_address_with_the_range(server):
    server.pages["/net"] = elsewhere(f"{server.url}/there")
    server.pages["/there"] = ranged(CONTENT)

    assert received(f"{server.url}/net", 4) == (4, CONTENT[4:])
    assert server.asked == [("/net", "bytes=4-"), ("/there", "bytes=4-")]


def test_it_is_not_followed_in_a_circle(server):
    server.pages["/net"] = elsewhere(f"{server.url}/net")

    with pytest.raises(WrongAnswer, match="answers 302"):
        received(f"{server.url}/net")
    assert len(server.asked) < 12


@pytest.mark.parametrize("url", ["http://127.0.0.1/net", "ftp://127.0.0.1/net", "file:///net"])
def test_nothing_but_https_is_asked(url):
    with pytest.raises(WrongAnswer, match=f"leads to {url}: expected https"):
        received(url)


@pytest.mark.parametrize("url", ["http://127.0.0.1/net", "ftp://127.0.0.1/net", "file:///net"])
def test_nothing_but_https_is_followed(server, url):
    server.pages["/net"] = elsewhere(url)

    with pytest.raises(WrongAnswer, match=f"(leads to |answers 302 .*){url}"):
        received(f"{server.url}/net")
    assert len(server.asked) == 1


def test_a_certificate_of_an_unknown_authority_is_refused(server, tmp_path):
    with serve_files(tmp_path) as stranger:
        stranger.pages["/net"] = whole(CONTENT)

        with pytest.raises(WrongAnswer, match=r"cannot be reached: .*CERTIFICATE_VERIFY_FAILED"):
            received(f"{stranger.url}/net")
    assert stranger.asked == []


def test_a_certificate_of_another_machine_is_refused(server):
    server.pages["/net"] = whole(CONTENT)

    with pytest.raises(WrongAnswer, match=r"cannot be reached: .*CERTIFICATE_VERIFY_FAILED"):
        received(server.url.replace("127.0.0.1", "localhost") + "/net")


@pytest.mark.parametrize("start", [0, 4])
def test_an_error_of_the_server_is_told(server, start):
    server.pages["/net"] = lambda request: send(request, b"gone", 404)

    with pytest.raises(WrongAnswer, match="answers 404 Not Found"):
        received(f"{server.url}/net", start)


def test_a_port_where_nobody_listens_is_told(server):
    with pytest.raises(WrongAnswer, match=r"cannot be reached: .*[Rr]efused"):
        received("https://127.0.0.1:9/net")


def test_a_server_that_sends_nothing_is_left(server, monkeypatch):
    monkeypatch.setattr(mirror, "PATIENCE", 0.2)
    server.pages["/net"] = lambda request: send(request, b"", length=len(CONTENT)) or wait(request)

    with pytest.raises(WrongAnswer, match="sent nothing for 0 seconds"):
        received(f"{server.url}/net")


def wait(request) -> None:
    """Keep a connection until the client leaves."""
    request.rfile.read(1)


def test_a_web_page_is_told(server):
    server.pages["/net"] = lambda request: send(request, CONTENT, Content_Type="text/html; x=1")

    with pytest.raises(WrongAnswer, match=r"answers with a web page \(HTML\)"):
        received(f"{server.url}/net")


@pytest.mark.parametrize("block", [b"<!DOCTYPE html>", b"\n <html lang=en>", b"<!doctype HTML>"])
def test_a_web_page_is_known_by_its_beginning(block):
    with pytest.raises(WrongAnswer, match=r"answers with a web page \(HTML\)"):
        check_beginning(block)


def test_weights_are_no_web_page():
    check_beginning(b"\x00\x00\x00\x00\x02\x00\x00\x00")


def test_another_number_of_bytes_is_refused_before_they_come(server):
    server.pages["/net"] = whole(CONTENT + b"more")

    with pytest.raises(WrongAnswer, match="offers 14 bytes: expected 10"):
        received(f"{server.url}/net")


@pytest.mark.parametrize("told", ["bytes 3-9/10", "bytes 4-9/11", "bytes 4-8/10", "bytes */10", ""])
def test_a_rest_of_another_file_is_refused(server, told):
    server.pages["/net"] = lambda request: send(request, CONTENT[4:], 206, Content_Range=told)

    with pytest.raises(WrongAnswer, match="expected a file of 10 bytes"):
        received(f"{server.url}/net", 4)
