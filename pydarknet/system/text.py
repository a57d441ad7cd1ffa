"""The one reader of text files, and what of a text may be printed or drawn."""

from __future__ import annotations

import codecs
import json
import os
import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from ..errors import DarknetError, DataError
from .inputs import remember
from .limits import MOST_LINES, MOST_TEXT

MARKS = (  # UTF-32's begins with UTF-16's, so it stands first
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
KINDS = (
    (stat.S_ISDIR, "Is a directory"),
    (stat.S_ISFIFO, "is a pipe"),
    (stat.S_ISSOCK, "is a socket"),
)
TURNING = "\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"  # which turn the reading order
UNPRINTABLE = re.compile(f"[\x00-\x1f\x7f-\x9f\ud800-\udfff{TURNING}]")
SURROGATE = re.compile("[\ud800-\udfff]")
LONE = re.compile("[\ud800-\udc7f\udd00-\udfff]")  # surrogates that stand for no byte
WIDE = tuple(mark for mark, name in MARKS if name != "utf-8")  # marks of no ASCII newlines
CONTROLS = f"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{TURNING}"
CONTROL = re.compile(f"[{CONTROLS}]")
STEERING = re.compile(f"[{CONTROLS}\ud800-\udfff]")


def read_text(
    path: str | Path,
    expected: str,
    refusal: type[DarknetError] = DataError,
    *,
    most: int | None = MOST_LINES,
) -> str:
    """Read a text file whatever its line ends, byte order mark or encoding.

    `expected` says in the message what kind of file is needed there. A list may have any number of
    lines, and any size, with `most` None. Raises `refusal`.

    Quirk: CRLF_AND_BOM
    """
    problem = not_a_file(path)
    if problem:
        raise refusal(f"Couldn't open file: {path} ({problem}): expected {expected}")
    try:
        if most is not None and (size := os.path.getsize(path)) > MOST_TEXT:
            problem = f"has {size} bytes, more than {MOST_TEXT}: expected {expected}"
            raise refusal(problem, where=path)
        content = Path(path).read_bytes()
    except OSError as error:
        raise refusal(f"Couldn't open file: {path} ({error.strerror})") from None
    except ValueError:
        raise refusal(f"Couldn't open file: {str(path)!r} (not a file name)") from None
    remember(path)
    text = decode(content)
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise refusal(
            f"is not a text file (a zero byte on line {line}): expected {expected}", where=path
        )
    if most is not None and (lines := text.count("\n")) > most:
        raise refusal(f"has {lines} lines, more than {most}: expected {expected}", where=path)
    return text


def not_a_file(path: str | Path) -> str:
    """Return why a path can hold no content: a folder, a pipe, a device; empty if it may.

    Reading a pipe would wait for ever. A path that is not there may, too: opening it says why not.
    """
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return ""
    if stat.S_ISREG(mode):
        return ""
    return next((what for holds, what in KINDS if holds(mode)), "is a device")


def decode(content: bytes) -> str:
    """Return the text of a file's bytes, with newlines between lines.

    A byte order mark decides; else it is UTF-8. Bytes that are none are kept (surrogateescape), so
    that a path made of them still opens.
    """
    mark, encoding = next(
        ((mark, name) for mark, name in MARKS if content.startswith(mark)), (b"", "utf-8")
    )
    if encoding == "utf-8":
        text = content.removeprefix(mark).decode("utf-8", "surrogateescape")
    else:
        text = content.decode(encoding, "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def lines_of(stream: TextIO | None) -> Iterator[str]:
    """Yield each line of a stream as soon as it is there; a byte order mark is heeded.

    A stream that was closed before the program began is None, and has no lines.
    """
    if stream is None:
        return
    source = getattr(stream, "buffer", None)
    if source is None:
        yield from (line.rstrip("\r\n") for line in stream)
        return
    first = source.readline()
    if first.startswith(WIDE):
        first += source.read()
    yield from decode(first).removesuffix("\n").split("\n") if first else ()
    yield from (decode(line).removesuffix("\n") for line in source)


def without_end(lines: Sequence[str]) -> list[str]:
    """Return lines without the empty ones at their end."""
    last = max((i for i, line in enumerate(lines) if line.strip()), default=-1)
    return list(lines[: last + 1])


def printable(text: str, most: int | None = None) -> str:
    """Return text as one line that can be printed and drawn anywhere, cut where it grows too long.

    Control characters and bytes that are no text become `?`. OpenCV crashes on the latter.
    """
    cut = text if most is None or len(text) <= most else f"{text[: most - 3]}..."
    return UNPRINTABLE.sub("?", cut)


def excerpt(text: str, most: int = 60) -> str:
    """Return what a message shows of a text."""
    return printable(text, most)


def shorten(line: str, most: int) -> str:
    """Return a line, cut in its middle if it is too long: what matters stands at its ends."""
    end = most // 4
    return line if len(line) <= most else f"{line[: most - end - 5]} ... {line[-end:]}"


def displayable(text: str) -> str:
    """Return lines that do nothing to a terminal but fill it: `?` for what would steer it."""
    return STEERING.sub("?", text)


def without_control(text: str) -> str:
    """Return lines without control characters, `?` for each; bytes that are no text stay."""
    return CONTROL.sub("?", text)


def one_line(text: str) -> str:
    """Return a name as one line without control characters; bytes that are no text stay."""
    return without_control(re.sub(r"[\t\n\r]", "?", text))


def count_of(number: int, one: str, several: str = "") -> str:
    """Return a number with its noun: `1 image`, `2 images`, `2 boxes` for `box`, `boxes`."""
    return f"{number} {one if number == 1 else several or one + 's'}"


def without_bytes(text: str) -> str:
    """Return text that is valid Unicode: U+FFFD stands for each byte that is no text."""
    return SURROGATE.sub("\ufffd", text)


def bytes_of(text: str) -> bytes:
    """Return text as UTF-8, and the bytes that were no text as they were."""
    return LONE.sub("?", text).encode("utf-8", "surrogateescape")


def json_text(value: object, indent: int | None = None) -> str:
    """Return the JSON of a value, which is valid UTF-8 whatever bytes its texts have."""
    return without_bytes(json.dumps(value, ensure_ascii=False, indent=indent))


def json_value(text: str | bytes) -> Any:
    """Return what a JSON text says; raise ValueError if it is none, or lists in lists too deep."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("too many lists within each other") from None
