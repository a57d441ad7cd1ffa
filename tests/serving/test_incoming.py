"""What a client sends, within bounds of size and time."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from serving_clients import QUICK

from pydarknet.serving.incoming import MOST_BODY, Incoming, length_of
from pydarknet.serving.request import Refused, Request


def read(content: bytes, streams: bool = False, ended: bool = True) -> Request | None:
    """Return the request in the bytes of a client."""

    async def work() -> Request | None:
        reader = asyncio.StreamReader()
        reader.feed_data(content)
        if ended:
            reader.feed_eof()
        return await Incoming(reader, QUICK).request(streams)

    return asyncio.run(work())


def status_of(content: bytes, streams: bool = False, ended: bool = True) -> int:
    with pytest.raises(Refused) as refused:
        read(content, streams, ended)
    return refused.value.status


@pytest.mark.parametrize("content", [b"", b"garbage\n", b"GET", b"GET / HTTP/1.1\r\nHost: x\r\n"])
def test_who_asks_for_nothing_gets_the_stream_of_a_port_that_has_one(content: bytes) -> None:
    assert read(content, streams=True) is None
    assert status_of(content) == 400


def test_who_says_nothing_is_waited_for_where_there_is_no_stream() -> None:
    assert read(b"", streams=True, ended=False) is None
    assert status_of(b"", ended=False) == 408


def test_a_request_that_does_not_end_is_too_slow() -> None:
    assert status_of(b"GET / HTTP/1.1\r\n", streams=True, ended=False) == 408


def test_https_is_refused() -> None:
    assert status_of(b"\x16\x03\x01\x02\0\1\0", streams=True) == 400


def test_a_long_head_is_refused() -> None:
    assert status_of(b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 4000) == 431


def test_a_body_follows_its_head() -> None:
    async def work() -> tuple[Request | None, bytes]:
        reader = asyncio.StreamReader()
        reader.feed_data(b"POST /x HTTP/1.1\r\n\r\nab")
        incoming = Incoming(reader, QUICK)
        request = await incoming.request(False)
        reader.feed_data(b"cd and more")
        return request, await incoming.body(4)

    assert asyncio.run(work()) == (Request("POST", "/x"), b"abcd")


@pytest.mark.parametrize(("ended", "status"), [(True, 400), (False, 408)])
def test_a_body_that_does_not_come_is_refused(ended: bool, status: int) -> None:
    async def work() -> None:
        reader = asyncio.StreamReader()
        reader.feed_data(b"ab")
        if ended:
            reader.feed_eof()
        await Incoming(reader, replace(QUICK, whole=0.1)).body(4)

    with pytest.raises(Refused) as refused:
        asyncio.run(work())

    assert refused.value.status == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 411),
        ({"transfer-encoding": "gzip, chunked"}, 400),
        ({"transfer-encoding": "chunked", "content-length": "3"}, 400),
        ({"content-length": "-1"}, 400),
        ({"content-length": "1e3"}, 400),
        ({"content-length": str(MOST_BODY + 1)}, 413),
        ({"content-length": "9" * 5000}, 413),
    ],
)
def test_a_body_must_have_a_length_within_bounds(headers: dict[str, str], status: int) -> None:
    with pytest.raises(Refused) as refused:
        length_of(Request("POST", "/", {}, headers))

    assert refused.value.status == status


def test_the_largest_body_is_taken() -> None:
    assert length_of(Request("POST", "/", {}, {"content-length": str(MOST_BODY)})) == MOST_BODY


def body_of(content: bytes) -> bytes:
    """Return the body in chunks."""

    async def work() -> bytes:
        reader = asyncio.StreamReader()
        reader.feed_data(content)
        reader.feed_eof()
        return await Incoming(reader, QUICK).body(length_of(CHUNKED))

    return asyncio.run(work())


CHUNKED = Request("POST", "/", {}, {"transfer-encoding": "chunked"})


@pytest.mark.parametrize(
    ("content", "body"),
    [
        (b"3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n", b"abc0123456789"),
        (b"0\r\nTrailer: x\r\n\r\n", b""),
        (b"2\nab\n0\n\n", b"ab"),
    ],
)
def test_a_body_may_come_in_chunks(content: bytes, body: bytes) -> None:
    assert body_of(content) == body


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"3\r\nab", 400),
        (b"3\r\nabcd\r\n0\r\n\r\n", 400),
        (b"-3\r\nabc\r\n0\r\n\r\n", 400),
        (b"x\r\n", 400),
        (b"1" * 20000, 400),
        (b"2000001\r\n", 413),  # 32 MiB and a byte
        (b"3\r\nabc\r\n0\r\n", 400),
    ],
)
def test_chunks_that_are_damaged_or_too_many_are_refused(content: bytes, status: int) -> None:
    with pytest.raises(Refused) as refused:
        body_of(content)

    assert refused.value.status == status
