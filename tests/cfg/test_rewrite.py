"""A cfg's text with other values."""

from __future__ import annotations

import time

from conftest import HERE

from pydarknet.cfg.parser import sections_of
from pydarknet.cfg.rewrite import rewrite

TEXT = """# a network
[net]
# as published
width = 416
width=1

[convolutional]
filters=255

# the head
[yolo]
classes=80
"""


def test_values_change_and_all_else_stays():
    changed = rewrite(TEXT, {(0, "width"): "608", (1, "filters"): "18", (2, "classes"): "1"})

    assert changed == (
        TEXT.replace("width = 416", "width =608")
        .replace("255", "18")
        .replace("classes=80", "classes=1")
    )


def test_a_missing_key_follows_the_last_line_of_its_section():
    changed = rewrite(TEXT, {(0, "height"): "416", (2, "max"): "200"})

    assert "width=1\nheight=416\n\n[convolutional]" in changed
    assert changed.endswith("classes=80\nmax=200\n")


def test_without_changes_a_cfg_is_the_same():
    for path in sorted((HERE.parent / "cfg").glob("yolo*.cfg")):
        text = path.read_text()
        assert rewrite(text, {}).splitlines() == text.splitlines()


def test_sections_are_counted_as_the_parser_counts_them():
    path = HERE.parent / "cfg" / "yolov4-tiny.cfg"
    text = path.read_text()
    sections = sections_of(text, str(path))
    places = [(n, "filters") for n, one in enumerate(sections) if one.find("filters")]

    changed = sections_of(rewrite(text, dict.fromkeys(places, "7")), str(path))

    found = [one.find("filters") for one in changed]
    assert [entry.value for entry in found if entry] == ["7"] * len(places)
    assert len(places) == 21


def test_a_line_of_many_blanks_is_read_at_once():
    text = f"[net]\nwidth{50_000 * ' '}x\nheight{50_000 * ' '}= 8\n"

    start = time.process_time()
    changed = rewrite(text, {(0, "height"): "9"})

    assert changed == text.replace("= 8", "=9")
    assert time.process_time() - start < 1
