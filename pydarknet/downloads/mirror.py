"""What a server answers that is asked for a file: by https alone, and within what is expected."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPException
from typing import IO, Any, Final
from urllib import request
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from ..errors import DataError
from ..system.text import excerpt
from ..system.version import __version__

PATIENCE: Final = 30.0  # seconds without a byte
BLOCK: Final = 1 << 16  # bytes that are read at once
PAGE: Final = re.compile(rb"\s*<(!doctype|html)", re.IGNORECASE)


class WrongAnswer(DataError):
    """An answer that is not the file; another server may give it."""


class SecureRedirects(request.HTTPRedirectHandler):
    """Follows redirections to https alone, ten at most."""

    def redirect_request(
        self, req: request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> request.Request | None:
        check_secure(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@dataclass
class Answer:
    """What a server sends: bytes of a file from `start` on."""

    stream: IO[bytes]
    start: int

    def blocks(self) -> Iterator[bytes]:
        """Yield the bytes as they come. Raises WrongAnswer if the connection breaks."""
        while True:
            with network_errors():
                block = self.stream.read(BLOCK)
            if not block:
                return
            yield block


def check_secure(url: str) -> None:
    """Raise WrongAnswer for an address that others could read and change on its way."""
    if urlsplit(url).scheme != "https":
        raise WrongAnswer(f"leads to {excerpt(url, 100)}: expected https")


@contextmanager
def network_errors() -> Iterator[None]:
    """Turn what can happen to a connection into WrongAnswer."""
    try:
        yield
    except HTTPError as error:
        with error:
            raise WrongAnswer(f"answers {error.code} {excerpt(str(error.reason))}") from None
    except URLError as error:
        raise WrongAnswer(f"cannot be reached: {excerpt(str(error.reason), 200)}") from None
    except TimeoutError:
        raise WrongAnswer(f"sent nothing for {PATIENCE:.0f} seconds") from None
    except (OSError, HTTPException) as error:
        problem = excerpt(str(error), 200) or type(error).__name__
        raise WrongAnswer(f"the connection broke: {problem}") from None


def opener() -> request.OpenerDirector:
    """Return what opens https addresses whose certificates this machine trusts, and no others."""
    director = request.OpenerDirector()
    for handler in (
        request.ProxyHandler(),
        request.HTTPSHandler(context=ssl.create_default_context()),
        SecureRedirects(),
        request.HTTPDefaultErrorHandler(),
        request.HTTPErrorProcessor(),
        request.UnknownHandler(),
    ):
        director.add_handler(handler)
    director.addheaders = [("User-Agent", f"pydarknet/{__version__}")]
    return director


@contextmanager
def ask_for(url: str, start: int, size: int) -> Iterator[Answer]:
    """Yield a server's answer to a request for the bytes of a file from `start` to its `size`.

    It begins at `start`, or at 0 where the server cannot. Raises WrongAnswer if it is another file.
    """
    check_secure(url)
    asked = request.Request(url, headers={"Range": f"bytes={start}-"} if start else {})
    with network_errors():
        stream = opener().open(asked, timeout=PATIENCE)
    with closing(stream):
        begins = start_of(stream.status, stream.headers, start, size)
        check_headers(stream.headers, size - begins)
        yield Answer(stream, begins)


def start_of(status: int, headers: Message, start: int, size: int) -> int:
    """Return the place in the file at which an answer begins. Raises WrongAnswer."""
    if status == 200:
        return 0
    told = headers.get("Content-Range", "")
    if status != 206 or told != f"bytes {start}-{size - 1}/{size}":
        raise WrongAnswer(f"answers {status} {excerpt(told)}: expected a file of {size} bytes")
    return start


def check_headers(headers: Message, rest: int) -> None:
    """Raise WrongAnswer for a web page, and for another number of bytes than the `rest`."""
    if headers.get_content_type() == "text/html":
        raise WrongAnswer("answers with a web page (HTML), not with the file")
    told = headers.get("Content-Length", str(rest))
    if told != str(rest):
        raise WrongAnswer(f"offers {excerpt(told)} bytes: expected {rest}")


def check_beginning(block: bytes) -> None:
    """Raise WrongAnswer if a file begins as a web page does, whatever its server calls it."""
    if PAGE.match(block):
        raise WrongAnswer("answers with a web page (HTML), not with the file")
