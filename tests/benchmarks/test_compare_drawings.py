"""The comparison of drawings draws its scenes, and measures what is painted over."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import BENCHMARKS


@pytest.fixture
def drawings(monkeypatch: pytest.MonkeyPatch):
    """Return the script as a module."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    import compare_drawings

    return compare_drawings


@pytest.mark.parametrize(("name", "boxes"), [("street", 14), ("crowd", 90)])
def test_boxes_of_a_scene_are_where_its_things_are(drawings, name, boxes):
    found = getattr(drawings, name)(320, 240).found()

    assert found.xyxy.shape == (boxes, 4)
    assert (found.xyxy >= 0).all()
    assert (found.xyxy <= [320, 240, 320, 240]).all()
    assert (found.xyxy[:, 2:] > found.xyxy[:, :2]).all()


def test_what_is_painted_over_is_a_share_of_small_boxes(drawings):
    scene = np.zeros((200, 200, 3), np.uint8)
    boxes = np.array([(10, 10, 26, 26), (100, 100, 180, 180)], np.float32)  # the last is large
    found = drawings.Found(boxes, np.zeros(2, int), np.ones(2))
    half = scene.copy()
    half[10:18, 10:26] = 255  # of the inner rows, 12 to 23, the first six
    half[100:180] = 255

    assert drawings.painted_over(scene, scene, found) == 0
    assert drawings.painted_over(scene, half, found) == pytest.approx(6 / 12)


def test_ours_paints_over_less_than_a_label_above_each_box_would(drawings):
    scene = drawings.street(768, 576)
    found = scene.found()

    drawn = drawings.painters()["pydarknet"](scene.pixels, found)

    assert drawn.shape == scene.pixels.shape
    assert drawings.painted_over(scene.pixels, drawn, found) < 0.05


def test_panels_are_of_one_size(drawings):
    sizes = {
        drawings.panel(np.zeros((h, w, 3), np.uint8), "x").shape for h, w in ((9, 9), (900, 1200))
    }

    assert len(sizes) == 1
