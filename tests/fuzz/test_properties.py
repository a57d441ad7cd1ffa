"""What holds for every text: it is read again as it was written, or refused in a line."""

from __future__ import annotations

import ctypes
import hashlib
import json
import math
import os
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from fuzz.rules import file_of, new_run
from fuzz.run import TARGETS, target_named
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from plot_log import read_log

from pydarknet.annotations.coco_file import CocoFile
from pydarknet.annotations.instances import Instance
from pydarknet.annotations.label_files import Written, lines_of
from pydarknet.annotations.run_lengths import bounds_of_mask
from pydarknet.annotations.source import AnnotatedImage, Source
from pydarknet.annotations.voc_file import VocFile
from pydarknet.cfg.lineage import FORK
from pydarknet.cfg.numbers import integer, real
from pydarknet.cfg.parser import section_of, sections_of
from pydarknet.dataset.files import read_list, read_names
from pydarknet.dataset.labels import LabelRules, read_labels
from pydarknet.errors import DataError
from pydarknet.system.text import bytes_of, decode
from pydarknet.training.state import MAGIC, State, blocks_of, parse_state

FEW = settings(max_examples=40, deadline=None, derandomize=True, database=None)
TEXT_TARGETS = [name for name in TARGETS if name not in ("image", "weights", "arrays", "network")]
LINE = st.text(st.characters(exclude_characters="\n\r\0", exclude_categories=["Cs"]))
WORD = st.text(st.characters(categories=["L", "N"], max_codepoint=255), min_size=1)
SHARE = st.floats(0.0625, 0.9375, width=32)
BOX = st.tuples(st.integers(0, 2), SHARE, SHARE, SHARE, SHARE)
C = ctypes.CDLL(None) if os.name == "posix" else None


@st.composite
def content(draw: st.DrawFn, name: str) -> bytes:
    """Draw a file for a target: a corpus file's lines and the target's words, in any order."""
    target = target_named(name)
    words = getattr(target, "WORDS", None) or getattr(target, "words", tuple)()
    folder = Path(__file__).parent / "corpus" / name
    lines = [line for path in folder.iterdir() for line in path.read_bytes().splitlines(True)]
    pieces = st.sampled_from([word.encode() for word in words] + sorted(lines))
    return b"".join(draw(st.lists(st.one_of(pieces, st.binary(max_size=4)), max_size=20)))


@pytest.mark.parametrize("name", TEXT_TARGETS)
def test_any_mixture_of_lines_and_words_ends_well(name: str) -> None:
    check = target_named(name).check

    @FEW
    @given(content(name))
    def ends_well(found: bytes) -> None:
        new_run()
        check(found)

    ends_well()


# Cfg and data files


@FEW
@given(st.lists(st.tuples(WORD, st.lists(st.tuples(WORD, WORD)))))
def test_a_cfg_is_read_as_it_was_written(written: list[tuple[str, list[tuple[str, str]]]]) -> None:
    lines = [f"[{name}]\n" + "".join(f"{k} = {v}\n" for k, v in pairs) for name, pairs in written]

    found = sections_of("\n".join(lines), "net.cfg")

    pairs = [(one.name, [(e.key, e.value) for e in one.entries]) for one in found]
    assert pairs == written


@FEW
@given(st.dictionaries(WORD, WORD))
def test_a_data_file_is_read_as_it_was_written(written: dict[str, str]) -> None:
    section = section_of("".join(f"{key}={value}\n" for key, value in written.items()), "a.data")

    assert {entry.key: entry.value for entry in section.entries} == written
    assert [entry.line for entry in section.entries] == list(range(1, len(written) + 1))


NUMBER = st.one_of(
    st.integers(-(2**31), 2**31 - 1).map(str),
    st.floats(allow_nan=False).map(repr),
    st.floats(allow_nan=False, allow_infinity=False).map(float.hex),
    st.text("0123456789.+-eExXpPinfaN,#", max_size=12),
)


