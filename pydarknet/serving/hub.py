"""The door for who has frames to show: publish them, and any number of clients see them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ..errors import UsageError
from .frames import Hub as Hub
from .incoming import PATIENCE, Patience
from .listening import LOOPBACK
from .server import Port, Server
from .shown import Shown as Shown
from .site import Site
from .streams import json_stream, mjpeg_stream


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
    patience: Patience = PATIENCE,
) -> Iterator[Serving]:
    """Serve the frames of a hub inside the block; its end closes the hub, and waits 2 s at most.

    `json_port` sends JSON, `mjpeg_port` pictures, 0 is any free port; both have the page for
    browsers, to which `thresh` is the least score that is shown. Without a port nothing is opened.
    `bind` is an address of this machine, or several words with commas: the others are names by
    which clients call it. Raises UsageError before the first frame if a port is taken.
    """
    if json_port and json_port == mjpeg_port:
        problem = f"-json_port and -mjpeg_port are both {json_port}: expected two ports"
        raise UsageError(problem)
    wanted = [
        Port("-json_port", json_port, json_stream) if json_port is not None else None,
        Port("-mjpeg_port", mjpeg_port, mjpeg_stream) if mjpeg_port is not None else None,
    ]
    ports = [port for port in wanted if port]
    if not ports:
        yield Serving()
        return
    about: dict[str, Any] = {"source": source, "thresh": thresh, "detects": False}
    server = Server(hub, Site(about), bind, patience)
    server.start(ports)
    numbers = iter(server.numbers)
    opened = [next(numbers) if port else None for port in wanted]
    try:
        yield Serving(*opened)
    finally:
        server.stop()
