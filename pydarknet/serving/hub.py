"""The door for who has frames to show: publish them, and any number of clients see them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from ..errors import UsageError
from ..system.console import note
from .frames import Hub as Hub
from .incoming import PATIENCE, Patience
from .listening import LOOPBACK, page_at
from .post import Posts, Target
from .server import Port, Server
from .shown import Shown as Shown
from .site import Site
from .streams import json_stream, mjpeg_stream

PASSWORD = re.compile(r"(\w+://)[^/@\s]*@")


@dataclass(frozen=True)
class Serving:
    """The ports on which frames are served; None for a stream that is not."""

    json_port: int | None = None
    mjpeg_port: int | None = None


@contextmanager
def serve_streams(
    hub: Hub,
    *,
    json_port: int | None = None,
    mjpeg_port: int | None = None,
    bind: str = LOOPBACK,
    thresh: float | None = None,
    source: str = "",
    post_host: str | None = None,
    post_once: bool = False,
    patience: Patience = PATIENCE,
) -> Iterator[Serving]:
    """Serve the frames of a hub inside the block; its end closes the hub, and waits some seconds.

    `json_port` sends JSON, `mjpeg_port` pictures, 0 is any free port; both have the page for
    browsers, where `thresh` is the least score at first. `bind` is an address of this machine;
    names by which clients call it may follow, with commas. `post_host` is where messages about what
    was found are posted, the first alone if `post_once`; `source` is the film's or camera's name
    there. Raises UsageError before the first frame, if a port is taken or a word means nothing.
    """
    if json_port and json_port == mjpeg_port:
        problem = f"-json_port and -mjpeg_port are both {json_port}: expected two ports"
        raise UsageError(problem)
    wanted = [
        Port("-json_port", json_port, json_stream) if json_port is not None else None,
        Port("-mjpeg_port", mjpeg_port, mjpeg_stream) if mjpeg_port is not None else None,
    ]
    ports = [port for port in wanted if port]
    posts = Posts(hub, Target.read(post_host), source, once=post_once) if post_host else None
    about: dict[str, Any] = {"source": public(source), "thresh": thresh, "detects": False}
    with ExitStack() as stack:
        stack.callback(hub.close)
        numbers: Iterator[int] = iter(())
        if ports:
            server = Server(hub, Site(about), bind, patience)
            server.start(ports)
            stack.callback(server.stop)
            note(f"Watch at {page_at(bind, server.numbers[-1])}")
            numbers = iter(server.numbers)
        if posts:
            posts.start()
            stack.callback(posts.stop)
        yield Serving(*(next(numbers) if port else None for port in wanted))


def public(source: str) -> str:
    """Return the name of a film without its folder, of a camera without its password."""
    return PASSWORD.sub(r"\1", source) if "://" in source else os.path.basename(source)
