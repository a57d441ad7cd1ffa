"""What answers look like on the wire."""

from __future__ import annotations

import json

from pydarknet.serving.reply import Reply, error_reply, json_reply


def test_an_answer_has_a_length_and_is_kept_by_nobody() -> None:
    head, _, body = Reply(200, "text/plain", b"abc").content().partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"Content-Length: 3" in head
    assert b"Cache-Control: no-store" in head
    assert b"X-Content-Type-Options: nosniff" in head
    assert body == b"abc"


def test_a_hidden_body_leaves_its_length() -> None:
    content = Reply(200, "text/plain", b"abc", shown=False).content()

    assert b"Content-Length: 3" in content
    assert content.endswith(b"\r\n\r\n")


def test_an_error_is_one_line_of_json() -> None:
    reply = error_reply(503, "busy", retry_after="1")

    assert reply.body.count(b"\n") == 1
    assert json.loads(reply.body) == {"success": False, "error": "busy"}
    assert b"retry-after: 1\r\n" in reply.head()


def test_names_in_any_script_are_ascii_in_json() -> None:
    assert json_reply(200, ["犬"]).body == b'["\\u72ac"]\n'
