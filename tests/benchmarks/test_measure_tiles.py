"""In tiles, the built-in model finds what it does not see in the whole of a large image."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from conftest import BENCHMARKS

import pydarknet
from pydarknet.network import Network


@pytest.fixture(autouse=True)
def _path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let benchmarks be imported."""
    monkeypatch.syspath_prepend(BENCHMARKS)


@pytest.fixture(scope="module")
def network() -> Network:
    """Return the built-in model."""
    return pydarknet.load_network("cfg/digits.cfg", "weights/digits.weights", device="cpu")


def test_digits_do_not_touch_and_lie_in_their_boxes() -> None:
    from digit_scenes import scene

    seen = scene(1, (400, 300), (20, 60), 60)

    assert seen.image.shape == (300, 400, 3)
    assert len(seen.classes) == len(seen.boxes) > 10
    assert (seen.boxes[:, 2:] > seen.boxes[:, :2]).all()
    assert seen.boxes.min() >= 0
    assert (seen.boxes.max(0) <= np.array([400, 300, 400, 300])).all()


def test_tiles_find_nearly_all_small_digits_once_and_the_whole_image_nearly_none(
    network: Network,
) -> None:
    from digit_scenes import scene
    from measure_tiles import measure

    scenes = [scene(0, (1600, 1200), (20, 50), 150)]

    whole, tiled = measure(network, scenes, None, 0), measure(network, scenes, (320, 240), 0.2)

    assert whole.digits == tiled.digits > 90
    assert whole.found < 0.15 * whole.digits
    assert tiled.found >= 0.97 * tiled.digits
    assert tiled.twice <= 0.03 * tiled.digits


def test_digits_larger_than_a_tile_are_found_as_without_tiles(network: Network) -> None:
    from digit_scenes import scene
    from measure_tiles import measure

    scenes = [scene(0, (1000, 700), (150, 220), 60)]

    whole, tiled = measure(network, scenes, None, 0), measure(network, scenes, (320, 240), 0.2)

    assert whole.digits > 3
    assert tiled.found >= whole.found - 1
    assert tiled.twice <= whole.twice


def test_a_line_is_printed_for_each_way(monkeypatch, capsys) -> None:
    import measure_tiles

    words = ["-images", "1", "-width", "400", "-height", "300", "-tile", "320x240"]
    monkeypatch.setattr(sys, "argv", ["measure_tiles.py", *words])
    monkeypatch.setattr(measure_tiles, "TRIES", 10)

    measure_tiles.main()

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "1 images of 400 x 300, tiles of 320x240"
    assert len(lines) == 2 + 3 * 5
    assert lines[2].startswith("small         whole ")
