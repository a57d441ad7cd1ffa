"""What a client gets: a status, headers, and a body or a stream."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

JSON = "application/json"
SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
STREAM = {  # as AlexeyAB's, Darknet: src/http_stream.cpp JSON_sender::write
    "Max-Age": "0",
    "Expires": "0",
    "Cache-Control": "no-cache, private",
    "Pragma": "no-cache",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True)
class Reply:
    """An answer with a body whose length is known."""

    status: int
    kind: str = JSON
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    shown: bool = True  # whether the body is sent, or only its length

    def head(self) -> bytes:
        """Return the lines before the body."""
        own = {"Content-Type": self.kind, "Content-Length": str(len(self.body))}
        return head_of("HTTP/1.1", self.status, {**SAFE, **own, **self.headers})

    def without_body(self) -> Reply:
        """Return what HEAD gets."""
        return replace(self, shown=False)

    def content(self) -> bytes:
        """Return all that is sent."""
        return self.head() + (self.body if self.shown else b"")


@dataclass(frozen=True)
class Streaming:
    """An answer without an end, in HTTP/1.0 and without chunks, which the fork's clients read."""

    kind: str
    parts: AsyncGenerator[bytes, None]

    def head(self) -> bytes:
        """Return the lines before the stream."""
        return head_of("HTTP/1.0", 200, {**STREAM, "Content-Type": self.kind})

    def without_body(self) -> Reply:
        """Return what HEAD gets."""
        return Reply(200, self.kind)


def head_of(version: str, status: int, headers: Mapping[str, str]) -> bytes:
    """Return a status line and headers, and the empty line after them."""
    lines = [f"{version} {status} {HTTPStatus(status).phrase}", "Server: pydarknet"]
    lines += ["Connection: close", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def json_reply(status: int, answer: Any, **headers: str) -> Reply:
    """Return an answer that is one line of JSON."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, JSON, json.dumps(answer).encode() + b"\n", named)


def error_reply(status: int, problem: str, **headers: str) -> Reply:
    """Return the line about a request that failed; DeepStack's clients read `success`, `error`."""
    return json_reply(status, {"success": False, "error": problem}, **headers)
