"""Frames are counted as the C counts them."""

from __future__ import annotations

import pytest

from pydarknet.video.rate import Rate


def test_the_time_a_frame_takes_moves_by_a_tenth_and_the_average_is_of_three_seconds():
    times = iter([0.0, 0.1, 0.3, 3.3, 3.4])
    rate = Rate(lambda: next(times))

    seen = [(rate.present, rate.average)]
    for _ in range(4):
        rate.count()
        seen.append((rate.present, rate.average))

    assert seen == [
        (0, 0),
        (pytest.approx(10), 0),
        (pytest.approx(1 / 0.11), 0),  # 0.9 * 0.1 + 0.1 * 0.2
        (pytest.approx(1 / 0.399), pytest.approx(3 / 3.3)),  # 0.9 * 0.11 + 0.1 * 3
        (pytest.approx(1 / 0.3691), pytest.approx(3 / 3.3)),  # the next window is not over
    ]


def test_frames_that_are_done_together_share_the_time():
    apart, together = iter([0.0, 0.25, 0.5, 0.75, 1.0]), iter([0.0, 1.0])
    one, four = Rate(lambda: next(apart)), Rate(lambda: next(together))

    for _ in range(4):
        one.count()
    four.count(4)

    assert four.present == pytest.approx(one.present) == pytest.approx(4)


def test_frames_at_once_do_not_make_the_rate_endless():
    times = iter([0.0, 0.2, 0.2, 0.4, 0.4, 0.6, 0.6])
    rate = Rate(lambda: next(times))

    for _ in range(6):
        rate.count()

    assert 5 < rate.present < 10


def test_given_seconds_count():
    times = iter([0.0, 1.0, 2.0])
    rate = Rate(lambda: next(times))

    rate.count(1, 0.1)
    assert rate.present == pytest.approx(10)
    rate.count(1, 0.2)
    assert rate.present == pytest.approx(1 / 0.11)  # 0.9 * 0.1 + 0.1 * 0.2
