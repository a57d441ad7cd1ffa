"""A client's coming and going, over real sockets."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from serving_clients import QUICK, connect, exchange, parts_of, read_all, read_until

from pydarknet.errors import DataError
from pydarknet.serving.frames import Hub
from pydarknet.serving.reply import Reply
from pydarknet.serving.request import Request
from pydarknet.serving.server import Port, Server
from pydarknet.serving.site import Site


async def echo(request: Request, body: bytes) -> Reply:
    if body == b"bad":
        raise DataError("a picture cannot be read")
    return Reply(200, "text/plain", body)


@pytest.fixture
def server() -> Iterator[Server]:
    """Serve what answers a POST request with its body."""
    one = Server(Hub(), Site({}, {"/echo": echo}), "127.0.0.1", QUICK)
    one.start([Port("-port", 0)])
    yield one
    one.stop()


@pytest.fixture
def port(server: Server) -> int:
    """Return where it listens."""
    return server.numbers[0]


def test_a_post_is_answered(port: int) -> None:
    answer = exchange(port, "POST /echo HTTP/1.1\nHost: localhost\nContent-Length: 3", b"abc")

    assert answer[::2] == (200, b"abc")


def test_who_asks_first_whether_it_may_send_is_told_so(port: int) -> None:
    lines = b"POST /echo HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"

    with connect(port) as client:
        client.sendall(lines)
        told = read_until(client, b"100 Continue\r\n\r\n")
        client.sendall(b"abc")
        answer = parts_of(read_all(client))

    assert told == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert answer[::2] == (200, b"abc")


def test_a_body_that_is_too_large_is_refused_before_it_is_read(port: int) -> None:
    size = 64 << 20
    with connect(port) as client:
        client.sendall(f"POST /echo HTTP/1.1\r\nContent-Length: {size}\r\n\r\n".encode())
        client.sendall(bytes(1 << 20))  # it does not listen yet
        answer = parts_of(read_all(client))

    assert answer[0] == 413
    assert "too large" in json.loads(answer[2])["error"]


def test_the_bytes_of_all_that_come_have_an_end(port: int, server: Server) -> None:
    server.room.most_bytes = 1000
    lines = b"POST /echo HTTP/1.1\r\nContent-Length: 800\r\n\r\n"
    with connect(port) as first, connect(port) as second:
        first.sendall(lines + bytes(600))
        time.sleep(0.1)
        second.sendall(lines + bytes(600))
        time.sleep(0.1)
        refused = exchange(port, "POST /echo HTTP/1.1\nContent-Length: 3", b"abc")
        first.sendall(bytes(200))
        answers = [parts_of(read_all(first))[0], parts_of(read_all(second))[0]]
    time.sleep(0.1)

    assert refused[0] == 503
    assert answers == [503, 408]
    assert server.room.bytes == 0
    assert exchange(port, "POST /echo HTTP/1.1\nContent-Length: 3", b"abc")[0] == 200


def test_a_failure_is_one_line_and_the_next_request_is_answered(
    port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = exchange(port, "POST /echo HTTP/1.1\nContent-Length: 3", b"bad")
    good = exchange(port, "POST /echo HTTP/1.1\nContent-Length: 3", b"abc")

    assert bad[0] == 500
    assert good[0] == 200
    assert "a picture cannot be read" in capsys.readouterr().err


def test_clients_that_send_a_byte_now_and_then_are_refused_and_hold_up_nobody(port: int) -> None:
    with ExitStack() as open_clients:
        clients = [open_clients.enter_context(connect(port)) for _ in range(60)]
        start = time.monotonic()
        for byte in b"GET / HTTP/1.1"[:6]:  # in all less than the head may take
            for client in clients:
                client.sendall(bytes([byte]))
            time.sleep(QUICK.head / 20)
        answer = exchange(port, "POST /echo HTTP/1.1\nHost: localhost\nContent-Length: 3", b"abc")
        answered = time.monotonic() - start
        told = [parts_of(read_all(client))[0] for client in clients]
        refused = time.monotonic() - start

    assert answer[::2] == (200, b"abc")
    assert told == [408] * 60
    assert answered < refused < QUICK.head + 3  # however long they would have dripped


def test_head_is_answered_without_a_body(port: int) -> None:
    status, head, body = exchange(port, "HEAD /health HTTP/1.1")

    assert (status, body) == (200, b"")
    assert "Content-Length: 30" in head  # {"status": "ok", "frames": 0} and a line's end


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_refused(port: int, method: str) -> None:
    status, head, _ = exchange(port, f"{method} /echo HTTP/1.1")

    assert status == 405
    assert "allow: GET, HEAD, POST" in head


def test_another_pages_post_is_refused(port: int) -> None:
    lines = "POST /echo HTTP/1.1\nHost: localhost\nOrigin: http://evil.example\nContent-Length: 3"

    assert exchange(port, lines, b"abc")[0] == 403
