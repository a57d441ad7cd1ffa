"""Streams over real sockets: who reads them, who stalls, who leaves, and the end."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from serving_clients import (
    BROWSER,
    QUICK,
    connect,
    eventually,
    exchange,
    frame,
    read_all,
    read_until,
    rest_of,
)

from pydarknet.errors import UsageError
from pydarknet.serving.hub import Hub, Serving, serve_streams

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


@contextmanager
def streams(hub: Hub) -> Iterator[tuple[int, int]]:
    with serve_streams(hub, json_port=0, mjpeg_port=0, patience=QUICK) as serving:
        assert serving.json_port
        assert serving.mjpeg_port
        yield serving.json_port, serving.mjpeg_port


@pytest.mark.parametrize("said", [b"", b"hello\n", b"\0\1\2", GET, b"GET /any HTTP/1.0\r\n\r\n"])
def test_a_client_gets_json_whatever_it_says(said: bytes) -> None:
    hub = Hub()

    with streams(hub) as (port, _), connect(port) as client:
        hub.publish(frame(1))
        client.sendall(said)
        content = read_until(client, b'"objects": []}')
        hub.publish(frame(2))
        content = read_until(client, b'"frame_id": 2', content)
        hub.close()
        content += read_all(client)

    head, _, array = content.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.0 200 OK\r\n")
    assert b"Content-Type: application/json" in head
    assert b"chunked" not in head
    assert array.startswith(b"[\n{")
    assert array.endswith(b"}\n]")
    assert b"}, \n{" in array
    assert [one["frame_id"] for one in json.loads(array)] == [1, 2]


def test_the_end_of_the_block_is_the_end_of_every_stream() -> None:
    hub = Hub()

    with streams(hub) as (port, mjpeg):
        reader, viewer = connect(port), connect(mjpeg)
        viewer.sendall(GET)
        read_until(reader, b"[\n")
        read_until(viewer, b"--mjpegstream")

    with reader, viewer:
        assert read_all(reader) == b"\n]"
        assert read_all(viewer) == b""
    assert not [one for one in threading.enumerate() if one.name.startswith("pydarknet-serving")]


def test_a_client_that_keeps_up_misses_no_text() -> None:
    hub = Hub()

    with streams(hub) as (port, _), connect(port) as client:
        hub.publish(frame(0))
        content = read_until(client, b'"frame_id": 0')
        for number in range(1, 51):
            hub.publish(frame(number))
        hub.close()
        content += read_all(client)

    numbers = [one["frame_id"] for one in json.loads(content.partition(b"\r\n\r\n")[2])]
    assert numbers == list(range(51))


def test_pictures_come_in_the_parts_of_the_fork() -> None:
    hub = Hub()

    with streams(hub) as (_, port), connect(port) as client:
        client.sendall(GET)
        hub.publish(frame(1))
        content = read_until(client, b"--mjpegstream\r\nContent-Type")
        content = read_until(
            client, b"\r\n--mjpegstream\r\n", content.partition(b"\r\n\r\n")[2][15:]
        )

    part_head, _, rest = content.partition(b"\r\n\r\n")
    length = int(part_head.rpartition(b"Content-Length: ")[2])
    assert rest[:2] == b"\xff\xd8"
    assert rest[length - 2 : length] == b"\xff\xd9"
    assert rest[length:].startswith(b"\r\n--mjpegstream\r\n")


def test_a_browser_gets_the_page_and_an_image_the_stream() -> None:
    hub = Hub()

    with streams(hub) as (_, port):
        status, head, body = exchange(port, f"GET / HTTP/1.1\nHost: localhost\n{BROWSER}")
        with connect(port) as image:
            image.sendall(
                b"GET / HTTP/1.1\r\nHost: localhost\r\nAccept: image/avif,*/*;q=0.8\r\n\r\n"
            )
            streamed = read_until(image, b"--mjpegstream")

    assert status == 200
    assert "Content-Security-Policy: default-src 'none'" in head
    assert body.startswith(b"<!doctype html>")
    assert b"multipart/x-mixed-replace; boundary=mjpegstream" in streamed


def test_nothing_waits_for_a_client_that_stalls_and_it_is_dropped() -> None:
    hub = Hub()

    with streams(hub) as (_, port), connect(port) as stalled, connect(port) as reader:
        for client in (stalled, reader):
            client.sendall(GET)
            read_until(client, b"--mjpegstream")
        slowest, number = 0.0, 0
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            number += 1
            start = time.monotonic()
            hub.publish(frame(number, side=400, noise=True))
            slowest = max(slowest, time.monotonic() - start)
            reader.setblocking(False)
            try:
                while reader.recv(1 << 20):
                    pass
            except BlockingIOError:
                pass
            time.sleep(0.005)
        reader.settimeout(5)
        hub.publish(frame(number + 1))
        read_until(reader, b"--mjpegstream")
        received = rest_of(stalled)

    assert slowest < 0.2
    assert received < 8 << 20  # what the system keeps of a connection, not all of the frames


def test_a_client_that_is_slow_but_takes_something_is_not_dropped() -> None:
    hub = Hub()

    with streams(hub) as (_, port), connect(port) as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        slow.sendall(GET)
        read_until(slow, b"--mjpegstream")
        hub.publish(frame(1, side=2400, noise=True))  # some MB, more than what is under way
        content, start = b"", time.monotonic()
        while b"\xff\xd9\r\n--mjpegstream" not in content:
            part = slow.recv(1 << 17)
            assert part
            content += part
            time.sleep(QUICK.send / 4)

    assert time.monotonic() - start > 3 * QUICK.send


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs Linux's list of handles")
def test_clients_that_leave_in_mid_frame_cost_no_handle_and_no_thread() -> None:
    hub = Hub()

    def handles() -> int:
        return len(os.listdir("/proc/self/fd"))

    with streams(hub) as (json_port, port):
        before, threads = handles(), threading.active_count()
        for number in range(30):
            with connect(port) as client:
                client.sendall(GET)
                hub.publish(frame(number, side=300, noise=True))
                client.recv(1000)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connect(json_port).close()
        hub.publish(frame(99))

        assert eventually(lambda: handles() <= before)
        assert threading.active_count() <= threads + 2  # those that make JPEGs


def test_many_clients_are_served_by_the_same_threads() -> None:
    hub = Hub()
    hub.publish(frame(1))

    with streams(hub) as (port, _):
        clients = [connect(port) for _ in range(100)]
        for client in clients:
            read_until(client, b'"frame_id": 1')
        threads = threading.active_count()
        hub.publish(frame(2))
        for client in clients:
            read_until(client, b'"frame_id": 2')

    assert threads <= 1 + threading.active_count()
    assert all(read_all(client) == b"\n]" for client in clients)
    for client in clients:
        client.close()


@pytest.mark.parametrize(
    "lines",
    [
        "Host: evil.example",
        "Host: evil.example:8070",
        "Host: localhost\nOrigin: http://evil.example",
        "Host: localhost\nOrigin: null",
        "Host: 127.0.0.1\nSec-Fetch-Site: cross-site\nSec-Fetch-Dest: script",
    ],
)
def test_a_page_of_elsewhere_gets_nothing(lines: str) -> None:
    hub = Hub()
    hub.publish(frame(1))

    with streams(hub) as (port, _):
        status, _, body = exchange(port, f"GET / HTTP/1.1\n{lines}")

    assert status == 403
    assert "error" in json.loads(body)


def test_a_client_that_got_the_stream_unasked_may_not_ask_as_a_page_of_elsewhere() -> None:
    hub = Hub()

    with streams(hub) as (port, _), connect(port) as client:
        content = read_until(client, b"[\n")
        client.sendall(b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n")

        assert b"frame_id" not in content + read_all(client)


def test_who_begins_a_request_and_does_not_end_it_is_dropped() -> None:
    with streams(Hub()) as (port, _), connect(port) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")

        assert read_all(client).startswith(b"HTTP/1.1 408 ")


def test_a_port_that_is_taken_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(UsageError) as error, serve_streams(Hub(), json_port=port):
            pass

    assert str(error.value) == (
        f"-json_port {port}: another program listens there\n"
        "    hint: -json_port N chooses another port"
    )


def test_both_streams_need_a_port_each() -> None:
    serving = serve_streams(Hub(), json_port=8070, mjpeg_port=8070)

    with pytest.raises(UsageError, match="both 8070: expected two ports"):
        serving.__enter__()


def test_without_a_port_nothing_is_opened() -> None:
    with serve_streams(Hub()) as serving:
        assert serving == Serving(None, None)


@pytest.mark.parametrize(
    ("source", "told"),
    [("rtsp://me:secret@cam/1", "rtsp://cam/1"), ("/home/me/cam.avi", "cam.avi")],
)
def test_the_page_tells_neither_a_password_nor_a_folder(
    source: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with serve_streams(Hub(), json_port=0, source=source) as serving:
        assert serving.json_port
        body = exchange(serving.json_port, "GET /health HTTP/1.1")[2]

    assert json.loads(body)["source"] == told
    assert capsys.readouterr().err == f"Watch at http://127.0.0.1:{serving.json_port}/\n"
