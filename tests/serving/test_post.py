"""Messages that are posted to another server."""

from __future__ import annotations

import http.server
import json
import socket
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
from serving_clients import eventually

from pydarknet.errors import UsageError
from pydarknet.serving import post as module
from pydarknet.serving.frames import Hub
from pydarknet.serving.hub import serve_streams
from pydarknet.serving.post import Target, message_of
from pydarknet.serving.shown import Shown

NOON = time.struct_time((2026, 11, 29, 12, 0, 0, 6, 333, 0))


def found(*objects: tuple[int, str, float]) -> str:
    """Return the JSON of objects: class, name, and where the middle of the box is."""
    return json.dumps(
        {
            "frame_id": 1,
            "objects": [
                {"class_id": index, "name": name, "relative_coordinates": {"center_x": x}}
                for index, name, x in objects
            ],
        }
    )


def shown(number: int, text: str) -> Shown:
    pixels = np.zeros((1, 1, 3), np.uint8)
    return Shown(number, pixels, pixels, text, fps=1)


class Receiver(http.server.BaseHTTPRequestHandler):
    """A server that keeps what is posted, or is slow, or fails."""

    got: list[tuple[str, str, str]]
    status = 200
    seconds = 0.0

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.got.append((self.path, self.headers["Content-Type"], body))
        time.sleep(self.seconds)
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[tuple[type[Receiver], str]]:
    handler = type("Mine", (Receiver,), {"got": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield handler, f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_message_names_each_box_the_time_and_the_source() -> None:
    # Darknet: src/http_stream.cpp send_http_post_request: strftime "%A %F %T"
    text = found((16, "dog", 0.5), (1, "bicycle", 0.3), (7, "truck", 0.3), (2, "car", 0.7))

    assert message_of(text, "cam.avi", NOON) == (
        "dog, id: 16\nbicycle, id: 1\ncar, id: 2\n"  # truck is the second class of its box
        "\ntime:\nSunday 2026-11-29 12:00:00\nvideosource:\ncam.avi"
    )


@pytest.mark.parametrize("text", [found(), "{}", "no JSON"])
def test_nothing_found_is_no_message(text: str) -> None:
    assert message_of(text, "cam.avi", NOON) == ""


def test_what_is_found_is_posted(receiver: tuple[type[Receiver], str]) -> None:
    handler, host = receiver
    hub = Hub()

    with serve_streams(hub, post_host=f"{host}/hook?id=1", source="cam.avi"):
        hub.publish(shown(1, found()))
        hub.publish(shown(2, found((16, "dog", 0.5))))
        assert eventually(lambda: bool(handler.got))

    [(path, kind, body)] = handler.got
    assert (path, kind) == ("/hook?id=1", "text/plain")
    assert body.startswith("dog, id: 16\n\ntime:\n")
    assert body.endswith("\nvideosource:\ncam.avi")


def test_once_is_once(receiver: tuple[type[Receiver], str]) -> None:
    handler, host = receiver
    hub = Hub()

    with serve_streams(hub, post_host=f"http://{host}", post_once=True):
        for number in range(1, 4):
            hub.publish(shown(number, found((number, "dog", 0.5))))
            assert eventually(lambda: bool(handler.got))

    assert len(handler.got) == 1
    assert handler.got[0][0] == "/"


def test_a_slow_server_gets_the_newest_alone(receiver: tuple[type[Receiver], str]) -> None:
    handler, host = receiver
    handler.seconds = 0.3
    hub = Hub()

    with serve_streams(hub, post_host=f"{host}/"):
        hub.publish(shown(1, found((1, "dog", 0.5))))
        assert eventually(lambda: bool(handler.got))
        start = time.monotonic()
        for number in range(2, 101):
            hub.publish(shown(number, found((number, "dog", 0.5))))
        seconds = time.monotonic() - start
        assert eventually(lambda: len(handler.got) == 2)

    assert seconds < 0.25
    assert handler.got[1][2].startswith("dog, id: 100\n")


@pytest.mark.parametrize("status", [404, 500])
def test_an_error_is_told_once_and_it_goes_on(
    receiver: tuple[type[Receiver], str],
    status: int,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "LEAST_PAUSE", 0.01)
    handler, host = receiver
    handler.status = status
    hub = Hub()

    with serve_streams(hub, post_host=f"{host}/"):
        for number in range(1, 4):
            hub.publish(shown(number, found((number, "dog", 0.5))))
            assert eventually(lambda n=number: len(handler.got) == n)

    assert capsys.readouterr().err.count(f"-http_post_host {host}/: {status}") == 1


@pytest.mark.parametrize("host", ["a..b", "a" * 64])
def test_a_name_that_no_machine_can_have_is_told(
    capsys: pytest.CaptureFixture[str], host: str
) -> None:
    hub = Hub()

    with serve_streams(hub, post_host=host):
        hub.publish(shown(1, found((16, "dog", 0.5))))
        assert eventually(lambda: "-http_post_host" in capsys.readouterr().err)


def test_a_server_that_is_not_there_holds_up_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    hub = Hub()

    start = time.monotonic()
    with serve_streams(hub, post_host=f"127.0.0.1:{port}/x"):
        hub.publish(shown(1, found((1, "dog", 0.5))))
    seconds = time.monotonic() - start

    assert seconds < 2
    assert f"-http_post_host 127.0.0.1:{port}/x: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("word", "target"),
    [
        ("webhook.site/898b", (False, "webhook.site", None, "/898b")),
        ("host:8080/a/b?c=d", (False, "host", 8080, "/a/b?c=d")),
        ("http://host", (False, "host", None, "/")),
        ("https://host:444/x", (True, "host", 444, "/x")),
        ("[::1]:80/x", (False, "::1", 80, "/x")),
    ],
)
def test_an_address_is_read(word: str, target: tuple[bool, str, int | None, str]) -> None:
    assert Target.read(word) == Target(word, *target)


@pytest.mark.parametrize(
    "word", ["", "/path", "ftp://host/", "host:x/", "://host", "a b/c", "[::1"]
)
def test_what_is_no_address_is_refused(word: str) -> None:
    with pytest.raises(UsageError, match="expected HOST/path"):
        Target.read(word)
