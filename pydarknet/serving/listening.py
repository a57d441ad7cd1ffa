"""The sockets on which the program listens: on this machine alone, unless an address is given."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import ip_address

from ..errors import UsageError

LOOPBACK = "127.0.0.1"
SAME = {LOOPBACK: (LOOPBACK, "::1"), "localhost": (LOOPBACK, "::1")}  # programs try both
BACKLOG = 128


def open_sockets(bind: str, port: int, flag: str) -> list[socket.socket]:
    """Return sockets that listen at an address or a name of this machine; 0 is any free port.

    `flag` is the word that chose the port. Raises UsageError if it is taken, or is not ours.

    Quirk: PORTS_ARE_LOCAL
    """
    if not bind.strip():
        raise UsageError("-bind is an empty word: expected an address of this machine")
    opened: list[socket.socket] = []
    try:
        for number, place in enumerate(addresses(bind)):
            try:
                opened.append(open_socket(place, port))
            except OSError as error:
                if number and error.errno != errno.EADDRINUSE:  # this machine has no IPv6
                    continue
                raise
            port = opened[0].getsockname()[1]
    except OSError as error:
        for one in opened:
            one.close()
        raise no_socket(bind, port, flag, error) from None
    return opened


def addresses(bind: str) -> list[tuple[socket.AddressFamily, str]]:
    """Return the families and addresses that a word of `-bind` means. Raises OSError."""
    word = bind.strip().removeprefix("[").removesuffix("]")
    found: list[tuple[socket.AddressFamily, str]] = []
    try:
        for host in SAME.get(word.lower(), (word,)):
            for family, _, _, _, place in socket.getaddrinfo(
                host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            ):
                found.append((family, str(place[0])))
    except UnicodeError:  # of a word that can be no name of a machine
        raise OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL)) from None
    return list(dict.fromkeys(found))


def open_socket(place: tuple[socket.AddressFamily, str], port: int) -> socket.socket:
    """Return a socket that listens at one address; raise OSError if it cannot."""
    family, address = place
    one = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere it would share a port that is taken
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            with suppress(OSError, AttributeError):
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(address != "::"))
        one.bind((address, port))
        one.listen(BACKLOG)
        one.setblocking(False)
    except BaseException:
        one.close()
        raise
    return one


def page_at(bind: str, port: int) -> str:
    """Return the address under which this machine finds what is served at a word of `-bind`."""
    first = bind.partition(",")[0].strip().strip("[]")
    if first in ("0.0.0.0", "::"):
        first = LOOPBACK
    return f"http://[{first}]:{port}/" if ":" in first else f"http://{first}:{port}/"


def are_local(sockets: Iterable[socket.socket]) -> bool:
    """Return whether only this machine itself can reach some sockets."""
    hosts = (str(one.getsockname()[0]).partition("%")[0] for one in sockets)
    return all(ip_address(host).is_loopback for host in hosts)


def no_socket(bind: str, port: int, flag: str, error: OSError) -> UsageError:
    """Return the error about a port or an address that cannot be had."""
    if error.errno == errno.EADDRINUSE:
        hint = f"{flag} N chooses another port"
        return UsageError(f"{flag} {port}: another program listens there", hint=hint)
    if error.errno == errno.EACCES:
        hint = f"{flag} N chooses one above 1023"
        return UsageError(f"{flag} {port}: only an administrator may listen there", hint=hint)
    if error.errno == errno.EADDRNOTAVAIL or isinstance(error, socket.gaierror):
        return UsageError(f"-bind {bind}: this machine has no such address")
    return UsageError(f"{flag} {port}: cannot listen at {bind}: {error.strerror}")
