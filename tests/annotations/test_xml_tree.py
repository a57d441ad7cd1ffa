"""XML files as trees, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from annotated import put

from pydarknet.annotations.xml_tree import read_xml
from pydarknet.errors import DataError

LAUGHS = """<?xml version="1.0"?>
<!DOCTYPE a [
<!ENTITY lol "lol">
<!ENTITY lol2 "&lol;&lol;&lol;&lol;">
]>
<a>&lol2;</a>"""


def test_elements_know_their_line_and_text():
    root = read_xml(put("a.xml", "<a>\n<b> one\n</b>\n<b><c>2</c></b></a>"))

    assert [(one.tag, one.line) for one in root.below("b")] == [("b", 2), ("b", 4)]
    assert root.value("b") == "one"
    assert root.value("b/c") == "2"
    assert root.value("c") == ""


def test_any_encoding_that_a_file_names_is_read():
    Path("a.xml").write_bytes(b'<?xml version="1.0" encoding="iso-8859-1"?><a>\xe4</a>')

    assert read_xml(Path("a.xml")).text == "ä"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (LAUGHS, "a.xml:3: declares the entity lol: expected none"),
        (
            '<!DOCTYPE a [<!ENTITY x SYSTEM "/etc/passwd">]>\n<a>&x;</a>',
            "a.xml:1: declares the entity x: expected none",
        ),
        ("<a>\n<b></a>", "a.xml:2: mismatched tag"),
        ("", "a.xml:1: no element found"),
        ("<a>\n" + 200 * "<b>", "a.xml:2: has more than 100 elements within each other"),
        ('<?xml version="1.0" encoding="none-such"?><a/>', "a.xml:1: unknown encoding: none-such"),
    ],
)
def test_what_expands_or_is_no_xml_is_told_with_its_line(text, told):
    with pytest.raises(DataError) as error:
        read_xml(put("a.xml", text))

    assert str(error.value) == told


def test_a_file_that_is_not_there_is_told():
    with pytest.raises(DataError, match=r"^none\.xml: No such file or directory: expected an XML"):
        read_xml(Path("none.xml"))
    with pytest.raises(DataError, match="Is a directory: expected an XML file"):
        read_xml(Path())


def test_elements_are_at_most_100000():
    whole = "<a>" + "<b/>" * 99_999 + "</a>"

    assert len(read_xml(put("a.xml", whole)).children) == 99_999
    with pytest.raises(DataError, match=r"^b\.xml:1: has more than 100000 elements$"):
        read_xml(put("b.xml", whole.replace("<a>", "<a><b/>")))


def test_a_file_of_more_than_32_megabytes_is_none():
    with open("a.xml", "wb") as file:
        file.truncate(2**25 + 1)

    with pytest.raises(DataError, match=r"^a\.xml: has 33554433 bytes, more than 33554432"):
        read_xml(Path("a.xml"))
