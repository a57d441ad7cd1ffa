"""What a client sends, read within bounds of size and time."""

from __future__ import annotations

import asyncio
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

    async def body(self, length: int) -> bytes:
        """Return so many bytes after the head; raise Refused if they do not come in time."""
        try:
            return await asyncio.wait_for(self.rest(length), self.patience.whole)
        except asyncio.TimeoutError:
            raise Refused(408, TOO_SLOW) from None

    async def rest(self, length: int) -> bytes:
        """Read the body as long as it keeps coming."""
        while len(self.buffer) < length:
            if not await asyncio.wait_for(self.more(), self.patience.body):
                raise Refused(400, "the request ends early")
        return bytes(self.buffer[:length])


def length_of(request: Request) -> int:
    """Return how many bytes a body has; raise Refused if it is unknown, or too large."""
    if "transfer-encoding" in request.headers:
        raise Refused(411, "the body comes in chunks: expected Content-Length")
    text = request.headers.get("content-length")
    if text is None:
        raise Refused(411, "expected Content-Length")
    if not (text.isascii() and text.isdigit()):
        raise Refused(400, "Content-Length is no number")
    if len(text) > 18 or int(text) > MOST_BODY:
        raise Refused(413, f"the body is too large: expected at most {MOST_BODY} bytes")
    return int(text)
