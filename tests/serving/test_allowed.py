"""Who may ask, by Host and Origin."""

from __future__ import annotations

import pytest

from pydarknet.serving.allowed import check_allowed, host_name, names_of
from pydarknet.serving.request import Refused, Request

OWN = frozenset({"camera", "camera.example.org"})


def ask(nearby: bool = False, method: str = "GET", **headers: str) -> None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    check_allowed(Request(method, "/", {}, named), OWN, nearby)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8070",
        "LOCALHOST:8070",
        "127.0.0.1:8070",
        "192.168.0.7",
        "[::1]:8070",
        "[fe80::1%25eth0]:80",
        "camera:8070",
        "camera.example.org",
    ],
)
def test_addresses_and_own_names_are_expected(host: str) -> None:
    ask(host=host)


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "pi", "pi.local", "",
     "user@localhost", "localhost:x", "[::1", "localhost/x"],
)  # fmt: skip
def test_other_names_are_not(host: str) -> None:
    with pytest.raises(Refused) as refused:
        ask(host=host)

    assert refused.value.status == 403


@pytest.mark.parametrize("host", ["pi:8070", "pi.local:8070", "detector.lan"])
def test_names_of_the_local_network_are_expected_where_it_may_ask(host: str) -> None:
    ask(nearby=True, host=host)


def test_a_name_of_the_internet_is_not_expected_there() -> None:
    with pytest.raises(Refused):
        ask(nearby=True, host="evil.example")


def test_programs_that_send_neither_may_ask() -> None:
    ask()
    ask(method="POST", host="localhost")


def test_the_own_page_may_post() -> None:
    ask(method="POST", host="localhost:8080", origin="http://localhost:8080")
    ask(method="POST", host="[::1]:8080", origin="http://[::1]:8080", sec_fetch_site="same-origin")


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "http://localhost:3000", "http://localhost", "file://"],
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_another_page_may_not(origin: str, method: str) -> None:
    with pytest.raises(Refused) as refused:
        ask(method=method, host="localhost:8080", origin=origin)

    assert refused.value.status == 403


def test_another_page_may_show_a_stream_but_not_run_it() -> None:
    ask(host="localhost", sec_fetch_site="cross-site", sec_fetch_dest="image")
    with pytest.raises(Refused):
        ask(host="localhost", sec_fetch_site="cross-site", sec_fetch_dest="script")
    with pytest.raises(Refused):
        ask(method="POST", host="localhost", sec_fetch_site="same-site", sec_fetch_dest="document")


def test_a_name_ends_before_the_port() -> None:
    assert host_name("Camera.Local.:80") == "camera.local"
    assert host_name("[::1]:80") == "::1"
    assert host_name(":80") is None


def test_a_machine_is_known_by_what_it_is_bound_to() -> None:
    assert "camera.example.org" in names_of("Camera.example.org")
    assert "::1" in names_of("[::1]")
