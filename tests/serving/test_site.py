"""What stands under which path."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from pydarknet.serving.frames import Hub
from pydarknet.serving.reply import Reply, Streaming
from pydarknet.serving.request import Refused, Request
from pydarknet.serving.site import Site
from pydarknet.serving.streams import Feed, json_stream

PAGE = {"sec-fetch-dest": "document"}


async def answer(request: Request, body: bytes) -> Reply:
    return Reply(200, body=body)


SITE = Site({"detects": True}, {"/detect": answer})
FEED = Feed(Hub(), ThreadPoolExecutor(1))


def get(path: str, own: object = None, **headers: str) -> Reply | Streaming:
    return SITE.get(Request("GET", path, {}, headers), FEED, own)


@pytest.mark.parametrize("path", ["/", "/stream", "/video.mjpg", "/detect2"])
def test_a_port_with_a_stream_sends_it_for_any_path(path: str) -> None:
    reply = get(path, json_stream)

    assert isinstance(reply, Streaming)
    assert reply.kind == "application/json"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/stream.json", "application/json"),
        ("/stream.mjpg", "multipart/x-mixed-replace; boundary=mjpegstream"),
        ("/live", "application/octet-stream"),
    ],
)
def test_every_port_has_every_stream(path: str, kind: str) -> None:
    assert get(path).kind == kind


def test_a_port_without_a_stream_has_the_page() -> None:
    assert get("/").kind == "text/html; charset=utf-8"


@pytest.mark.parametrize(("path", "status"), [("/other", 404), ("/detect", 405)])
def test_what_is_not_there_is_refused(path: str, status: int) -> None:
    with pytest.raises(Refused) as refused:
        get(path)

    assert refused.value.status == status


def test_health_says_what_is_known() -> None:
    assert get("/health").body == b'{"status": "ok", "frames": 0, "detects": true}\n'


def test_posts_go_to_what_answers_them() -> None:
    poster = SITE.poster(Request("POST", "/detect"))

    assert asyncio.run(poster(Request("POST", "/detect"), b"body")).body == b"body"


@pytest.mark.parametrize(("path", "status"), [("/", 405), ("/health", 405), ("/x", 404)])
def test_posts_elsewhere_are_refused(path: str, status: int) -> None:
    with pytest.raises(Refused) as refused:
        SITE.poster(Request("POST", path))

    assert refused.value.status == status
