"""What a client sends, read within bounds of size and time."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass

from .request import (
    MOST_HEAD,
    Refused,
    Request,
    end_of_head,
    may_be_request,
    parse_head,
)

MOST_BODY = 32 << 20  # bytes of a request's body
TLS = b"\x16\x03"  # how a client begins that expects https
CHUNK = "the chunks of the body cannot be read"
TOO_SLOW = "the request did not come in time"


@dataclass(frozen=True)
class Patience:
    """How many seconds a client may take."""

    first: float = 0.3  # until it says something; who says nothing reads a stream
    head: float = 5  # for the head of a request
    body: float = 10  # without any byte of the body
    whole: float = 120  # for all of the body
    send: float = 5  # for one part of a stream; whoever takes longer is stalled
    gone: float = 30  # without a frame, after a client has ended its side
    linger: float = 1  # for reading what was sent to no use


PATIENCE = Patience()


class Incoming:
    """The bytes that come from a client, and what is left of them."""

    def __init__(self, reader: asyncio.StreamReader, patience: Patience) -> None:
        self.reader, self.patience = reader, patience
        self.buffer = bytearray()
        self.count: Callable[[int], None] = lambda more: None  # what counts the bytes of a body

    async def more(self) -> bool:
        """Read on; return whether there was more."""
        content = await self.reader.read(65536)
        self.buffer += content
        return bool(content)

    async def request(self, streams: bool) -> Request | None:
        """Return the request, None for a client that gets a stream without having asked for it.

        `streams` says whether there is one. Raises Refused for what cannot be answered.
        """
        if streams:
            try:
                await asyncio.wait_for(self.more(), self.patience.first)
            except asyncio.TimeoutError:
                return None
        try:
            head = await asyncio.wait_for(self.head(streams), self.patience.head)
        except asyncio.TimeoutError:
            raise Refused(408, TOO_SLOW) from None
        return parse_head(head) if head is not None else None

    async def head(self, streams: bool) -> bytes | None:
        """Return the bytes of a head; None for what is none where there is a stream."""
        while True:
            if self.buffer.startswith(TLS):
                raise Refused(400, "this is http, not https")
            if self.buffer and not may_be_request(bytes(self.buffer)):
                if streams:
                    return None
                raise Refused(400, "this is no HTTP request")
            end = end_of_head(self.buffer)
            if end is not None and end <= MOST_HEAD:
                head = bytes(self.buffer[:end])
                del self.buffer[:end]
                return head
            if len(self.buffer) > MOST_HEAD:
                raise Refused(431, f"the head of the request is longer than {MOST_HEAD} bytes")
            if not await self.more():
                if streams:
                    return None
                raise Refused(400, "the request ends early")

    async def body(
        self, length: int | None, count: Callable[[int], None] = lambda more: None
    ) -> bytes:
        """Return so many bytes after the head, None for chunks; raise Refused.

        They may be late, end early, or be too many. What comes is counted, and may be refused.
        """
        self.count = count
        count(len(self.buffer))
        reading = self.chunks() if length is None else self.take(length)
        try:
            return await asyncio.wait_for(reading, self.patience.whole)
        except asyncio.TimeoutError:
            raise Refused(408, TOO_SLOW) from None

    async def take(self, length: int) -> bytes:
        """Return the next bytes, and wait for them as long as they keep coming."""
        while len(self.buffer) < length:
            await self.need_more()
        content = bytes(self.buffer[:length])
        del self.buffer[:length]
        return content

    async def need_more(self) -> None:
        """Read on; raise Refused at the end."""
        before = len(self.buffer)
        if not await asyncio.wait_for(self.more(), self.patience.body):
            raise Refused(400, "the request ends early")
        self.count(len(self.buffer) - before)

    async def chunks(self) -> bytes:
        """Return a body that comes in chunks, each after its length in hexadecimal digits."""
        content = bytearray()
        while size := chunk_size(await self.line()):
            check_size(len(content) + size)
            content += await self.take(size)
            if await self.line():
                raise Refused(400, CHUNK)
        while await self.line():  # headers after the body
            pass
        return bytes(content)

    async def line(self) -> bytes:
        """Return the next line, without its end; raise Refused for a long one."""
        while (end := self.buffer.find(b"\n")) < 0:
            if len(self.buffer) > MOST_HEAD:
                raise Refused(400, CHUNK)
            await self.need_more()
        return (await self.take(end + 1)).rstrip(b"\r\n")


def chunk_size(line: bytes) -> int:
    """Return the length before a chunk; raise Refused if there is none."""
    digits = line.partition(b";")[0].strip()
    if not re.fullmatch(rb"[0-9A-Fa-f]{1,8}", digits):
        raise Refused(400, CHUNK)
    return int(digits, 16)


def check_size(count: int) -> None:
    """Raise Refused for a body of too many bytes."""
    if count > MOST_BODY:
        raise Refused(413, f"the body is too large: expected at most {MOST_BODY} bytes")


def length_of(request: Request) -> int | None:
    """Return how many bytes a body has, None for chunks; raise Refused for none, or too many."""
    coding = request.headers.get("transfer-encoding")
    if coding is not None:
        if coding.lower() != "chunked" or "content-length" in request.headers:
            raise Refused(400, f"Transfer-Encoding is {coding[:40]}: expected chunked, or a length")
        return None
    text = request.headers.get("content-length")
    if text is None:
        raise Refused(411, "expected Content-Length")
    if not (text.isascii() and text.isdigit()):
        raise Refused(400, "Content-Length is no number")
    check_size(int(text[:18]))
    return int(text[:18])
