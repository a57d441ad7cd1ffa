"""HTTP requests, as they come from clients: heads, bodies, forms, and who may ask."""

from __future__ import annotations

import asyncio
import atexit
from functools import cache

from pydarknet.serving.allowed import check_allowed
from pydarknet.serving.forms import form_of
from pydarknet.serving.incoming import PATIENCE, Incoming, length_of
from pydarknet.serving.request import Refused

LONGEST = 20000
WORDS = (
    *("GET / HTTP/1.1\r\n", "POST / HTTP/1.1\r\n", "Host: localhost\r\n", "\r\n\r\n", "0\r\n"),
    *("Content-Length: 8\r\n", "Transfer-Encoding: chunked\r\n", "Origin: http://localhost\r\n"),
    *("Content-Type: multipart/form-data; boundary=b\r\n", "\r\n--b\r\n", "--b--", 'name="image"'),
    *("Content-Disposition: form-data; ", 'filename="a.png"', "\x16\x03", "%00", "?a="),
)


@cache
def loop() -> asyncio.AbstractEventLoop:
    """Return the loop of all requests."""
    made = asyncio.new_event_loop()
    atexit.register(made.close)
    return made


def check(content: bytes) -> None:
    """Answer a client; the first byte says whether there is a stream at its port."""
    try:
        loop().run_until_complete(answer(content[1:], content[:1] == b"~"))
    except Refused as refused:
        check_answer(refused)


def check_answer(refused: Refused) -> None:
    """Assert that a client can be told why it is refused, in one line."""
    assert 400 <= refused.status < 600
    assert refused.problem.strip()
    assert "\n" not in refused.problem


async def answer(content: bytes, streams: bool) -> None:
    """Read a request as the server does."""
    reader = asyncio.StreamReader()
    reader.feed_data(content)
    reader.feed_eof()
    incoming = Incoming(reader, PATIENCE)
    request = await incoming.request(streams)
    if request is None:
        return
    check_allowed(request, frozenset({"here"}), nearby=True)
    assert request.opens_page in (True, False)
    if request.method != "POST":
        return
    body = await incoming.body(length_of(request))
    form = form_of(request, body)
    assert sum(len(file.content) for file in form.files.values()) <= len(body)
