"""The set of digits: what an image depends on, where digits lie, and which files are written."""

from __future__ import annotations

import os
import sys

import cv2
import numpy as np
import pytest
from conftest import HERE

from pydarknet.cfg.parser import read_cfg
from pydarknet.dataset.files import DataFile, label_path
from pydarknet.graph.choose_dialect import choose_dialect
from pydarknet.layers import detection_heads
from pydarknet.load import read_network

CFG = HERE.parent / "cfg"
SKLEARN = """import numpy as np
def load_digits():
    rng = np.random.default_rng(0)
    images = np.zeros((1797, 8, 8))
    images[:, 1:7, 3:5] = rng.uniform(12, 16, (1797, 6, 2))
    return type("Found", (), {"images": images, "target": np.arange(1797) % 10})
"""


@pytest.fixture
def digits(module):
    """Import the script."""
    return module("make_digits")


@pytest.fixture
def samples(digits):
    """Return ten samples, each an upright bar."""
    images = np.zeros((10, 8, 8), np.float32)
    images[:, 1:7, 3:5] = 1
    return digits.Samples(images, np.arange(10))


@pytest.fixture
def made(script, tmp_path):
    """Return a function that runs the script, with bars instead of scikit-learn's digits."""
    package = tmp_path / "packages" / "sklearn"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "datasets.py").write_text(SKLEARN)

    def run(*words: str):
        return script(
            "make_digits.py", *words, env={**os.environ, "PYTHONPATH": f"{package.parent}"}
        )

    return run


def test_an_image_is_decided_by_seed_part_and_number(digits, samples):
    first, placed = digits.image(samples, 0, "train", 7)
    again, placed_again = digits.image(samples, 0, "train", 7)

    np.testing.assert_array_equal(first, again)
    assert placed == placed_again


@pytest.mark.parametrize(
    ("seed", "part", "number"), [(1, "train", 7), (0, "test", 7), (0, "train", 8)]
)
def test_another_seed_part_or_number_makes_another_image(digits, samples, seed, part, number):
    _, placed = digits.image(samples, 0, "train", 7)
    _, others = digits.image(samples, seed, part, number)

    assert placed != others


@pytest.mark.parametrize("number", range(10))
def test_digits_lie_inside_apart_and_in_many_sizes(digits, samples, number):
    image, placed = digits.image(samples, 0, "train", number)

    height, width = image.shape[:2]
    pairs = [(a, b) for i, a in enumerate(placed) for b in placed[:i]]
    assert all(a.overlap(b) <= digits.OVERLAP for a, b in pairs)
    assert all(d.left >= 2 and d.left + d.width <= width - 1 for d in placed)
    assert all(d.top >= 2 and d.top + d.height <= height - 1 for d in placed)
    assert all(digits.SMALLEST <= d.height <= digits.LARGEST for d in placed)


def test_all_grounds_are_drawn(digits):
    rng = np.random.default_rng(0)

    grounds = [ground(rng, 64, 48) for ground in digits.GROUNDS]

    assert {ground.shape for ground in grounds} == {(48, 64, 3)}
    assert all(np.isfinite(ground).all() and np.ptp(ground) > 5 for ground in grounds)


@pytest.mark.parametrize("height", [18, 40, 92])
def test_ink_is_cut_to_its_edges(digits, samples, height):
    ink = digits.ink_of(samples.images[0], height, np.random.default_rng(0))

    assert ink.shape[0] == height
    assert min(ink[0].max(), ink[-1].max(), ink[:, 0].max(), ink[:, -1].max()) > 0.3
    assert ink.min() >= 0
    assert ink.max() == pytest.approx(1)


@pytest.mark.parametrize("grey", [0, 64, 128, 255])
def test_ink_stands_out_from_its_ground(digits, grey):
    ground = np.full((5, 5, 3), grey, np.float32)

    for seed in range(20):
        found = digits.ink_colour(np.random.default_rng(seed), ground)
        assert abs(found.mean() - grey) > digits.CONTRAST


def test_overlap_is_a_part_of_the_smaller(digits):
    large, small = digits.PlacedDigit(1, 0, 0, 10, 10), digits.PlacedDigit(2, 8, 5, 4, 5)

    assert large.overlap(small) == 0.5  # 2 x 5 of 4 x 5


