"""The functions in docs/QUIRKS.md name their quirk, and its tests exist; some stand here."""

from __future__ import annotations

import importlib
import re
from typing import Any

import pytest
import torch
from conftest import HERE

from pydarknet.boxes.settings import Decoding
from pydarknet.dataset.files import label_path
from pydarknet.layers.region import mapped_scores

ROW = re.compile(r"^\| ([A-Z0-9_]+) \| (.+) \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)
ROWS = ROW.findall((HERE.parent / "docs" / "QUIRKS.md").read_text())
FUNCTIONS = [
    (name, ours) for name, _, _, listed, _ in ROWS for ours in re.findall(r"`(.+?)`", listed)
]
TESTS = [(name, test) for name, _, _, _, test in ROWS]


def object_at(path: str) -> Any:
    """Return the function, method or class of a path below the package."""
    names = path.split(".")
    depth = next(n for n in range(len(names), 0, -1) if is_module(names[:n]))
    thing = importlib.import_module(".".join(["pydarknet", *names[:depth]]))
    for name in names[depth:]:
        thing = getattr(thing, name)
    return thing


def is_module(names: list[str]) -> bool:
    """Return whether names form the path of a module of the package."""
    path = HERE.parent.joinpath("pydarknet", *names)
    return path.with_suffix(".py").is_file() or path.is_dir()


def test_our_functions_say_that_they_have_the_quirk():
    silent = [
        (name, ours)
        for name, ours in FUNCTIONS
        if not re.search(rf"^\s*Quirk: {name}$", object_at(ours).__doc__, re.MULTILINE)
    ]

    assert silent == []


def test_their_tests_exist():
    lost = []
    for name, test in TESTS:
        found = re.fullmatch(r"`(tests/\S+\.py)` `(test_\w+)(?:\[.+\])?`", test)
        assert found, (name, test)
        if f"\ndef {found[2]}(" not in (HERE.parent / found[1]).read_text():
            lost.append((name, test))

    assert lost == []


def test_quirks_are_in_the_table_once():
    names = [name for name, *_ in ROWS]

    assert len(names) == len(set(names)) > 40


# Quirks that no other test shows


@pytest.mark.parametrize(("length", "last"), [(300, 199), (200, 199), (3, 2)])
def test_a_map_is_read_to_its_200th_class(length, last):
    decoding = Decoding(thresh=0.5, map=tuple(range(length)))

    [scores] = mapped_scores(torch.ones(1), torch.full((1, 300), 0.9), decoding)

    assert scores.nonzero().flatten().tolist() == list(range(last + 1))


@pytest.mark.parametrize(
    ("image", "label"),
    [
        ("data/images/dog.jpg", "data/images/dog.txt"),  # the original: data/labels/dog.txt
        ("coco/images/train2017/dog.jpg", "coco/labels/train2017/dog.txt"),
        ("VOC2007/JPEGImages/dog.png", "VOC2007/labels/dog.txt"),
    ],
)
def test_labels_are_written_beside_the_image_or_in_the_labels_folder_of_a_dataset(image, label):
    assert label_path(image) == label
