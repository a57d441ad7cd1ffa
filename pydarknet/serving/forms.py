"""The fields of a request's body: multipart/form-data, or the body itself as one file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from .request import MOST_HEAD, Refused, Request, headers_of

FORM = "multipart/form-data"
MOST_PARTS = 32
PARAMETER = re.compile(r';\s*([\w*-]+)=("(?:[^"\\]|\\.)*"|[^;\s]*)')


@dataclass(frozen=True)
class File:
    """A file that was sent: its content and its name, empty if it has none."""

    content: bytes
    name: str = ""


@dataclass(frozen=True)
class Form:
    """What was sent: files and texts by their fields; of a field that stands twice, the last."""

    files: dict[str, File] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)


def form_of(request: Request, body: bytes) -> Form:
    """Return the fields of a body; one that is no form is the file `image`.

    Texts after `?` in the address are fields too. Raises Refused.
    """
    kind = request.headers.get("content-type", "")
    form = Form(texts=dict(request.query))
    if kind.partition(";")[0].strip().lower() != FORM:
        form.files["image"] = File(body)
        return form
    boundary = parameters(kind).get("boundary", "")
    if not boundary or len(boundary) > 200:
        raise Refused(400, "the form has no boundary")
    for headers, content in parts(body, boundary.encode("latin-1")):
        place = parameters(headers.get("content-disposition", ""))
        name, file = place.get("name", ""), place.get("filename")
        if file is not None or headers.get("content-type", "").startswith("image/"):
            form.files[name] = File(content, file or "")
        else:
            form.texts[name] = content.decode(errors="replace")
    return form


def parts(body: bytes, boundary: bytes) -> Iterator[tuple[dict[str, str], bytes]]:
    """Yield headers and content of each part of a body; raise Refused where it is cut."""
    mark = b"\r\n--" + boundary
    body = b"\r\n" + body
    at = body.find(mark)
    for _ in range(MOST_PARTS):
        start = at + len(mark)
        if at < 0 or body[start : start + 2] == b"--":
            break
        at = body.find(mark, start)
        head = body.find(b"\r\n\r\n", start)
        if at < 0 or not start <= head <= at:
            raise Refused(400, "the form ends early")
        if head - start > MOST_HEAD:
            raise Refused(400, f"the head of a field is longer than {MOST_HEAD} bytes")
        lines = body[start:head].strip(b" \t\r\n").split(b"\r\n")
        yield headers_of(lines if lines != [b""] else []), body[head + 4 : at]
    else:
        raise Refused(400, f"the form has more than {MOST_PARTS} fields")


def parameters(header: str) -> dict[str, str]:
    """Return what stands after the first word of a header: `name="value"`."""
    return {
        name.lower(): re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
        for name, value in PARAMETER.findall(header)
    }
