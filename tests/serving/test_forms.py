"""Bodies of requests: forms as clients send them, and files as they are."""

from __future__ import annotations

import pytest

from pydarknet.serving.forms import File, Form, form_of
from pydarknet.serving.request import Refused, Request

TYPE = "multipart/form-data; boundary=abc"


def read(body: bytes, kind: str = TYPE, **query: str) -> Form:
    return form_of(Request("POST", "/", query, {"content-type": kind}), body)


def test_a_form_has_files_and_texts() -> None:
    # as Python's requests sends files={"image": content}, data={"api_key": "", ...}
    body = (
        b'--abc\r\nContent-Disposition: form-data; name="api_key"\r\n\r\n\r\n'
        b'--abc\r\nContent-Disposition: form-data; name="min_confidence"\r\n\r\n0.4\r\n'
        b'--abc\r\nContent-Disposition: form-data; name="image"; filename="image"\r\n\r\n'
        b"\xff\xd8\r\n--ab\r\n\r\n\xff\xd9\r\n--abc--\r\n"
    )

    assert read(body) == Form(
        files={"image": File(b"\xff\xd8\r\n--ab\r\n\r\n\xff\xd9", "image")},
        texts={"api_key": "", "min_confidence": "0.4"},
    )


def test_a_picture_without_a_name_is_a_file() -> None:
    head = b"Content-Type: image/jpeg\r\ncontent-disposition: form-data; name=image"
    body = b"--abc\r\n" + head + b"\r\n\r\nx\r\n--abc--"

    assert read(body).files == {"image": File(b"x")}


def test_a_boundary_may_stand_in_quotes_and_a_name_have_them() -> None:
    head = b'Content-Disposition: form-data; name="x"; filename="a\\"b.jpg"'
    body = b"--a b\r\n" + head + b"\r\n\r\ny\r\n--a b--"

    assert read(body, 'multipart/form-data; charset=utf-8; boundary="a b"').files == {
        "x": File(b"y", 'a"b.jpg')
    }


@pytest.mark.parametrize("kind", ["", "image/jpeg", "application/octet-stream"])
def test_what_is_no_form_is_the_picture(kind: str) -> None:
    form = read(b"\xff\xd8", kind, thresh="0.3")

    assert form == Form({"image": File(b"\xff\xd8")}, {"thresh": "0.3"})


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b'--abc\r\nContent-Disposition: form-data; name="x"\r\n\r\nhalf', "ends early"),
        (b'--abc\r\nContent-Disposition: form-data; name="x"\r\n--abc--', "ends early"),
        (b'--abc\r\nContent-Disposition: form-data; name="x"\r\n\r\n\r\n' * 40, "more than 32"),
        (b"--abc\r\n" + b"A: b\r\n" * 3000 + b"\r\nx\r\n--abc--", "longer than 16384 bytes"),
    ],
)
def test_a_form_that_is_cut_or_endless_is_refused(body: bytes, problem: str) -> None:
    with pytest.raises(Refused, match=problem) as refused:
        read(body)

    assert refused.value.status == 400


def test_a_form_without_a_boundary_is_refused() -> None:
    with pytest.raises(Refused, match="no boundary"):
        read(b"", "multipart/form-data")


def test_an_empty_form_has_nothing() -> None:
    assert read(b"--abc--\r\n") == Form()
    assert read(b"") == Form()