@pytest.mark.skipif(C is None, reason="asks the C library")
@FEW
@given(NUMBER)
def test_numbers_are_those_of_the_c_library(text: str) -> None:
    assume("nan" not in text.lower())
    C.strtod.restype, C.strtol.restype = ctypes.c_double, ctypes.c_long

    assert real(text, strict=False) == C.strtod(text.encode(), None)
    whole = C.strtol(text.encode(), None, 10)
    if abs(whole) < 2**31:
        assert integer(text, strict=False) == whole


# Lists and names


@FEW
@given(st.lists(st.binary().map(lambda word: b"x" + word.translate(None, b"\n\r\0"))))
def test_names_keep_their_bytes(names: list[bytes]) -> None:
    found = read_names(file_of(b"".join(name + b"\n" for name in names) + b"\n \n"))

    assert list(map(bytes_of, found)) == names


@FEW
@given(st.lists(st.text("abc/.-_", min_size=1).map(lambda word: f"/nowhere/{word}.jpg")))
def test_a_list_is_read_as_it_was_written(paths: list[str]) -> None:
    assert read_list(file_of("".join(f"{path}\n" for path in paths).encode())) == paths


@FEW
@given(LINE, st.sampled_from(["utf-8-sig", "utf-16", "utf-32", "utf-16-be", "utf-32-le"]))
def test_any_marked_encoding_is_decoded(line: str, encoding: str) -> None:
    mark = "" if encoding in ("utf-8-sig", "utf-16", "utf-32") else "\ufeff"

    assert decode((mark + line).encode(encoding)) == line


# Labels


@FEW
@given(st.lists(BOX))
def test_labels_are_read_as_they_were_written(rows: list[tuple[float, ...]]) -> None:
    text = "".join(" ".join(map(repr, row)) + "\n" for row in rows)

    found = read_labels(str(file_of(text.encode())), LabelRules(FORK, 3))

    assert found.classes.tolist() == [row[0] for row in rows]
    assert found.boxes.tolist() == [list(row[1:]) for row in rows]
    assert found.problems == ()


@FEW
@given(st.lists(st.one_of(BOX, st.lists(WORD, min_size=1, max_size=4))))
def test_each_line_of_labels_is_a_box_or_a_problem_with_its_number(rows: list[Sequence]) -> None:
    path = str(file_of("".join(" ".join(map(str, row)) + "\n" for row in rows).encode()))

    found = read_labels(path, LabelRules(FORK, 3))

    wrong = [number for number, row in enumerate(rows, start=1) if isinstance(row, list)]
    assert len(found.boxes) == len(rows) - len(wrong)
    places = [problem.text.split(": ")[0] for problem in found.problems]
    assert places == [f"{path}:{number}" for number in wrong]


# Annotations


@FEW
@given(WORD, st.tuples(*[st.integers(0, 900)] * 4))
def test_an_object_of_voc_is_read_as_it_was_written(name: str, box: tuple[int, ...]) -> None:
    root = ElementTree.Element("annotation")
    thing = ElementTree.SubElement(root, "object")
    ElementTree.SubElement(thing, "name").text = name
    sides = ElementTree.SubElement(thing, "bndbox")
    for side, value in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True):
        ElementTree.SubElement(sides, side).text = str(value)

    [found] = VocFile.read(file_of(ElementTree.tostring(root, "utf-8")), shift=0).instances

    assert (found.name, found.box) == (name, box)


@FEW
@given(WORD, st.tuples(*[st.integers(0, 900)] * 4), st.booleans())
def test_an_object_of_coco_is_read_as_it_was_written(
    name: str, box: tuple[int, ...], crowd: bool
) -> None:
    annotation = {"id": 1, "image_id": 2, "category_id": 3, "bbox": box, "iscrowd": int(crowd)}
    lists = {"images": [], "annotations": [annotation], "categories": [{"id": 3, "name": name}]}
    content = CocoFile.read(file_of(json.dumps(lists).encode()))

    [found] = content.instances(content.by_image()["2"])

    left, top, width, height = box
    assert (found.name, found.kind) == (name, "crowd" if crowd else "")
    assert found.box == (left, top, left + width, top + height)


