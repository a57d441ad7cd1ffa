"""Frames are counted as the C counts them."""

from __future__ import annotations

import pytest

from pydarknet.video.rate import Rate


def test_the_present_rate_moves_by_a_tenth_a_frame_and_the_average_is_of_three_seconds():
    times = iter([0.0, 0.1, 0.2, 3.2, 3.3])
    rate = Rate(lambda: next(times))

    seen = []
    for _ in range(4):
        rate.count()
        seen.append((round(rate.present, 4), round(rate.average, 4)))

    assert seen == [
        (1.0, 0.0),  # 0.1 * 10
        (1.9, 0.0),  # 0.9 * 1 + 0.1 * 10
        (1.7433, 0.9375),  # 0.9 * 1.9 + 0.1 / 3; 3 frames in 3.2 seconds
        (2.569, 0.9375),  # the next window is not over
    ]
    assert rate.total == 4


def test_frames_that_are_done_together_share_the_time():
    apart, together = iter([0.0, 0.25, 0.5, 0.75, 1.0]), iter([0.0, 1.0])
    one, four = Rate(lambda: next(apart)), Rate(lambda: next(together))

    for _ in range(4):
        one.count()
    four.count(4)

    assert four.present == pytest.approx(one.present)


def test_given_seconds_count_from_the_first_frame_on():
    times = iter([0.0, 1.0, 2.0])
    rate = Rate(lambda: next(times))

    rate.count(1, 0.1)
    assert rate.present == pytest.approx(10)
    rate.count(1, 0.05)
    assert rate.present == pytest.approx(11)  # 0.9 * 10 + 0.1 * 20
