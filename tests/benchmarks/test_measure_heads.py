"""What heads cost: medians of the rounds, and ratios to the peer's in the same round."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from conftest import BENCHMARKS


@pytest.fixture
def measure(monkeypatch: pytest.MonkeyPatch):
    """Return the script as a module."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import measure_heads

    return measure_heads


def test_a_ratio_is_of_the_same_round_and_the_median_counts(measure):
    peer = measure.Contender("anchor", None, {"iteration": [1, 2, 4], "picture": [0.5] * 3})
    other = measure.Contender("ssd", None, {"iteration": [2, 3, 12], "picture": [0.25] * 3})
    other.boxes = 2.25

    rows = measure.rows_of([peer, other])

    assert [row["iteration"] for row in rows] == [1, 2]  # of 2, 1.5 and 3
    assert [row["iteration_ms"] for row in rows] == [2000, 3000]
    assert (
        measure.table(rows).splitlines()[-1] == "| ssd | 2.00 (3000.0 ms) | 0.50 (250.0 ms) | 2.2 |"
    )


def test_a_lesson_has_the_pictures_and_their_boxes(measure, tmp_path):
    import cv2
    import numpy as np

    cv2.imwrite(str(tmp_path / "a.png"), np.full((20, 40, 3), 255, np.uint8))
    (tmp_path / "a.txt").write_text("3 .5 .5 .25 .5\n")
    (tmp_path / "list.txt").write_text(f"{tmp_path}/a.png\n")
    data = tmp_path / "my.data"
    data.write_text(f"train={tmp_path}/list.txt\n")

    pictures, images, truth = measure.lesson(SimpleNamespace(data=data, batch=4, size="32x16"))

    assert [one.shape for one in pictures] == [(20, 40, 3)]
    assert images.shape == (1, 3, 16, 32)
    assert truth[0, 0, :5].tolist() == [0.5, 0.5, 0.25, 0.5, 3]
    assert truth[0, 1:].count_nonzero() == 0
