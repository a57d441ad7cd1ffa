"""The streams of frames: JSON and MJPEG in the fork's forms, and what the page reads."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from concurrent.futures import Executor

from ..system.console import note_once
from ..system.problems import problem_of
from .frames import Hub
from .reply import JSON, Streaming
from .shown import Shown

BOUNDARY = "mjpegstream"
BETWEEN = f"--{BOUNDARY}\r\n".encode()
MJPEG = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
LIVE = "application/octet-stream"

Part = Callable[[Shown, bytes], bytes]


class Bell:
    """It wakes all who wait in an event loop."""

    def __init__(self) -> None:
        self.event = asyncio.Event()

    def ring(self) -> None:
        """Wake them."""
        self.event.set()
        self.event = asyncio.Event()

    async def wait(self) -> None:
        """Wait until it rings."""
        await self.event.wait()


class Feed:
    """The frames of a hub for the clients of one event loop."""

    def __init__(self, hub: Hub, threads: Executor) -> None:
        self.hub, self.threads = hub, threads
        self.bell = Bell()
        self.latest: dict[str, tuple[Shown, bytes]] = {}  # parts by the name of their JPEG

    async def parts(self, name: str, make: Part) -> AsyncIterator[bytes]:
        """Yield the part that `make` makes of the newest frame, whenever there is a newer one.

        All clients of a stream get the same bytes. `name` is that of the frame's JPEG.
        """
        seen = 0
        while True:
            seen, shown = self.hub.after(seen)
            if shown is None:
                if self.hub.closed:
                    return
                await self.bell.wait()
                continue
            try:
                jpeg = await self.jpeg(shown, name)
            except Exception as error:  # the next one may be shown
                note_once(problem_of("a picture cannot be shown", error), "picture")
                continue
            if self.latest.get(name, (None, b""))[0] is not shown:
                self.latest[name] = shown, make(shown, jpeg)
            yield self.latest[name][1]

    async def jpeg(self, shown: Shown, name: str) -> bytes:
        """Return a JPEG of a frame, which a thread makes, if none has."""
        if shown.has_jpeg(name):
            return shown.jpeg(name)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.threads, shown.jpeg, name)

    async def texts(self) -> AsyncIterator[str]:
        """Yield the newest frame's text and all that follow, joined as an array's items."""
        seen, before = max(0, self.hub.count - 1), ""
        while True:
            seen, texts = self.hub.texts_after(seen)
            if texts:
                yield before + ", \n".join(texts)
                before = ", \n"
            elif self.hub.closed:
                return
            else:
                await self.bell.wait()


def json_stream(feed: Feed) -> Streaming:
    """Return the stream of JSON objects, which is an array at its end.

    Darknet: src/http_stream.cpp JSON_sender::write (AlexeyAB)
    """

    async def parts() -> AsyncGenerator[bytes, None]:
        yield b"[\n"
        async for text in feed.texts():
            yield text.encode(errors="replace")
        yield b"\n]"

    return Streaming(JSON, parts())


def mjpeg_stream(feed: Feed) -> Streaming:
    """Return the stream of JPEG files with boxes.

    A boundary follows each at once: browsers show a picture when they see that.

    Darknet: src/http_stream.cpp MJPG_sender::write (AlexeyAB)
    """

    async def parts() -> AsyncGenerator[bytes, None]:
        yield BETWEEN
        async for part in feed.parts("drawn", mjpeg_part):
            yield part

    return Streaming(MJPEG, parts())


def mjpeg_part(shown: Shown, jpeg: bytes) -> bytes:
    """Return a picture with the head before it and the boundary after it."""
    head = f"Content-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
    return b"".join([head.encode(), jpeg, b"\r\n", BETWEEN])


def live_stream(feed: Feed) -> Streaming:
    """Return the page's stream: two lengths (4 bytes each, the higher byte first), JSON, JPEG."""

    async def parts() -> AsyncGenerator[bytes, None]:
        async for part in feed.parts("page", live_part):
            yield part

    return Streaming(LIVE, parts())


def live_part(shown: Shown, jpeg: bytes) -> bytes:
    """Return a frame for the page."""
    text = page_text(shown)
    return b"".join([struct.pack(">II", len(text), len(jpeg)), text, jpeg])


def page_text(shown: Shown) -> bytes:
    """Return the JSON of a frame for the page."""
    width, height = shown.size
    head = json.dumps({"number": shown.number, "fps": shown.fps, "width": width, "height": height})
    return f'{head[:-1]}, "frame": {shown.text}}}'.encode(errors="replace")
