"""The set of toys: what a picture depends on, where its boxes are, which files are written."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from conftest import HERE

from pydarknet.cfg.parser import read_cfg
from pydarknet.dataset.files import read_names
from pydarknet.graph.choose_dialect import choose_dialect
from pydarknet.load import read_network


@pytest.fixture
def toys(module):
    """Import the script."""
    return module("make_toys")


def test_a_picture_is_decided_by_seed_and_number(toys):
    first, placed = toys.photograph(0, 3)
    second, same = toys.photograph(0, 3)

    assert (first == second).all()
    assert placed == same
    assert toys.photograph(0, 4)[1] != placed
    assert toys.photograph(1, 3)[1] != placed
    assert first.shape == (240, 320, 3)


def test_every_tenth_shows_nothing(toys):
    counts = [len(toys.photograph(0, number)[1]) for number in range(20)]

    assert [n for n, count in enumerate(counts) if count == 0] == [9, 19]
    assert max(counts) <= 4


@pytest.mark.parametrize(
    ("kind", "turn", "line"),
    [
        (0, 0.3, "0 0.5 0.5 0.225 0.3"),  # 2 * 0.9 * 40 of 320 and of 240
        (1, 0, "1 0.5 0.5 0.223607 0.149071"),  # twice 40 * 2 / sqrt(5) of 320, 40 / sqrt(5) of 240
        (1, np.pi / 2, "1 0.5 0.5 0.111803 0.298142"),
    ],
)
def test_a_box_is_that_of_the_outline(toys, kind, turn, line):
    found = toys.line_of(toys.Toy(kind, 160, 120, 40, turn)).split()

    assert found[0] == line[0]
    expected = [float(word) for word in line.split()[1:]]
    np.testing.assert_allclose([float(word) for word in found[1:]], expected, atol=2e-3)


def test_a_toy_is_drawn_inside_its_box(toys):
    toy = toys.Toy(2, 100, 80, 30, 0.2)

    rows, columns = np.nonzero(toys.mask_of(toys.outline(toy)) > 0.5)

    _, x, y, w, h = (float(word) for word in toys.line_of(toy).split())
    across, down = columns.min() + columns.max() + 1, rows.min() + rows.max() + 1
    np.testing.assert_allclose([across / 2, down / 2], [x * 320, y * 240], atol=1.5)
    np.testing.assert_allclose([np.ptp(columns), np.ptp(rows)], [w * 320, h * 240], atol=2.5)


def test_the_script_writes_pictures_labels_and_names(script, tmp_path):
    done = script("make_toys.py", "photos", "--images", "10")

    assert done.stdout == "photos: 10 images with labels, classes.txt\n"
    folder = tmp_path / "photos"
    assert read_names(folder / "classes.txt") == ["ball", "brick", "star"]
    assert (folder / "toy_009.txt").read_text() == ""
    assert (folder / "toy_000.txt").read_text() != ""
    assert len(list(folder.iterdir())) == 21
    assert cv2.imread(str(folder / "toy_000.jpg")).shape == (240, 320, 3)


def test_the_cfg_is_the_forks_and_has_a_head_for_three_classes():
    sections = read_cfg(HERE.parent / "cfg" / "toys.cfg")

    assert choose_dialect(sections).dialect.name == "alexeyab"
    network = read_network(HERE.parent / "cfg" / "toys.cfg", dialect="alexeyab")
    weights = 9 * (3 * 8 + 8 * 16 + 16 * 24 + 24 * 32 + 32 * 32) + 32 * 24
    assert sum(one.numel() for one in network.parameters() if one.dim() == 4) == weights
