"""Who may ask: no web page of elsewhere, under whatever name it calls this machine.

A page of elsewhere can let the name of its own machine stand for this one. Then its requests bear
that name as their Host, which is no name that is expected here. An address cannot be lent so.
"""

from __future__ import annotations

import socket
from ipaddress import ip_address
from urllib.parse import urlsplit

from .request import Refused, Request

LOCAL = ("localhost",)
NEARBY = (".local", ".localhost", ".lan", ".home", ".internal", ".home.arpa")  # not of the internet
OTHERS = ("cross-site", "same-site")
EMBEDDED = ("image", "video", "document", "iframe", "frame")  # what another page cannot read


def check_allowed(request: Request, names: frozenset[str], nearby: bool) -> None:
    """Raise Refused for a request that a web page of elsewhere may have made.

    `names` are those of this machine; `nearby` allows all names that only a local network has.
    """
    host = request.headers.get("host")
    if host is not None and not is_expected(host, names, nearby):
        raise Refused(403, "the request calls this machine by a name that is not known here")
    origin = request.headers.get("origin")
    if origin is not None and not is_own(origin, host):
        raise Refused(403, "a page of elsewhere may ask for nothing here")
    reads = request.method in ("GET", "HEAD")
    if request.headers.get("sec-fetch-site") in OTHERS and not (
        reads and request.headers.get("sec-fetch-dest") in EMBEDDED
    ):
        raise Refused(403, "a page of elsewhere may ask for nothing here")


def is_expected(host: str, names: frozenset[str], nearby: bool) -> bool:
    """Return whether the value of a Host header is an address, or a name of this machine."""
    name = host_name(host)
    if name is None:
        return False
    if is_address(name) or name in LOCAL or name in names:
        return True
    return nearby and ("." not in name or name.endswith(NEARBY))


def host_name(host: str) -> str | None:
    """Return the name or address in the value of a Host header; None if there is none."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port  # which raises ValueError if it is none
    except ValueError:
        return None
    if parts.netloc != host or "@" in host:
        return None
    return (parts.hostname or "").rstrip(".") or None


def is_address(name: str) -> bool:
    """Return whether a name is an IPv4 or IPv6 address, perhaps with its zone."""
    try:
        ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True


def is_own(origin: str, host: str | None) -> bool:
    """Return whether an Origin is that of a page which came from here."""
    scheme, _, place = origin.partition("://")
    return host is not None and scheme in ("http", "https") and place.lower() == host.lower()


def names_of(bound: str) -> frozenset[str]:
    """Return the names under which a machine that listens at `bound` is known."""
    own = socket.gethostname().lower()
    return frozenset({bound.strip("[]").lower(), own, own.partition(".")[0]})
