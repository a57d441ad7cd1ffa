"""What stands under which path, on every port."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .page import page_reply
from .reply import Reply, Streaming, json_reply
from .request import Refused, Request
from .streams import Feed, json_stream, live_stream, mjpeg_stream

Opener = Callable[[Feed], Streaming]
Poster = Callable[[Request, bytes], Awaitable[Reply]]

STREAMS: Mapping[str, Opener] = {
    "/stream.json": json_stream,
    "/stream.mjpg": mjpeg_stream,
    "/live": live_stream,
}


@dataclass(frozen=True)
class Site:
    """What clients find: a feed of frames, what answers POST requests, and facts for `/health`."""

    about: Mapping[str, Any]
    posts: Mapping[str, Poster] = field(default_factory=dict)

    def get(self, request: Request, feed: Feed, own: Opener | None) -> Reply | Streaming:
        """Answer a GET request; `own` is the stream of a port that has one.

        Like the C, such a port sends its stream whatever path is asked for.

        Quirk: BROWSERS_GET_A_PAGE
        """
        path = request.path
        if path in STREAMS:
            return STREAMS[path](feed)
        if path == "/health":
            return json_reply(200, {"status": "ok", "frames": feed.hub.count, **self.about})
        if path == "/favicon.ico":
            return Reply(404)
        if path == "/" and (own is None or request.opens_page):
            return page_reply()
        if self.find_poster(path):
            raise Refused(405, f"{path} expects POST", allow="POST")
        if own is None or request.opens_page:
            raise Refused(404, "there is nothing under this address")
        return own(feed)

    def poster(self, request: Request) -> Poster:
        """Return what answers a POST request; raise Refused if nothing does."""
        poster = self.find_poster(request.path)
        if poster:
            return poster
        known = request.path in (*STREAMS, "/", "/health")
        if known:
            raise Refused(405, f"{request.path} expects GET", allow="GET, HEAD")
        raise Refused(404, "there is nothing under this address")

    def find_poster(self, path: str) -> Poster | None:
        """Return what answers under a path; a name that ends in a slash stands for all below it."""
        folder = path.rpartition("/")[0] + "/"
        return self.posts.get(path) or (self.posts.get(folder) if folder != path else None)
