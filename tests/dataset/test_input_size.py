"""The size of the input changes with the batch as the C programs change it."""

from __future__ import annotations

import pytest

from pydarknet.dataset.input_size import Scales, input_size, largest

YOLO = "[convolutional]\nfilters=18\n[yolo]\nnum=1\nclasses=13\nmask=0\nrandom={}\n"
V1 = "[connected]\noutput=15\n[detection]\nside=1\nclasses=5\nnum=2\ncoords=4\nrandom=1\n"
SOFTMAX = "[connected]\noutput=4\n[softmax]\n"


@pytest.fixture
def sizes(net):
    """Return the sizes of a network of 416 x 416 for 10000 batches."""

    def make(text: str, seed: int = 1, *, options: str = "max_batches=10000", w: int = 416, **more):
        return input_size(net(text, options=options, w=w, h=416, **more), seed)

    return make


@pytest.mark.parametrize("dialect", ["pjreddie", "alexeyab"])
def test_without_random_every_batch_has_the_cfgs_size(sizes, dialect):
    found = sizes(YOLO.format(0), w=320, dialect=dialect)

    assert {found(number) for number in (1, 5, 11, 9999)} == {(320, 416)}
    assert found.largest == (320, 416)


# The original


def test_the_original_draws_squares_of_320_to_608(sizes):
    found = sizes(YOLO.format(1), w=320)

    drawn = {found(number) for number in range(1, 9000, 10)}

    assert drawn == {(side, side) for side in range(320, 609, 32)}
    assert found.largest == (608, 608)


@pytest.mark.parametrize(("dialect", "block"), [("pjreddie", 10), ("alexeyab", 10)])
def test_a_size_lasts_ten_batches(sizes, dialect, block):
    found = sizes(YOLO.format(1), dialect=dialect)

    drawn = [found(number) for number in range(1, 2001)]

    runs = [drawn[i : i + block] for i in range(0, 2000, block)]
    assert all(len(set(run)) == 1 for run in runs)
    assert len(set(drawn)) > 5


def test_the_originals_last_200_batches_are_the_largest(sizes):
    found = sizes(YOLO.format(1))

    # 9800 + 200 is not above 10000, 9810 + 200 is
    assert {found(number) for number in range(9811, 10001)} == {(608, 608)}
    assert len({sizes(YOLO.format(1), seed)(9810) for seed in range(20)}) > 1


# The fork


def test_the_fork_begins_and_ends_with_the_largest(sizes):
    found = sizes(YOLO.format(1), dialect="alexeyab")

    # 416 * 1.4 / 32 + 1 = 19.2: 19 steps of 32
    assert found.largest == (608, 608)
    assert {found(number) for number in range(1, 11)} == {(608, 608)}
    assert {found(number) for number in range(9911, 10001)} == {(608, 608)}
    assert len({sizes(YOLO.format(1), s, dialect="alexeyab")(9910) for s in range(20)}) > 1


def test_the_fork_draws_320_to_416_and_448_to_608(sizes):
    found = sizes(YOLO.format(1), dialect="alexeyab")

    drawn = {found(number)[0] for number in range(11, 9000, 10)}

    assert drawn == set(range(320, 609, 32))


@pytest.mark.parametrize(
    ("factor", "size"),
    [
        (1.0, (448, 224)),  # 13 + 1, 6.5 rounded up
        (1.4, (608, 288)),  # 18.2 + 1 = 19.2 and 8.4 + 1 = 9.4
        (0.99, (416, 192)),  # 12.87 + 1 = 13.87 is 14, above 13: both revert
        (0.9, (416, 192)),  # 11.7 + 1 = 12.7 is 13; 5.4 + 1 = 6.4 is 6
        (0.72, (320, 160)),  # 9.36 + 1 = 10.36; 4.32 + 1 = 5.32
    ],
)
def test_a_factor_below_1_never_enlarges_a_side(factor, size):
    assert Scales(1, (416, 192), 1.4, 32, 0).size_at(factor) == size


def test_a_half_step_is_rounded_up_and_no_side_is_less_than_a_step():
    scales = Scales(1, (48, 16), 1.4, 32, 0)

    assert scales.size_at(1.0) == (96, 64)  # 1.5 + 1 = 2.5 is 3; 0.5 + 1 = 1.5 is 2
    assert Scales(1, (64, 64), 4, 64, 0).size_at(0.3) == (64, 64)


def test_random_may_be_the_fork_s_factor_and_the_step_an_option(sizes):
    found = sizes(YOLO.format(1.2), dialect="alexeyab", options="max_batches=10000\nresize_step=16")

    # 416 * 1.2 / 16 + 1 = 32.2
    assert found.largest == (512, 512)
    assert all(found(number)[0] % 16 == 0 for number in range(11, 900, 10))


# Both


@pytest.mark.parametrize("dialect", ["pjreddie", "alexeyab"])
def test_sizes_depend_on_the_seed_and_the_batch_alone(sizes, dialect):
    one, two, other = (sizes(YOLO.format(1), seed, dialect=dialect) for seed in (1, 1, 2))

    drawn = [[found(number) for number in range(991, 11, -10)] for found in (one, two, other)]

    assert drawn[0] == drawn[1] != drawn[2]


@pytest.mark.parametrize("dialect", ["pjreddie", "alexeyab"])
def test_yolov1_has_one_size(sizes, dialect):
    assert sizes(V1, dialect=dialect)(11) == (416, 416)


def test_a_classifier_of_the_original_draws_squares_of_128_to_448_every_40_batches(sizes):
    found = sizes(SOFTMAX, options="max_batches=10000\nrandom=1")

    drawn = [found(number) for number in range(1, 8001)]

    assert set(drawn) == {(side, side) for side in range(128, 449, 32)}
    assert all(len(set(drawn[i : i + 40])) == 1 for i in range(0, 8000, 40))
    assert found.largest == (448, 448)


def test_the_largest_size_is_known_beforehand(net):
    network = net(YOLO.format(1), w=416, h=416, options="max_batches=10000")

    assert largest(network) == (608, 608)
