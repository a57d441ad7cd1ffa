"""The server: one thread, in which an event loop serves any number of clients."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread

from .allowed import names_of
from .conversation import Conversation, Door, Room
from .frames import Hub
from .incoming import Patience
from .listening import are_local, open_sockets
from .reply import error_reply
from .site import Opener, Site
from .streams import Feed

MOST_CLIENTS = 500
JPEG_THREADS = 2
CROWDED = error_reply(503, "too many clients", retry_after="1")
RETRY = 0.1  # seconds until a client is taken after one could not be
SEND_BUFFER = 1 << 18  # bytes under way to a client, which are older than the newest frame
FAREWELL = 2  # seconds for clients to take the end of their streams


@dataclass(frozen=True)
class Port:
    """A port to listen at: the flag that chose it, its number, and the stream it is for."""

    flag: str
    number: int
    own: Opener | None = None


class Server:
    """The frames of a hub and a site on some ports, from `start` to `stop`."""

    def __init__(self, hub: Hub, site: Site, bind: str, patience: Patience) -> None:
        self.hub, self.site, self.bind, self.patience = hub, site, bind, patience
        self.listening: list[tuple[socket.socket, Port]] = []
        self.numbers: list[int] = []
        self.stopping = asyncio.Event()
        self.room = Room()
        self.clients: set[asyncio.Task[None]] = set()
        self.loop = asyncio.SelectorEventLoop()
        self.loop.set_exception_handler(lambda loop, context: None)
        self.threads = ThreadPoolExecutor(JPEG_THREADS, "pydarknet-jpeg")
        self.thread = Thread(target=self.run, name="pydarknet-serving", daemon=True)
        self.feed = Feed(hub, self.threads)
        self.door = Door(frozenset(), False)

    def start(self, ports: Sequence[Port]) -> None:
        """Open the ports and serve them; raise UsageError if one cannot be had."""
        try:
            for port in ports:
                opened = open_sockets(self.bind.split(",")[0], port.number, port.flag)
                self.listening += [(one, port) for one in opened]
                self.numbers.append(opened[0].getsockname()[1])
        except BaseException:
            self.close_sockets()
            self.loop.close()
            raise
        first, *names = self.bind.lower().split(",")
        known = names_of(first) | {name.strip() for name in names}
        self.door = Door(known, not are_local(one for one, _ in self.listening))
        self.hub.listen(self.ring)
        self.thread.start()

    def close_sockets(self) -> None:
        """Listen no longer."""
        for one, _ in self.listening:
            one.close()

    def ring(self) -> None:
        """Tell the event loop that the hub has changed."""
        with suppress(RuntimeError):  # the loop is closed
            self.loop.call_soon_threadsafe(self.feed.bell.ring)

    def stop(self) -> None:
        """Let streams come to their end, and close everything."""
        self.hub.close()
        self.hub.leave(self.ring)
        if self.thread.is_alive():
            with suppress(RuntimeError):
                self.loop.call_soon_threadsafe(self.stopping.set)
            self.thread.join()
        self.threads.shutdown(wait=False, cancel_futures=True)

    def run(self) -> None:
        """Serve until the server is stopped."""
        try:
            self.loop.run_until_complete(self.serve())
        finally:
            self.loop.close()

    async def serve(self) -> None:
        """Take clients on all ports until the end, and then let them have theirs."""
        for one, port in self.listening:
            self.listen(one, port)
        await self.stopping.wait()
        for one, _ in self.listening:
            self.loop.remove_reader(one)
        self.close_sockets()
        self.feed.bell.ring()
        if self.clients:
            await asyncio.wait(self.clients, timeout=FAREWELL)
        for client in self.clients:
            client.cancel()
        await asyncio.gather(*self.clients, return_exceptions=True)
        await settle()

    def listen(self, one: socket.socket, port: Port) -> None:
        """Take the clients of a socket as they come."""
        if not self.stopping.is_set():
            self.loop.add_reader(one, self.accept, one, port)

    def accept(self, one: socket.socket, port: Port) -> None:
        """Take a client; if there are too many open files, try again a little later."""
        try:
            connection, _ = one.accept()
        except (BlockingIOError, InterruptedError, ConnectionError):
            return
        except OSError:
            self.loop.remove_reader(one)
            self.loop.call_later(RETRY, self.listen, one, port)
            return
        connection.setblocking(False)
        client = self.loop.create_task(self.meet(port, connection))
        self.clients.add(client)
        client.add_done_callback(self.clients.discard)

    async def meet(self, port: Port, connection: socket.socket) -> None:
        """Serve one client, whatever it does, and let it go."""
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _ = await self.loop.connect_accepted_socket(lambda: protocol, connection)
        writer = asyncio.StreamWriter(transport, protocol, reader, self.loop)
        talk = Conversation(self.site, self.feed, self.door, self.patience, port.own, self.room)
        try:
            with suppress(OSError, asyncio.TimeoutError, asyncio.IncompleteReadError):
                prepare(writer)
                if len(self.clients) <= MOST_CLIENTS:
                    await talk.talk(reader, writer)
                elif len(self.clients) <= 2 * MOST_CLIENTS:  # else there is no time for a word
                    await talk.refuse(reader, writer, CROWDED)
        finally:
            await self.part(writer)

    async def part(self, writer: asyncio.StreamWriter) -> None:
        """Close a client's connection, at once if it takes no more."""
        try:
            with suppress(OSError, asyncio.TimeoutError):
                writer.close()
                await asyncio.wait_for(writer.wait_closed(), self.patience.linger)
        finally:
            writer.transport.abort()


async def settle() -> None:
    """Let an event loop do what it has begun, such as to close what was aborted."""
    for _ in range(5):
        await asyncio.sleep(0)


def prepare(writer: asyncio.StreamWriter) -> None:
    """Let no more than one part of a stream wait for its client."""
    writer.transport.set_write_buffer_limits(high=0)
    own = writer.get_extra_info("socket")
    with suppress(OSError):
        own.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        own.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # some lose their power
