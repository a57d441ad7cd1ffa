"""What a network's sections say about training images is what is made of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import both_lineages

from pydarknet.dataset.build import detector_samples
from pydarknet.dataset.labels import labels_of
from pydarknet.dataset.sample import Request
from pydarknet.image.files import save_image

YOLO = "[convolutional]\nfilters=24\n[yolo]\nnum=1\nclasses=19\nmask=0\njitter=.3\n"
REGION = "[convolutional]\nfilters=12\n[region]\nnum=2\ncoords=4\nclasses=1\njitter=.3\n"
V1 = "[connected]\noutput=15\n[detection]\nside=1\nclasses=5\nnum=2\ncoords=4\njitter=.1\n"
WHOLE = Request(1, 1, 0, (32, 32))


@pytest.fixture(autouse=True)
def _forget():
    labels_of.cache_clear()


@pytest.fixture
def image(tmp_path: Path) -> str:
    """Return the path of a white image of 64 x 32 with a box of class 3."""
    save_image(np.full((32, 64, 3), 255, np.uint8), tmp_path / "a.png")
    (tmp_path / "a.txt").write_text("3 0.5 0.5 0.25 0.5\n")
    return str(tmp_path / "a.png")


# What the sections say


# Samples


def test_a_sample_of_the_original_is_the_image_on_grey_with_its_box(net, image):
    network = net(YOLO.replace(".3", "0"), w=32, h=32)

    sample = detector_samples(network, [image]).sample(WHOLE)

    # 64 x 32 is 32 x 16 in 32 x 32: 256 white pixels less what fades, the others grey
    assert sample.image.shape == (3, 32, 32)
    assert (sample.image == 0.5).sum() >= 3 * 16 * 32
    assert sample.truth[0, 2:].tolist() == pytest.approx([0.25, 0.25, 3])
    assert not sample.truth[1:].any()
    assert (sample.path, sample.problems) == (image, ())


def test_a_sample_of_the_fork_is_the_image_stretched_with_its_box(net, image):
    network = net(YOLO.replace(".3", "0"), w=32, h=32, dialect="alexeyab")

    sample = detector_samples(network, [image]).sample(WHOLE)

    assert (sample.image == 1).all()
    assert sample.truth[0, :5].tolist() == [0.5, 0.5, 0.25, 0.5, 3]


@both_lineages
@pytest.mark.parametrize("head", [YOLO, V1])
def test_a_grey_network_gets_grey_images(net, image, head, dialect):
    options = "hue=.1\nsaturation=1.5\nexposure=1.5"

    samples = detector_samples(net(head, c=1, options=options, dialect=dialect), [image])

    assert samples.sample(WHOLE).image.shape == (1, 32, 32)


def test_bad_labels_come_with_their_sample(net, image):
    Path(image).with_suffix(".txt").write_text("99 .5 .5 .1 .1\n")

    sample = detector_samples(net(YOLO), [image]).sample(WHOLE)

    assert [problem.text for problem in sample.problems] == [
        f"{Path(image).with_suffix('.txt')}:1: class 99: expected 0 to 18"
    ]


def test_labels_without_a_place_count_for_the_originals_trees_alone(net, image, tmp_path):
    (tmp_path / "one.tree").write_text("thing -1\n")
    head = f"{REGION}tree={tmp_path}/one.tree\n"
    Path(image).with_suffix(".txt").write_text("0 0 0 0 0\n")

    original = detector_samples(net(head), [image]).sample(WHOLE)
    labels_of.cache_clear()
    fork = detector_samples(net(head, dialect="alexeyab"), [image]).sample(WHOLE)

    assert original.truth[0].tolist() == [999999, 999999, 999999, 999999, 0]
    assert original.problems == ()
    assert not fork.truth.any()
    assert len(fork.problems) == 1


@both_lineages
def test_a_sample_is_made_of_seed_batch_index_and_size_alone(net, image, dialect):
    options = "hue=.1\nsaturation=1.5\nexposure=1.5\n"
    options += "mosaic=1\ngaussian_noise=9\nblur=3" if dialect == "alexeyab" else ""
    samples = detector_samples(net(YOLO, options=options, dialect=dialect), [image] * 5)

    first, again = (samples.sample(Request(7, 3, 5, (64, 32))) for _ in range(2))
    other = samples.sample(Request(7, 3, 6, (64, 32)))

    assert (first.image == again.image).all()
    assert (first.truth == again.truth).all()
    assert (first.image != other.image).any()


# Images that cannot be read


# Classifiers
