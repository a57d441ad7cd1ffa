"""What happens between a client's coming and its going."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager, suppress
from dataclasses import dataclass

from ..system.console import note_once
from ..system.problems import problem_of
from .allowed import check_allowed
from .incoming import MOST_BODY, Incoming, Patience, length_of
from .reply import Reply, Streaming, error_reply
from .request import MOST_HEAD, Refused, Request, end_of_head, parse_head
from .site import Opener, Site
from .streams import Feed

GONE = (OSError, asyncio.TimeoutError)  # what is raised where a client is gone, or stalled
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
MOST_IDLE = 1 << 20  # bytes that a client of a stream may send


@dataclass(frozen=True)
class Door:
    """By which names clients may call this machine."""

    names: frozenset[str]
    nearby: bool

    def check(self, request: Request) -> None:
        """Raise Refused for what a page of elsewhere may have sent."""
        check_allowed(request, self.names, self.nearby)


class Room:
    """How many requests may be worked on at once, and the bytes that may have come of all.

    Those that still come count by what has come: who sends little takes no place of others.
    """

    def __init__(self, most: int = 16) -> None:
        self.most, self.taken = most, 0
        self.most_bytes, self.bytes = most * MOST_BODY, 0

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place inside the block; raise Refused if none is free."""
        refuse(self.taken >= self.most)
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1

    @contextmanager
    def share(self) -> Iterator[Callable[[int], None]]:
        """Yield what counts the bytes of a request inside the block; raise Refused if all is full.

        A request that comes meanwhile is refused for its bytes alone: a place may be free by then.
        """
        mine = 0

        def count(more: int) -> None:
            nonlocal mine
            refuse(self.bytes >= self.most_bytes)
            mine += more
            self.bytes += more

        refuse(self.taken >= self.most)
        try:
            yield count
        finally:
            self.bytes -= mine


def refuse(full: bool) -> None:
    """Raise Refused if there is no room."""
    if full:
        raise Refused(503, "too many requests at once", retry_after="1")


@dataclass(frozen=True)
class Conversation:
    """A client of a port: what it may have, how long it may take; `own` is the port's stream."""

    site: Site
    feed: Feed
    door: Door
    patience: Patience
    own: Opener | None
    room: Room

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request, or send a stream to its end."""
        incoming = Incoming(reader, self.patience)
        reply = await self.reply(incoming, writer)
        if isinstance(reply, Streaming):
            await self.stream(reply, incoming, writer)
            return
        await self.finish(reply, incoming, writer)

    async def refuse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, reply: Reply
    ) -> None:
        """Answer a client whatever it asks."""
        await self.finish(reply, Incoming(reader, self.patience), writer)

    async def finish(self, reply: Reply, incoming: Incoming, writer: asyncio.StreamWriter) -> None:
        """Send an answer, and see to it that it is read."""
        await self.send(writer, reply.content())
        await self.linger(incoming, writer)

    async def reply(self, incoming: Incoming, writer: asyncio.StreamWriter) -> Reply | Streaming:
        """Return what a client gets."""
        try:
            request = await incoming.request(self.own is not None)
            if request is None:
                assert self.own is not None
                return self.own(self.feed)
            self.door.check(request)
            return await self.answer(request, incoming, writer)
        except Refused as refused:
            return error_reply(refused.status, refused.problem, **refused.headers)
        except GONE:
            raise
        except Exception as error:  # the server goes on, whatever a picture does
            note_once(problem_of("a request failed", error), "request")
            return error_reply(500, "this request could not be answered")

    async def answer(
        self, request: Request, incoming: Incoming, writer: asyncio.StreamWriter
    ) -> Reply | Streaming:
        """Answer a request that may be answered; raise Refused where that is impossible."""
        if request.method in ("GET", "HEAD"):
            reply = self.site.get(request, self.feed, self.own)
            return reply if request.method == "GET" else reply.without_body()
        if request.method != "POST":
            raise Refused(405, "expected GET or POST", allow="GET, HEAD, POST")
        poster, length = self.site.poster(request), length_of(request)
        with self.room.share() as count:
            if request.headers.get("expect", "").lower() == "100-continue":
                await self.send(writer, CONTINUE)
            body = await incoming.body(length, count)
            with self.room.place():
                return await poster(request, body)

    async def stream(
        self, streaming: Streaming, incoming: Incoming, writer: asyncio.StreamWriter
    ) -> None:
        """Send a stream until it ends, or its client is gone or stalled."""
        sender = asyncio.ensure_future(self.send_parts(streaming, writer))
        watcher = asyncio.ensure_future(self.watch(incoming))
        try:
            await asyncio.wait((sender, watcher), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sender, watcher):
                task.cancel()
            problem, _ = await asyncio.gather(sender, watcher, return_exceptions=True)
        if isinstance(problem, Exception) and not isinstance(problem, GONE):
            note_once(problem_of("a stream failed", problem), "stream")

    async def send_parts(self, streaming: Streaming, writer: asyncio.StreamWriter) -> None:
        """Send the head of a stream and its parts."""
        await self.send(writer, streaming.head())
        async with aclosing(streaming.parts) as parts:
            async for part in parts:
                await self.send(writer, part)

    async def send(self, writer: asyncio.StreamWriter, content: bytes) -> None:
        """Send bytes; raise TimeoutError once the client takes none of them."""
        writer.write(content)
        before = len(content)
        while True:
            try:
                await asyncio.wait_for(writer.drain(), self.patience.send)
                return
            except asyncio.TimeoutError:
                left = writer.transport.get_write_buffer_size()
                if left >= before:
                    raise
                before = left

    async def watch(self, incoming: Incoming) -> None:
        """Return if the client of a stream is gone, or says what it must not.

        A client that got the stream unasked may still ask; its request is checked too.
        """
        count = 0
        while await incoming.more():
            count += len(incoming.buffer)
            if count > MOST_IDLE or self.asks_too_much(incoming):
                return
            del incoming.buffer[:-MOST_HEAD]
        seen = -1
        while self.feed.hub.count != seen:  # it has ended its side, and may go on reading
            seen = self.feed.hub.count
            await asyncio.sleep(self.patience.gone)

    def asks_too_much(self, incoming: Incoming) -> bool:
        """Return whether a late request is one that would have been refused."""
        end = end_of_head(incoming.buffer)
        if end is None:
            return False
        try:
            self.door.check(parse_head(bytes(incoming.buffer[:end])))
        except Refused as refused:
            return refused.status == 403
        return False

    async def linger(self, incoming: Incoming, writer: asyncio.StreamWriter) -> None:
        """Read what a client still sends, else it may lose the answer."""
        with suppress(OSError, RuntimeError):
            if writer.can_write_eof():
                writer.write_eof()
        incoming.buffer.clear()
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.swallow(incoming), self.patience.linger)

    async def swallow(self, incoming: Incoming) -> None:
        """Read to the end and keep nothing."""
        while await incoming.more():
            incoming.buffer.clear()
