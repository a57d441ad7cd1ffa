"""A server of files by https on this machine, with a certificate of an authority of its own."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import trustme

CONTENT = bytes(range(256)) * 1000  # 256000 bytes

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class FileServer:
    """`pages` say what is answered under a path; `asked` is the path and Range of each request."""

    url: str = ""
    pages: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)


def send(
    request: BaseHTTPRequestHandler,
    body: bytes,
    status: int = 200,
    length: int | None = None,
    **headers: str,
) -> None:
    """Answer with a body; `length` is what its Content-Length says."""
    request.send_response(status)
    request.send_header("Content-Length", str(len(body) if length is None else length))
    for name, value in headers.items():
        request.send_header(name.replace("_", "-"), value)
    request.end_headers()
    request.wfile.write(body)


def whole(content: bytes) -> Answer:
    """Return the answer of a server that heeds no Range."""
    return lambda request: send(request, content)


def ranged(content: bytes) -> Answer:
    """Return the answer of a server that sends what a Range of `bytes=N-` asks for."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        asked = request.headers["Range"]
        if asked is None:
            send(request, content)
            return
        start = int(asked.removeprefix("bytes=").removesuffix("-"))
        told = f"bytes {start}-{len(content) - 1}/{len(content)}"
        send(request, content[start:], 206, Content_Range=told)

    return answer


def cut(content: bytes, sent: int) -> Answer:
    """Return the answer of a server that promises a content and sends its first bytes alone."""
    return lambda request: send(request, content[:sent], length=len(content))


def elsewhere(url: str) -> Answer:
    """Return the answer that leads to another address."""
    return lambda request: send(request, b"", 302, Location=url)


@contextmanager
def serve_files(folder: Path) -> Iterator[FileServer]:
    """Serve by https at 127.0.0.1; the authority's certificate is `FOLDER/authority.pem`."""
    served = FileServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append((self.path, self.headers["Range"]))
            served.pages[self.path](self)

        def log_message(self, format: str, *words: object) -> None:
            pass

    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        served.url = f"https://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()
