"""Which files are read as text, and what of a text may be shown."""

from __future__ import annotations

import os

import pytest

from pydarknet.errors import CfgError, DataError
from pydarknet.system.text import count_of, displayable, excerpt, json_value, printable, read_text


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"caf\xc3\xa9", "caf\u00e9"),
        (b"\xef\xbb\xbfone", "one"),
        (b"\xff\xfeo\0n\0e\0\r\0\n\0", "one\n"),
        (b"\xfe\xff\0o\0n\0e\0\r\0t", "one\nt"),
        (b"\xff\xfe\0\0o\0\0\0", "o"),
        (b"\0\0\xfe\xff\0\0\0o", "o"),
        (b"\xff\xfeo\0n", "o\ufffd"),  # half of the last unit is not there
        (b"\xff\xfe\x00\xd8o\0", "\ufffdo"),  # a high surrogate without its low one
        (b"a\xe9\n", "a\udce9\n"),
        (b"a\rb\r\nc", "a\nb\nc"),
        (b"", ""),
    ],
)
def test_a_byte_order_mark_says_the_encoding_and_else_bytes_are_kept(tmp_path, content, text):
    (tmp_path / "a.txt").write_bytes(content)

    assert read_text(tmp_path / "a.txt", "a list of names") == text


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\n" * 100_001, "has 100001 lines, more than 100000: expected a .cfg"),
        (b"a" * 2**25 + b"b", "has 33554433 bytes, more than 33554432: expected a .cfg"),
    ],
    ids=["lines", "bytes"],
)
def test_a_text_of_which_much_is_made_has_a_largest_size_and_a_list_none(tmp_path, content, told):
    path = tmp_path / "a"
    path.write_bytes(content)

    with pytest.raises(CfgError) as error:
        read_text(path, "a .cfg", CfgError)

    assert str(error.value) == f"{path}: {told}"
    assert len(read_text(path, "a list of images", most=None)) == len(content)
    path.write_bytes(content[1:])
    assert len(read_text(path, "a .cfg", CfgError)) == len(content) - 1


def test_a_path_of_other_bytes_still_opens(tmp_path):
    name = os.fsencode(tmp_path) + b"/caf\xe9.txt"
    with open(name, "wb") as file:
        file.write(b"found")
    (tmp_path / "list.txt").write_bytes(name)

    assert read_text(read_text(tmp_path / "list.txt", "a list"), "a text") == "found"


@pytest.mark.parametrize(
    ("content", "line"), [(b"\0", 1), (b"a\nb\n\0c", 3), (b"a\n" * 40000 + b"\0", 40001)]
)
def test_a_zero_byte_is_in_no_text_wherever_it_stands(tmp_path, content, line):
    (tmp_path / "a.txt").write_bytes(content)

    with pytest.raises(DataError) as error:
        read_text(tmp_path / "a.txt", "a list of images")

    told = f"is not a text file (a zero byte on line {line}): expected a list of images"
    assert str(error.value) == f"{tmp_path}/a.txt: {told}"


def test_a_pipe_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(CfgError) as error:
        read_text(tmp_path / "pipe", "a .cfg", CfgError)

    told = f"Couldn't open file: {tmp_path}/pipe (is a pipe): expected a .cfg"
    assert str(error.value) == told


@pytest.mark.parametrize(
    ("path", "what"), [("/dev/zero", "is a device"), ("/tmp", "Is a directory")]
)
def test_what_holds_no_text_is_refused_by_its_kind(path, what):
    with pytest.raises(DataError) as error:
        read_text(path, "labels")

    assert str(error.value) == f"Couldn't open file: {path} ({what}): expected labels"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("caf\u00e9 \U0001f415", "caf\u00e9 \U0001f415"),
        ("a\udce9b", "a?b"),
        ("\x1b]0;title\x07", "?]0;title?"),
        ("a\tb\nc\rd\0", "a?b?c?d?"),
        ("\u202egpj.exe", "?gpj.exe"),
        ("a\u200eb\u200fc\u061cd\u2067e", "a?b?c?d?e"),
        ("a\x9bb\x7f", "a?b?"),
    ],
)
def test_a_printable_text_is_one_line_that_steers_nothing(text, shown):
    assert printable(text) == shown


def test_an_excerpt_is_cut_to_60_signs():
    assert excerpt("a" * 60) == "a" * 60
    assert excerpt("a" * 10**7) == "a" * 57 + "..."


def test_displayable_lines_stay_lines():
    assert displayable("one\n\ttwo\r\x1b[2J\udce9") == "one\n\ttwo\r?[2J?"


@pytest.mark.parametrize(
    ("number", "nouns", "text"),
    [
        (1, ("image",), "1 image"),
        (2, ("image",), "2 images"),
        (0, ("image",), "0 images"),
        (1, ("box", "boxes"), "1 box"),
        (21, ("class", "classes"), "21 classes"),
    ],
)
def test_one_of_something_is_no_plural(number, nouns, text):
    assert count_of(number, *nouns) == text


@pytest.mark.parametrize("text", ["[" * 100_000, b"[" * 100_000, "{", "9" * 5000, ""])
def test_what_is_no_json_is_a_wrong_value_however_deep_it_is(text):
    with pytest.raises(ValueError, match=r"."):
        json_value(text)


def test_a_json_text_has_its_value():
    assert json_value(b'{"a": [1, null]}') == {"a": [1, None]}
