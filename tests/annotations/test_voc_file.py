"""The annotation of one image in VOC's form."""

from __future__ import annotations

from pathlib import Path

import pytest
from annotated import put, xml

from pydarknet.annotations.instances import has_area
from pydarknet.annotations.voc_file import VocFile, image_of
from pydarknet.errors import DataError


def test_pixels_are_counted_from_0_and_each_object_knows_its_line():
    put("a.xml", xml(("gnu", (31, 41, 131, 91)), ("two  words", (1, 1, 200, 100)), image="b.png"))

    read = VocFile.read(Path("a.xml"))

    assert (read.image, read.size) == ("b.png", (200, 100))
    assert read.instances[0] == ("gnu", (30, 40, 130, 90), "a.xml:3", "")
    assert read.instances[1] == ("two words", (0, 0, 199, 99), "a.xml:5", "")


@pytest.mark.parametrize(
    ("text", "kind"),
    [("1", "difficult"), ("yes", "difficult"), ("0", ""), ("Unspecified", ""), ("", "")],
)
def test_difficult_may_be_a_word(text, kind):
    extra = f"<difficult>{text}</difficult>"
    put("a.xml", xml(("gnu", (1, 1, 9, 9)), extra=extra))

    assert VocFile.read(Path("a.xml")).instances[0].kind == kind


@pytest.mark.parametrize(
    "points",
    [
        "<x1>11</x1><y1>21</y1><x2>51</x2><y2>31</y2><x3>31</x3><y3>61</y3>",
        "<pt><x>11</x><y>21</y></pt><pt><x>51</x><y>31</y></pt><pt><x>31</x><y>61</y></pt>",
    ],
)
def test_an_object_of_a_polygon_alone_has_its_bounds(points):
    text = f"<annotation><object><name>a</name><polygon>{points}</polygon></object></annotation>"
    put("a.xml", text)

    assert VocFile.read(Path("a.xml")).instances[0].box == (10, 20, 50, 60)


@pytest.mark.parametrize("text", ["", "<bndbox/>", "<polygon><x1>1</x1></polygon>"])
def test_an_object_without_a_box_has_none(text):
    put("a.xml", f"<annotation><object><name>a</name>{text}</object></annotation>")

    assert not has_area(VocFile.read(Path("a.xml")).instances[0].box)


def test_a_size_of_zero_is_none_and_of_a_word_an_error():
    put("a.xml", "<annotation><size><width>0</width><height>9</height></size></annotation>")
    put("b.xml", "<annotation>\n<size><width>x</width></size></annotation>")
    put("c.xml", "<annotation>\n<size><width>1e308</width></size></annotation>")

    assert VocFile.read(Path("a.xml")).size == (0, 0)
    with pytest.raises(DataError, match=r"^c\.xml:2: width = 1e308: expected a number of pixels$"):
        VocFile.read(Path("c.xml"))
    with pytest.raises(DataError, match=r"^b\.xml:2: width = x: expected a number of pixels$"):
        VocFile.read(Path("b.xml"))


def test_another_xml_is_an_error():
    with pytest.raises(DataError, match=r"^a\.xml:1: <html>: expected <annotation>$"):
        VocFile.read(put("a.xml", "<html/>"))


@pytest.mark.parametrize("name", ["../../b.png", "C:\\photos\\b.png", "/home/me/b.png", "b.png"])
def test_an_image_is_looked_for_in_its_folders_alone(picture, name):
    read = VocFile.read(put("x/a.xml", xml(("gnu", (1, 1, 9, 9)), image=name)))
    picture("b.png")

    with pytest.raises(DataError, match=r"x/a\.xml: has no image in x: expected a\.jpg"):
        image_of(read, [Path("x")])
    picture("x/b.png")
    assert image_of(read, [Path("x")]) == Path("x/b.png")
    picture("x/a.PNG")
    assert image_of(read, [Path("x")]) == Path("x/a.PNG")
