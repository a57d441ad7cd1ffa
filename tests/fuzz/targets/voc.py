"""PASCAL VOC's XML annotations, as label lines."""

from __future__ import annotations

from fuzz.rules import file_of, refusals
from fuzz.targets.coco import check_lines

from pydarknet.annotations.voc_file import VocFile

WORDS = (
    *("<annotation>", "</annotation>", "<object>", "</object>", "<bndbox>", "</bndbox>", "<name>"),
    *("<xmin>1</xmin>", "<polygon>", "<x1>1</x1>", "<size>", "<width>8</width>", "<!ENTITY a 'b'>"),
    *("<!DOCTYPE a [", "]>", "&a;", "<?xml version='1.0' encoding='utf-16'?>", "<![CDATA["),
)


def check(content: bytes) -> None:
    """Read an annotation, and write its labels."""
    with refusals(lines=True):
        found = VocFile.read(file_of(content, "a.xml"))
        check_lines(found.instances, *found.size)