def test_a_line_is_centre_and_size_of_the_image(digits):
    assert digits.PlacedDigit(3, 40, 30, 20, 60).line(200, 240) == "3 0.25 0.25 0.1 0.25\n"


def test_the_set_has_images_labels_and_lists(made, tmp_path):
    assert made("digits", "--train", "3", "--test", "2").returncode == 0

    images = [f"digits/JPEGImages/train_{i:05d}.jpg" for i in range(3)]
    assert (tmp_path / "digits/train.txt").read_text().split("\n") == [*images, ""]
    assert len((tmp_path / "digits/test.txt").read_text().split()) == 2
    for image in images:
        rows = np.loadtxt(tmp_path / label_path(image), ndmin=2)
        assert cv2.imread(str(tmp_path / image)).shape[0] == 240
        assert rows.shape[1] == 5
        assert set(rows[:, 0]) <= set(range(10))
        assert (rows[:, 1:] > 0).all()
        assert (rows[:, 1:] < 1).all()


def test_labels_lie_where_both_lineages_look():
    image = "digits/JPEGImages/train_00000.jpg"

    # src/data.c of the original: the first `JPEGImages` becomes `labels`, `.jpg` becomes `.txt`
    original = image.replace("JPEGImages", "labels", 1).replace(".jpg", ".txt", 1)
    assert label_path(image) == original == "digits/labels/train_00000.txt"


def test_more_images_leave_the_first_ones_as_they_are(made, tmp_path):
    made("few", "--train", "2", "--test", "0")
    made("more", "--train", "3", "--test", "0")

    for name in ("JPEGImages/train_00001.jpg", "labels/train_00001.txt"):
        assert (tmp_path / "few" / name).read_bytes() == (tmp_path / "more" / name).read_bytes()


def test_a_sample_picture_alone_needs_no_folder(made, tmp_path):
    assert made("--sample", "picture.png").returncode == 0

    assert cv2.imread(str(tmp_path / "picture.png")).shape[0] == 240


def test_a_folder_or_a_sample_must_be_named(made):
    done = made()

    assert done.returncode == 2
    assert "expected a folder for the set, or --sample FILE" in done.stderr


def test_no_test_digit_is_one_for_training(digits, monkeypatch):
    found = type("Found", (), {"images": np.arange(1797)[:, None, None], "target": np.arange(1797)})
    monkeypatch.setitem(sys.modules, "sklearn", type(sys)("sklearn"))
    monkeypatch.setitem(sys.modules, "sklearn.datasets", type(sys)("sklearn.datasets"))
    sys.modules["sklearn.datasets"].load_digits = lambda: found

    samples = digits.load_samples()

    assert samples["train"].digits.tolist() == list(range(1437))
    assert samples["test"].digits.tolist() == list(range(1437, 1797))
    assert samples["sample"] is samples["test"]


def test_without_scikit_learn_it_says_how_to_get_it(digits, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)

    with pytest.raises(SystemExit) as stopped:
        digits.load_samples()

    told = "make_digits.py: needs the digits of scikit-learn: pip install scikit-learn"
    assert str(stopped.value) == told


# The network


def test_the_network_is_the_forks_for_no_digit_is_mirrored():
    chosen = choose_dialect(read_cfg(CFG / "digits.cfg"))

    assert chosen.dialect.name == "alexeyab"
    assert chosen.reason.endswith("flip=0")


@pytest.mark.parametrize("dialect", ["pjreddie", "alexeyab"])
def test_the_network_is_small_and_its_heads_are_of_ten_classes(dialect):
    network = read_network(CFG / "digits.cfg", dialect=dialect)

    assert sum(parameter.numel() for parameter in network.parameters()) < 250_000
    heads = detection_heads(network.layers)
    assert [head.classes for head in heads] == [10, 10]


def test_the_data_file_names_the_set_and_ten_names():
    data = DataFile.read(CFG / "digits.data")

    assert data.find("train") == "digits/train.txt"
    assert data.find("valid") == "digits/test.txt"
    names = (HERE.parent / data.find("names")).read_text().split()
    assert names == list("0123456789")


def test_the_sample_picture_is_small():
    file = HERE.parent / "data" / "digits.png"

    assert file.stat().st_size < 150_000
    assert cv2.imread(str(file)).shape[0] == 240
