"""What a client asks for: the head of an HTTP request, or something that is none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

MOST_HEAD = 16384  # bytes of a request's head
FIRST_LINE = re.compile(rb"([A-Z]{3,10}) (\S{1,8192})(?: (HTTP/\d\.\d))?")
BEGINS = re.compile(rb"[A-Z]{1,10}(?: |$)")  # how an HTTP request begins
HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):(.*)")
ALONE = ("host", "origin", "content-length")  # headers that may stand only once
END = re.compile(rb"\r?\n\r?\n")


class Refused(Exception):
    """A request that gets no more than a status and a line that says why."""

    def __init__(self, status: int, problem: str, **headers: str) -> None:
        super().__init__(problem)
        self.status, self.problem = status, problem
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass(frozen=True)
class Request:
    """A request's method, path, the words after `?`, and headers by their small names."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def opens_page(self) -> bool:
        """Whether a browser opens this as a page, rather than a program or an <img> its stream.

        Java's clients accept text/html too, but no XHTML.
        """
        if self.method not in ("GET", "HEAD"):
            return False
        goal = self.headers.get("sec-fetch-dest")
        if goal is not None:
            return goal in ("document", "iframe", "frame")
        accepted = self.headers.get("accept", "")
        return "text/html" in accepted and "application/xhtml+xml" in accepted


def may_be_request(begin: bytes) -> bool:
    """Return whether the first bytes of a client may become an HTTP request."""
    line, ended, _ = begin.partition(b"\n")
    if ended:
        return FIRST_LINE.fullmatch(line.rstrip(b"\r")) is not None
    return len(begin) <= MOST_HEAD and BEGINS.match(begin) is not None


def end_of_head(content: bytes | bytearray) -> int | None:
    """Return where a head ends; None if it is not all there. One without a version is a line."""
    line, ended, _ = bytes(content[:MOST_HEAD]).partition(b"\n")
    first = FIRST_LINE.fullmatch(line.rstrip(b"\r"))
    if ended and first and not first[3]:
        return len(line) + 1
    found = END.search(content)
    return found.end() if found else None


def parse_head(head: bytes) -> Request:
    """Return the request in the bytes of a head; raise Refused if they are none."""
    lines = [line.rstrip(b"\r") for line in head.rstrip(b"\r\n").split(b"\n")]
    first = FIRST_LINE.fullmatch(lines[0])
    if first is None:
        raise Refused(400, "this is no HTTP request")
    method, target = first[1].decode(), first[2].decode("latin-1")
    try:
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query, keep_blank_values=True, max_num_fields=100))
    except ValueError:
        raise Refused(400, "the address of the request cannot be read") from None
    return Request(method, unquote(parts.path) or "/", query, headers_of(lines[1:]))


def headers_of(lines: list[bytes]) -> dict[str, str]:
    """Return the headers in the lines of a head; raise Refused for one that cannot be read."""
    headers: dict[str, str] = {}
    for line in lines:
        match = HEADER.fullmatch(line)
        if match is None:
            raise Refused(400, "a header cannot be read")
        name = match[1].decode().lower()
        if name in headers and name in ALONE:
            raise Refused(400, f"the header {name} stands twice")
        headers[name] = match[2].strip(b" \t").decode("latin-1")
    return headers
