"""Clients of what is served: raw sockets, which send and read what they like."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable

import numpy as np

from pydarknet.serving.incoming import Patience
from pydarknet.serving.shown import Shown

QUICK = Patience(first=0.05, head=0.4, body=0.4, whole=2, send=0.4, gone=0.4, linger=0.3)
BROWSER = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def frame(number: int, side: int = 32, noise: bool = False) -> Shown:
    """Return a frame with one object; noise makes its JPEG large."""
    pixels = np.full((side, side, 3), number % 256, np.uint8)
    if noise:
        pixels = np.random.default_rng(number).integers(0, 256, (side, side, 3), np.uint8)
    drawn = pixels.copy()
    drawn[: side // 2] = 255
    text = json.dumps({"frame_id": number, "filename": "", "objects": []})
    return Shown(number, pixels, drawn, text, fps=12.5)


def connect(port: int, host: str = "127.0.0.1") -> socket.socket:
    """Return a connection that waits five seconds for anything."""
    return socket.create_connection((host, port), timeout=5)


def read_all(client: socket.socket) -> bytes:
    """Return everything to the end."""
    parts = []
    while part := client.recv(65536):
        parts.append(part)
    return b"".join(parts)


def read_until(client: socket.socket, mark: bytes, content: bytes = b"") -> bytes:
    """Return what comes up to a mark, and what came with it."""
    while mark not in content:
        part = client.recv(65536)
        assert part, f"the end came before {mark!r}: {content[-200:]!r}"
        content += part
    return content


def rest_of(client: socket.socket) -> int:
    """Return how many bytes still come until the connection is closed or aborted."""
    count = 0
    try:
        while part := client.recv(1 << 20):
            count += len(part)
    except ConnectionError:
        pass
    return count


def exchange(port: int, request: bytes | str, body: bytes = b"") -> tuple[int, str, bytes]:
    """Send a request; return the status, the head and the body of the whole answer."""
    lines = request if isinstance(request, bytes) else request.replace("\n", "\r\n").encode()
    with connect(port) as client:
        client.sendall(lines + b"\r\n\r\n" + body)
        return parts_of(read_all(client))


def parts_of(answer: bytes) -> tuple[int, str, bytes]:
    """Return the status, the head and the body of an answer."""
    head, _, body = answer.partition(b"\r\n\r\n")
    status = re.match(rb"HTTP/1\.[01] (\d{3}) ", head)
    assert status, answer[:200]
    return int(status[1]), head.decode(), body


def eventually(holds: Callable[[], bool], seconds: float = 5) -> bool:
    """Return whether something comes to hold."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True
