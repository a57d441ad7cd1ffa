"""Messages about what was found, posted to another server: `-http_post_host`."""

from __future__ import annotations

import http.client
import json
import time
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

from ..errors import UsageError
from ..system.console import note_once
from .frames import Hub

SECONDS = 3  # for a connection and for an answer; as the fork
LEAST_PAUSE, MOST_PAUSE = 1.0, 30.0  # seconds after a failure, which double
EXPECTED = "expected HOST/path, HOST:port/path or http(s)://HOST/path"


@dataclass(frozen=True)
class Target:
    """Where messages go."""

    word: str
    secure: bool
    host: str
    port: int | None
    path: str

    @classmethod
    def read(cls, word: str) -> Target:
        """Read the value of `-http_post_host`; raise UsageError if it is no address."""
        scheme, mark, rest = word.strip().rpartition("://")
        try:
            parts = urlsplit(f"//{rest}")
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        if not host or scheme not in ("", "http", "https") or (mark and not scheme):
            raise UsageError(f"-http_post_host {word}: {EXPECTED}")
        path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        if any(not 32 < ord(sign) < 127 for sign in host + path):
            raise UsageError(f"-http_post_host {word}: {EXPECTED}")
        return cls(word, scheme == "https", host, port, path)

    def post(self, message: str) -> None:
        """Post a message; raise OSError or HTTPException if that fails."""
        kind = http.client.HTTPSConnection if self.secure else http.client.HTTPConnection
        connection = kind(self.host, self.port, timeout=SECONDS)
        try:
            content = message.encode(errors="replace")
            headers = {"Content-Type": "text/plain", "Connection": "close"}
            connection.request("POST", self.path, content, headers)
            answer = connection.getresponse()
            if answer.status >= 400:
                raise http.client.HTTPException(f"{answer.status} {answer.reason}")
        finally:
            connection.close()


class Posts:
    """A thread that posts what was found in the newest frame, and is never waited for.

    `once` posts the first message alone.

    Darknet: src/http_stream.cpp send_http_post_request (AlexeyAB)
    """

    def __init__(self, hub: Hub, target: Target, source: str, *, once: bool = False) -> None:
        self.hub, self.target, self.source, self.once = hub, target, source, once
        self.ending = Event()
        self.thread = Thread(target=self.run, name="pydarknet-post", daemon=True)

    def start(self) -> None:
        """Post from now on."""
        self.thread.start()

    def stop(self) -> None:
        """Post the newest message, which takes a few seconds at most, and no more."""
        self.hub.close()
        self.ending.set()
        self.thread.join(2 * SECONDS)

    def run(self) -> None:
        """Post until the end."""
        seen, pause = 0, LEAST_PAUSE
        while True:
            seen, shown = self.hub.wait(seen)
            if shown is None:
                return
            message = message_of(shown.text, self.source, time.localtime())
            if not message:
                continue
            try:
                self.target.post(message)
                pause = LEAST_PAUSE
                if self.once:
                    return
            except (OSError, http.client.HTTPException, UnicodeError) as error:
                problem = f"-http_post_host {self.target.word}: {error or type(error).__name__}"
                note_once(problem, "http_post_host")
                self.ending.wait(pause)
                pause = min(2 * pause, MOST_PAUSE)


def message_of(text: str, source: str, now: time.struct_time) -> str:
    """Return the message about a frame's JSON; empty if nothing was found.

    Darknet: src/http_stream.cpp send_http_post_request (AlexeyAB)
    """
    try:
        objects = json.loads(text)["objects"]
        lines = [f"{one['name']}, id: {one['class_id']}\n" for one in first_classes(objects)]
    except (ValueError, KeyError, TypeError):
        return ""
    if not lines:
        return ""
    told = time.strftime("%A %Y-%m-%d %H:%M:%S", now)
    return f"{''.join(lines)}\ntime:\n{told}\nvideosource:\n{source}"


def first_classes(objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the first object of each box: its further classes follow it."""
    before: list[Any] = [None, *(one["relative_coordinates"] for one in objects)]
    numbers = [-1, *(one["class_id"] for one in objects)]
    return [
        one
        for i, one in enumerate(objects)
        if one["relative_coordinates"] != before[i] or one["class_id"] <= numbers[i]
    ]
