"""The server starts, bounds its clients, and stops."""

from __future__ import annotations

import gc
import os
import socket
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from serving_clients import QUICK, connect, exchange, read_until, rest_of

from pydarknet.errors import UsageError
from pydarknet.serving import server as module
from pydarknet.serving.frames import Hub
from pydarknet.serving.server import Port, Server
from pydarknet.serving.site import Site
from pydarknet.serving.streams import json_stream


@contextmanager
def serve(ports: int = 1) -> Iterator[Server]:
    server = Server(Hub(), Site({}), "127.0.0.1", QUICK)
    server.start([Port("-json_port", 0, json_stream)] * ports)
    yield server
    server.stop()


def test_more_clients_than_are_allowed_are_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_CLIENTS", 2)

    with serve() as server, ExitStack() as clients:
        for _ in range(2):
            client = clients.enter_context(connect(server.numbers[0]))
            read_until(client, b"[\n")
        status, head, _ = exchange(server.numbers[0], "GET /health HTTP/1.1")

    assert status == 503
    assert "retry-after: 1" in head


def test_a_stopped_server_leaves_no_thread_and_no_port() -> None:
    with ExitStack() as clients:
        with serve(ports=2) as server:
            for port in server.numbers:
                client = clients.enter_context(connect(port))
                read_until(client, b"[\n")
            start = time.monotonic()
        seconds = time.monotonic() - start

    assert seconds < 1
    assert not [one for one in threading.enumerate() if one.name.startswith("pydarknet-")]
    for port in server.numbers:
        with pytest.raises(ConnectionRefusedError):
            connect(port)


def test_a_stalled_client_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FAREWELL", 0.2)
    server = Server(Hub(), Site({}), "127.0.0.1", QUICK)
    server.start([Port("-port", 0)])
    with connect(server.numbers[0]) as client:
        client.sendall(b"GET /")  # and no more

        start = time.monotonic()
        server.stop()

    assert time.monotonic() - start < 2


def test_a_port_of_several_that_is_taken_leaves_none_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        server = Server(Hub(), Site({}), "127.0.0.1", QUICK)

        with pytest.raises(UsageError):
            server.start([Port("-json_port", 0), Port("-mjpeg_port", taken)])

        [(first, _), *_] = server.listening
        assert first.fileno() == -1


def test_names_after_the_address_are_names_of_this_machine() -> None:
    server = Server(Hub(), Site({}), "127.0.0.1,Camera.example.org", QUICK)
    server.start([Port("-port", 0)])
    port = server.numbers[0]

    named = exchange(port, "GET /health HTTP/1.1\nHost: camera.example.org")[0]
    other = exchange(port, "GET /health HTTP/1.1\nHost: example.org")[0]
    server.stop()

    assert (named, other) == (200, 403)


def test_a_client_that_comes_at_the_end_is_let_go() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a connection that nobody closes is a ResourceWarning
        for _ in range(20):
            with serve() as server:
                client = connect(server.numbers[0])
            with client:
                rest_of(client)
        gc.collect()


@pytest.mark.skipif(os.name != "posix", reason="needs a limit of open files")
def test_it_goes_on_after_there_were_too_many_open_files() -> None:
    import resource

    with serve() as server:
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        client = connect(server.numbers[0])
        read_until(client, b"[\n")
        least = max(int(name) for name in os.listdir("/dev/fd")) + 2
        resource.setrlimit(resource.RLIMIT_NOFILE, (least, before[1]))
        try:
            clients = crowd(server.numbers[0])
            time.sleep(2 * module.RETRY)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, before)
        for one in (client, *clients):
            one.close()

        assert exchange(server.numbers[0], "GET /health HTTP/1.1")[0] == 200


def crowd(port: int) -> list[socket.socket]:
    """Return as many clients as there are files left to open."""
    clients: list[socket.socket] = []
    while True:
        try:
            clients.append(connect(port))
        except OSError:
            return clients
