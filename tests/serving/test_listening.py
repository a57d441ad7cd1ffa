"""Sockets that listen: which addresses a word means, and what is said where it cannot be had."""

from __future__ import annotations

import socket

import pytest

from pydarknet.errors import UsageError
from pydarknet.serving.listening import addresses, are_local, open_sockets, page_at


def test_loopback_is_both_of_its_addresses() -> None:
    expected = [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]

    assert addresses("127.0.0.1") == expected
    assert addresses("localhost") == expected


def test_an_address_may_stand_in_brackets() -> None:
    assert addresses("[::1]") == [(socket.AF_INET6, "::1")]


def test_both_have_the_same_port() -> None:
    opened = open_sockets("127.0.0.1", 0, "-port")

    ports = {one.getsockname()[1] for one in opened}
    for one in opened:
        one.close()
    assert len(ports) == 1
    assert ports != {0}


@pytest.mark.parametrize("bind", ["192.0.2.1", "no.such.host.invalid", "a\x9b", "a..b", "a" * 64])
def test_an_address_of_another_machine_is_one_line(bind: str) -> None:
    with pytest.raises(UsageError) as error:
        open_sockets(bind, 0, "-port")

    assert str(error.value) == f"-bind {bind}: this machine has no such address"


def test_a_port_may_be_had_again_at_once() -> None:
    [first, *rest] = open_sockets("127.0.0.1", 0, "-port")
    port = first.getsockname()[1]
    with socket.create_connection(("127.0.0.1", port)) as client:
        first.setblocking(True)
        first.accept()[0].close()  # which leaves the connection in TIME_WAIT
        client.recv(1)
    for one in (first, *rest):
        one.close()

    for one in open_sockets("127.0.0.1", port, "-port"):
        one.close()


def test_it_is_reached_from_this_machine_alone() -> None:
    # Darknet: src/http_stream.cpp JSON_sender::open listens at INADDR_ANY
    opened = open_sockets("127.0.0.1", 0, "-port")

    hosts = {one.getsockname()[0] for one in opened}
    assert hosts <= {"127.0.0.1", "::1"}
    assert are_local(opened)
    for one in opened:
        one.close()


def test_all_addresses_are_not_local() -> None:
    opened = open_sockets("0.0.0.0", 0, "-port")

    assert not are_local(opened)
    for one in opened:
        one.close()


@pytest.mark.parametrize("bind", ["", " "])
def test_an_empty_word_does_not_mean_all_addresses(bind: str) -> None:
    with pytest.raises(UsageError, match="empty word"):
        open_sockets(bind, 0, "-port")


@pytest.mark.parametrize(
    ("bind", "host"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),
        ("[::1]", "[::1]"),
        ("::", "127.0.0.1"),
        ("pi,cam.lan", "pi"),
    ],
)
def test_the_page_has_an_address_that_can_be_opened(bind: str, host: str) -> None:
    assert page_at(bind, 8080) == f"http://{host}:8080/"