@FEW
@given(st.tuples(*[st.floats(0, 64)] * 4))
def test_a_converted_box_is_the_box_in_pixels_again(box: tuple[float, ...]) -> None:
    left, right = sorted(box[:2])
    top, bottom = sorted(box[2:])
    assume(right - left > 0.01 and bottom - top > 0.01)
    image = AnnotatedImage("a.png", 64, 64, (Instance("a", (left, top, right, bottom), "x"),))

    [line] = lines_of(image, Source(names=["a"]), Written())

    x, y, w, h = (64 * float(word) for word in line.split()[1:])
    expected = (left, top, right, bottom)
    assert (x - w / 2, y - h / 2, x + w / 2, y + h / 2) == pytest.approx(expected, abs=1e-6)


@FEW
@given(st.integers(1, 6), st.integers(1, 6), st.data())
def test_a_mask_has_the_bounds_of_its_pixels(height: int, width: int, data: st.DataObject) -> None:
    bits = data.draw(st.lists(st.booleans(), min_size=height * width, max_size=height * width))
    mask = np.array(bits).reshape(width, height)  # by columns
    changes = np.flatnonzero(np.diff(np.array([False, *bits]))) if bits else []
    counts = np.diff([0, *changes, len(bits)]).tolist()

    found = bounds_of_mask([height, width], counts)

    columns, rows = np.nonzero(mask)
    if len(rows):
        edges = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        assert found == (
            edges if not spans_columns(bits, height) else (edges[0], 0, edges[2], height)
        )
    else:
        assert all(map(math.isnan, found))


def spans_columns(bits: list[bool], height: int) -> bool:
    """Return whether a run goes on in the next column, which cocoapi takes for a whole one."""
    return any(bits[at - 1] and bits[at] for at in range(height, len(bits), height))


# States and logs

KINDS = [torch.float64, torch.float32, torch.int64, torch.uint8]
SHAPES = st.lists(st.integers(0, 3), max_size=3)
RUN = {"dialect": "a", "images": 1, "train": "", "net": {}, "layers": [], "weights": ""}
NUMBERS = {"batch": 1, "average": 0.5, "boxes": [0, 0], "seed": 1, "scale": 1.0}


@FEW
@given(st.dictionaries(WORD, st.tuples(st.sampled_from(KINDS), SHAPES), max_size=3), st.text())
def test_a_state_is_read_as_it_was_written_and_refused_with_any_byte_changed(
    kinds: dict[str, tuple[torch.dtype, list[int]]], word: str
) -> None:
    tensors = {
        name: torch.arange(math.prod(shape)).view(shape).to(kind)
        for name, (kind, shape) in kinds.items()
    }
    state = State({**RUN, "net": {word: word}}, NUMBERS, tensors, word)
    whole = with_checksum(b"".join(blocks_of(state)))

    found = parse_state(whole)

    assert (found.run, found.numbers, found.weights) == (state.run, NUMBERS, word)
    assert found.tensors.keys() == tensors.keys()
    assert all(torch.equal(found.tensors[name], tensors[name]) for name in tensors)
    place = sum(map(ord, word)) % (len(whole) - len(MAGIC)) + len(MAGIC)
    with pytest.raises(DataError, match="checksum"):
        parse_state(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])


def with_checksum(blocks: bytes) -> bytes:
    """Return a state with the SHA-256 that ends it."""
    return blocks + hashlib.sha256(blocks).digest()


@FEW
@given(st.dictionaries(st.integers(0, 10**6), st.floats(0, 1e6)))
def test_a_log_has_the_losses_that_were_printed(losses: dict[int, float]) -> None:
    lines = {
        "avg": [f"{n}: {x!r}, {x!r} avg, 0.001 rate, 1 seconds" for n, x in losses.items()],
        "loss": [f" {n}: {x!r}, {x!r} avg loss, 0.001 rate, 1 s" for n, x in losses.items()],
        "live": [f" {n}: loss={x!r}, avg loss={x!r}, rate=0.001" for n, x in losses.items()],
    }

    for kind, text in lines.items():
        assert read_log("\n".join(text), kind).loss == losses
