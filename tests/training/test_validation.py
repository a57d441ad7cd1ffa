"""When the mean average precision of the validation images is due, and what is said of it."""

import pytest

from pydarknet.training.validation import MapValidation


@pytest.fixture
def validation(net):
    """Return evaluations of a training on n images, 64 per iteration."""

    def make(listed: int, burn_in: int = 0) -> MapValidation:
        options = f"batch=64\nsubdivisions=64\nmax_batches=1000\nburn_in={burn_in}"
        return MapValidation(net("[softmax]", dialect="alexeyab", options=options), [], listed)

    return make


@pytest.mark.parametrize(
    ("listed", "burn_in", "due"),
    [
        (3200, 0, 200),  # four times 3200 / 64
        (64, 0, 100),  # never sooner
        (3200, 500, 500),
    ],
)
def test_it_is_due_after_four_epochs_and_the_burn_in(validation, listed, burn_in, due):
    made = validation(listed, burn_in)

    assert [made.due(due - 1), made.due(due)] == [False, True]


def test_the_next_is_due_as_long_after_the_last(validation):
    made = validation(3200)
    made.at = 300

    assert made.next == 500


def test_it_is_due_at_the_end(validation):
    assert validation(10**6).due(1000)


def test_before_the_first_the_next_is_told(validation):
    assert validation(3200).next_text() == "\n (next mAP calculation at 200 iterations) "


def test_then_the_last_and_the_best_are_told(validation):
    made = validation(3200)
    made.last, made.best = 0.25, 0.5

    assert made.next_text().endswith("\n Last accuracy mAP@0.50 = 25.00 %, best = 50.00 % ")


def test_the_best_is_remembered(validation):
    made, better = validation(3200), []

    for made.last in (0.5, 0.25, 0.5):
        better.append(made.is_best())

    assert better == [True, False, True]
    assert made.best == 0.5
