"""A classifier's samples are the C programs': turned images, truths by label, and mixtures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import HERE

from pydarknet.dataset.class_labels import Classes, Family
from pydarknet.dataset.classifier_augment import ClassifierAugment, RandomValues, rotate_crop
from pydarknet.dataset.classifier_samples import (
    CUTMIX,
    EITHER,
    MIXUP,
    MOSAIC,
    ClassifierSamples,
    blur_image,
    corners,
    draw_patch,
    mix,
    paste,
    stretch,
)
from pydarknet.dataset.hsv import Colour, Colours
from pydarknet.dataset.image_list import ImageList
from pydarknet.dataset.sample import Request, planes
from pydarknet.image.files import load_image, save_image

FAMILY = Family((-1, -1, 0, 0, 0, 1, 1), (2, 3, 2))  # animal thing | cat dog bird | car ship
NEVER = ClassifierAugment(8, 8, False, True, 0, 1, False, Colours())


def recorded(fork: str) -> list[str]:
    """Return the recorded samples of a program."""
    return sorted(f.stem for f in (HERE / "reference" / f"data_classifier_{fork}").glob("*.npz"))


def case(fork: str, name: str) -> tuple[Path, dict[str, Any], Any]:
    """Return folder, parameters and arrays of a recorded sample."""
    folder = HERE / "reference" / f"data_classifier_{fork}"
    arrays = np.load(folder / f"{name}.npz")
    return folder, json.loads(str(arrays["params"])), arrays


def square(path: Path, drawn: dict[str, Any], side: int, *, inside: bool) -> np.ndarray:
    """Return the square that a recorded transform makes of an image."""
    image = load_image(path)
    augment = ClassifierAugment(0, 0, False, inside, 0, 1, True, Colours())
    random_values = RandomValues(
        drawn["aspect"],
        drawn["side"],
        drawn["angle"],
        drawn["place"],
        bool(drawn["flip"]),
        Colour(*drawn["colour"]),
    )
    transform = augment.transform(random_values, (image.shape[1], image.shape[0]), side)
    return planes(rotate_crop(image, transform, side))


@pytest.mark.parametrize("name", recorded("pj"))
def test_samples_of_the_original_are_the_c_programs(name):
    folder, params, arrays = case("pj", name)
    family = FAMILY if params["tree"] else None

    image = square(folder / "cat_1.png", params["turns"][0], params["size"], inside=False)
    truth, problems = Classes(tuple(params["labels"]), family=family).truth("cat_1.png", 0)

    np.testing.assert_allclose(image, arrays["X"][0], rtol=0, atol=1e-5)
    np.testing.assert_array_equal(truth, arrays["y"])
    assert problems == ()


@pytest.mark.parametrize("name", recorded("ab"))
def test_samples_of_the_fork_are_the_c_programs(name):
    folder, params, arrays = case("ab", name)
    w, h, cut = params["w"], params["h"], params["mix"]
    classes = Classes(tuple(params["labels"]), params["eps"])
    examples = [
        (
            stretch(square(folder / path, transform, max(w, h), inside=True), w, h),
            classes.truth(path, 0)[0],
        )
        for path, transform in zip(params["paths"], params["turns"], strict=True)
    ]
    mixes = {
        0: lambda: examples[0],
        MIXUP: lambda: mix(examples, MIXUP, np.random.default_rng(1)),
        CUTMIX: lambda: paste(*examples, (slice(cut[1], cut[3]), slice(cut[0], cut[2]))),
        MOSAIC: lambda: corners(examples, tuple(cut)),
    }

    image, truth = mixes[params["mixup"]]()

    np.testing.assert_allclose(image, arrays["X"], rtol=0, atol=1e-5)
    np.testing.assert_allclose(truth, arrays["y"], rtol=0, atol=1e-7)


# What is drawn


# Truth


# Mixtures


def example(value: float, *truth: float) -> tuple[np.ndarray, np.ndarray]:
    """Return an image of one value, and its truth."""
    return np.full((3, 10, 10), value, np.float32), np.array(truth, np.float32)


def test_mixup_is_the_mean_of_two():
    image, truth = mix([example(0, 1, 0), example(1, 0, 1)], MIXUP, np.random.default_rng(1))

    assert (image == 0.5).all()
    assert truth.tolist() == [0.5, 0.5]


def test_cutmix_counts_truths_by_their_area():
    place = slice(2, 7), slice(0, 4)  # 5 rows of 4 columns are a fifth

    image, truth = paste(example(0, 1, 0), example(1, 0, 1), place)

    assert image[0].sum() == 20
    assert (image[:, 2:7, 0:4] == 1).all()
    assert truth == pytest.approx([0.8, 0.2])


def test_what_is_pasted_has_3_to_8_tenths_of_each_side_and_ends_before_the_edge():
    drawn = [draw_patch((3, 20, 10), np.random.default_rng(seed)) for seed in range(300)]
    rows, columns = zip(*drawn, strict=True)

    assert {part.stop - part.start for part in rows} == set(range(6, 17))
    assert {part.stop - part.start for part in columns} == set(range(3, 9))
    assert max(part.stop for part in rows) == 19
    assert min(part.start for part in columns) == 0


def test_a_mosaic_counts_truths_by_their_area():
    examples = [example(i, *np.eye(4)[i]) for i in range(4)]

    image, truth = corners(examples, (4, 5))

    assert [image[0, y, x] for y, x in ((4, 3), (4, 4), (5, 3), (5, 4))] == [0, 1, 2, 3]
    assert truth == pytest.approx([0.2, 0.3, 0.2, 0.3])


def test_blur_has_a_kernel_of_a_side_and_works_in_bytes():
    image = np.zeros((1, 1, 9), np.float32)
    image[0, 0, 4] = 0.999  # 254.7 is cut to 254

    found = blur_image(image, 3) * 255

    np.testing.assert_allclose(found[0, 0], [0, 0, 0, 64, 127, 64, 0, 0, 0], atol=1e-4)


# Whole samples


@pytest.fixture
def samples(tmp_path):
    """Make samples of eight images of one value each, 10 to 80."""
    for value in range(10, 90, 10):
        save_image(np.full((8, 8, 3), value, np.uint8), tmp_path / f"{value}_.png")
    paths = tuple(str(path) for path in sorted(tmp_path.glob("*.png")))

    def make(**options: Any) -> ClassifierSamples:
        labels = Classes(tuple(f"/{value}_" for value in range(10, 90, 10)))
        return ClassifierSamples(ImageList(paths, 3), labels, NEVER, **options)

    return make


def test_a_sample_is_an_image_with_its_truth(samples):
    sample = samples().sample(Request(1, 1, 0, (8, 8)))

    value = int(Path(sample.path).name.split("_")[0])
    np.testing.assert_allclose(sample.image, np.full((3, 8, 8), value / 255), rtol=1e-6)
    assert sample.truth.tolist() == np.eye(8)[value // 10 - 1].tolist()


@pytest.mark.parametrize("mixing", [MIXUP, CUTMIX, MOSAIC, EITHER])
def test_half_of_the_samples_are_mixed(samples, mixing):
    made = [samples(mixing=mixing).sample(Request(1, 1, i, (8, 8))) for i in range(200)]

    pure = sum((sample.truth == 1).any() for sample in made)
    assert 72 < pure < 160  # 100, and some mix an image with itself


def test_pairs_show_one_image(samples):
    made = [samples(paired=True).sample(Request(1, 1, i, (8, 8))).path for i in range(16)]

    assert made[0::2] == made[1::2]
    assert len(set(made)) > 2


def test_a_quarter_of_the_samples_is_blurred(samples, monkeypatch):
    monkeypatch.setattr(
        "pydarknet.dataset.classifier_samples.blur_image", lambda image, side: image * 0
    )

    made = [samples(blur=3).sample(Request(1, 1, i, (8, 8))) for i in range(200)]

    assert 25 < sum(not sample.image.any() for sample in made) < 75  # 50, 4 deviations of 6


def test_an_input_that_is_no_square_is_stretched_from_one(samples):
    sample = samples(longer=True).sample(Request(1, 1, 0, (8, 6)))

    assert sample.image.shape == (3, 6, 8)
