"""Heads of requests, and what is none."""

from __future__ import annotations

import time

import pytest

from pydarknet.serving.request import (
    Refused,
    Request,
    end_of_head,
    headers_of,
    may_be_request,
    parse_head,
)


@pytest.mark.parametrize(
    "begin", [b"G", b"GET ", b"GET / HTTP/1.1", b"GET /\n", b"POST /x HTTP/1.0\r\n", b"GET"]
)
def test_what_may_become_a_request(begin: bytes) -> None:
    assert may_be_request(begin)


@pytest.mark.parametrize("begin", [b"hello", b"\x00", b"GET\n", b"GET / and more\r\n", b"get /\n"])
def test_what_is_no_request(begin: bytes) -> None:
    assert not may_be_request(begin)


def test_a_head_ends_with_an_empty_line() -> None:
    assert end_of_head(b"GET / HTTP/1.1\r\nA: b\r\n") is None
    assert end_of_head(b"GET / HTTP/1.1\r\nA: b\r\n\r\nbody") == 24
    assert end_of_head(b"GET / HTTP/1.1\nA: b\n\nbody") == 21
    assert end_of_head(b"GET /\r\n") == 7  # HTTP/0.9 has no headers


def test_a_head_has_path_query_and_headers() -> None:
    request = parse_head(b"GET /a%20b?thresh=.3&x= HTTP/1.1\r\nHost: h:1\r\nX-Y:  z \r\n\r\n")

    assert request == Request("GET", "/a b", {"thresh": ".3", "x": ""}, {"host": "h:1", "x-y": "z"})


def test_the_address_of_a_proxy_names_the_path() -> None:
    assert parse_head(b"GET http://h/p HTTP/1.1\r\n\r\n").path == "/p"


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nno header\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\n\r\n",
        b"GET /?" + b"a=1&" * 101 + b" HTTP/1.1\r\n\r\n",
        b"nonsense\r\n\r\n",
    ],
)
def test_a_head_that_cannot_be_read_is_refused(head: bytes) -> None:
    with pytest.raises(Refused) as refused:
        parse_head(head)

    assert refused.value.status == 400


def test_a_value_has_no_blanks_around_it() -> None:
    request = parse_head(b"GET / HTTP/1.1\r\nA: \t b  c \t\r\nB:\r\n\r\n")

    assert request.headers == {"a": "b  c", "b": ""}


def test_a_header_of_many_blanks_is_read_at_once() -> None:
    blanks = b" " * 50_000  # a part of a form may have so many

    start = time.process_time()
    headers = headers_of([b"a: b" + blanks + b"c"])

    assert len(headers["a"]) == 50_002
    assert time.process_time() - start < 1  # it took four where each run of blanks was tried


@pytest.mark.parametrize(
    ("headers", "opens"),
    [
        ({"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}, True),  # browsers
        ({"sec-fetch-dest": "document", "accept": "*/*"}, True),
        ({"sec-fetch-dest": "image", "accept": "image/avif,*/*;q=0.8"}, False),  # <img>
        ({"accept": "image/avif,image/webp,*/*;q=0.8"}, False),
        ({"accept": "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"}, False),  # Java
        ({"accept": "*/*"}, False),  # curl, requests
        ({}, False),  # node
    ],
)
def test_browsers_open_pages_and_programs_do_not(headers: dict[str, str], opens: bool) -> None:
    assert Request("GET", "/", {}, headers).opens_page is opens
