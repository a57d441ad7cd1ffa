"""An image's bytes as the numbers that a network reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pydarknet.dataset.labels import labels_of
from pydarknet.dataset.sample import planes
from pydarknet.image.files import save_image


@pytest.fixture(autouse=True)
def _forget():
    labels_of.cache_clear()


@pytest.fixture
def image(tmp_path: Path) -> str:
    """Return the path of a white image of 64 x 32 with a box of class 3."""
    save_image(np.full((32, 64, 3), 255, np.uint8), tmp_path / "a.png")
    (tmp_path / "a.txt").write_text("3 0.5 0.5 0.25 0.5\n")
    return str(tmp_path / "a.png")


def test_bytes_become_shares_as_the_c_divides():
    image = np.arange(256, dtype=np.uint8).reshape(1, 256, 1).repeat(3, 2)

    found = planes(image)

    assert found.shape == (3, 1, 256)
    np.testing.assert_array_equal(found[2, 0], np.float32(np.arange(256) / 255.0))
