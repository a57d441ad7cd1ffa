"""A network that answers requests: the ports, its worker and its page, from start to end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from .endpoints import Endpoints, Model
from .frames import Hub
from .incoming import PATIENCE, Patience
from .listening import LOOPBACK
from .server import Port, Server
from .site import Site
from .worker import Find, Worker


@contextmanager
def serve_model(
    model: Model,
    find: Find,
    *,
    port: int,
    bind: str = LOOPBACK,
    together: int = 1,
    patience: Patience = PATIENCE,
) -> Iterator[int]:
    """Answer requests for boxes inside the block, which gets the port; 0 is any free one.

    `find` is called by one thread alone, with as many as `together` pictures. Raises
    UsageError if the port is taken.
    """
    hub = Hub()
    about = {"source": model.name, "thresh": model.thresh, "detects": True, "exif": model.exif}
    with ExitStack() as stack:
        endpoints = Endpoints(model, Worker(find, together), hub)
        stack.callback(endpoints.close)
        server = Server(hub, Site(about, endpoints.posts), bind, patience)
        server.start([Port("-port", port)])
        stack.callback(server.stop)
        yield server.numbers[0]
