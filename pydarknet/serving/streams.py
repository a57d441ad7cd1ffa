"""The streams of frames: JSON and MJPEG in the fork's forms, and what the page reads."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncGenerator, AsyncIterator
from concurrent.futures import Executor

from ..errors import DataError
from .frames import Hub
from .reply import JSON, Streaming
from .shown import Shown

BOUNDARY = "mjpegstream"
BETWEEN = f"--{BOUNDARY}\r\n".encode()
MJPEG = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
LIVE = "application/octet-stream"


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

    async def frames(self, name: str) -> AsyncIterator[tuple[Shown, bytes]]:
        """Yield the newest frame with a JPEG of it, whenever there is a newer one, to the end."""
        seen = 0
        while True:
            seen, shown = self.hub.after(seen)
            if shown is None:
                if self.hub.closed:
                    return
                await self.bell.wait()
                continue
            loop = asyncio.get_running_loop()
            try:
                yield shown, await loop.run_in_executor(self.threads, shown.jpeg, name)
            except DataError:  # JPEG cannot hold this one
                continue

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
        async for _, jpeg in feed.frames("drawn"):
            head = f"Content-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            yield b"".join([head.encode(), jpeg, b"\r\n", BETWEEN])

    return Streaming(MJPEG, parts())


def live_stream(feed: Feed) -> Streaming:
    """Return the page's stream: two lengths (4 bytes each, the higher byte first), JSON, JPEG."""

    async def parts() -> AsyncGenerator[bytes, None]:
        async for shown, jpeg in feed.frames("page"):
            text = page_text(shown)
            yield b"".join([struct.pack(">II", len(text), len(jpeg)), text, jpeg])

    return Streaming(LIVE, parts())


def page_text(shown: Shown) -> bytes:
    """Return the JSON of a frame for the page."""
    width, height = shown.size
    head = json.dumps({"number": shown.number, "fps": shown.fps, "width": width, "height": height})
    return f'{head[:-1]}, "frame": {shown.text}}}'.encode(errors="replace")
